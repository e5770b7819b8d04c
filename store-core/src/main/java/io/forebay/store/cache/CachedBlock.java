package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A pinned block of a file: its bytes are {@code slab()[offset(), offset() + length())} and stay until {@link #release()}.
 * Every {@link BlockCache#acquire} is matched by one release, after which the caller must not touch the block. Thread-safe.
 *
 * <pre>
 * state (one long)
 *  bit  63      evicted
 *  bit  62      the cache was closed while the block was pinned
 *  bits 20-61   how often the block was found in the cache
 *  bits  0-19   number of pins
 * </pre>
 *
 * So a hit is one atomic addition, which pins the block and counts the hit. An evicted block stays evicted: a new object takes
 * its place, and additions to the state of the old one have no effect.
 */
public final class CachedBlock {
    private static final VarHandle STATE;
    private static final int HITS_SHIFT = 20;
    private static final long ONE_PIN = 1;
    private static final long PINS = (1L << HITS_SHIFT) - 1;
    private static final long HIT_AND_PIN = (1L << HITS_SHIFT) + ONE_PIN;
    private static final long EVICTED = Long.MIN_VALUE;
    private static final long FREE_ON_RELEASE = 1L << 62;
    private static final long HITS = FREE_ON_RELEASE - 1;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(CachedBlock.class, "state", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The slab with the frame of the block; null for a block outside of the pool. */
    final CacheSlab home;

    final int frame;
    final BlockSlots slots;
    final int ordinal;
    /** {@link #hits()} at the last sweep. */
    // Guarded by BlockCache
    long hitsAtSweep;

    private final Slab slab;
    private final int offset;
    private final int length;

    // Atomic operations only
    private volatile long state = ONE_PIN;

    CachedBlock(Slab slab, int offset, int length, CacheSlab home, int frame, BlockSlots slots, int ordinal) {
        this.slab = slab;
        this.offset = offset;
        this.length = length;
        this.home = home;
        this.frame = frame;
        this.slots = slots;
        this.ordinal = ordinal;
    }

    public Slab slab() {
        return slab;
    }

    public int offset() {
        return offset;
    }

    public int length() {
        return length;
    }

    /** Ends the pin of the caller. */
    public void release() {
        long before = (long) STATE.getAndAdd(this, -ONE_PIN);
        if ((before & PINS) == 0) {
            throw new IllegalStateException("Block " + ordinal + " was released more often than acquired");
        }
        if ((before & (FREE_ON_RELEASE | PINS)) == (FREE_ON_RELEASE | ONE_PIN)) {
            slots.cache().freeReleased(this);
        }
    }

    /** Called when the cache is closed while the block is pinned: the last release gives the memory back. */
    void freeOnRelease() {
        STATE.getAndBitwiseOr(this, FREE_ON_RELEASE);
    }

    /**
     * Holds the block: the caller may keep its pin for any time, until {@link #endHold}.
     *
     * @return false when too much memory is held so already, or in too many places: copy what is short, release the block, and
     *     acquire it again for what is long
     */
    public boolean tryHold() {
        return home == null ? !isLong() || holds().tryHoldOnHeap(length) : holds().tryHold(home);
    }

    /** Ends one {@link #tryHold} that was granted; the block is still pinned. */
    public void endHold() {
        if (home != null) {
            holds().endHold(home);
        } else if (isLong()) {
            holds().endHoldOnHeap(length);
        }
    }

    private BlockHolds holds() {
        return slots.cache().holds();
    }

    private boolean isLong() {
        return length > SlabAllocator.SLAB_BYTES;
    }

    /** Pins the block and counts a hit, unless it was evicted. */
    boolean tryPin() {
        return (long) STATE.getAndAdd(this, HIT_AND_PIN) >= 0;
    }

    /**
     * Marks the block as evicted, unless it is pinned.
     *
     * @return how often the block was found in the cache, or -1 when it is pinned and stays
     */
    long tryEvict() {
        long current = state;
        boolean evicted = (current & PINS) == 0 && STATE.compareAndSet(this, current, current | EVICTED);
        return evicted ? (current & HITS) >>> HITS_SHIFT : -1;
    }

    boolean isPinned() {
        return (state & PINS) != 0;
    }

    /** How often the block was found in the cache. The block must not be evicted. */
    long hits() {
        return (state & HITS) >>> HITS_SHIFT;
    }
}
