package io.forebay.store.cache;

import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A pinned block of a file: its bytes are {@code slab()[offset(), offset() + length())} and stay until {@link
 * #release()}. Every {@link BlockCache#acquire} is matched by one release; nothing of the block may be touched after it.
 *
 * <p>One long holds the number of pins (low 20 bits), above them how often the block was found in the cache, in the
 * sign whether it was evicted, and in the bit below whether the cache was closed while it was pinned. So a hit is one atomic
 * addition, which counts it as well. An evicted block stays evicted; a new object takes its place, and additions to the old one mean nothing.
 */
public final class CachedBlock {
    private static final VarHandle STATE;
    private static final int HITS_SHIFT = 20;
    private static final long ONE_PIN = 1;
    private static final long PINS = (1L << HITS_SHIFT) - 1;
    private static final long HIT_AND_PIN = (1L << HITS_SHIFT) + ONE_PIN;
    private static final long EVICTED = Long.MIN_VALUE;
    private static final long LEFT_OVER = 1L << 62;
    private static final long HITS = LEFT_OVER - 1;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(CachedBlock.class, "state", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Where the frame of the block is; null for a block outside the pool. */
    final CacheSlab home;

    final int frame;
    final BlockSlots slots;
    final int ordinal;
    /** {@link #hits()} when eviction last passed by. Guarded by the lock of the cache. */
    long hitsAtSweep;

    private final Slab slab;
    private final int offset;
    private final int length;

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

    /** Lets go of the bytes. */
    public void release() {
        long before = (long) STATE.getAndAdd(this, -ONE_PIN);
        if ((before & PINS) == 0) {
            throw new IllegalStateException("Block " + ordinal + " was released more often than acquired");
        }
        if ((before & (LEFT_OVER | PINS)) == (LEFT_OVER | ONE_PIN)) {
            slots.cache().giveLeftOver(this);
        }
    }

    /** The cache is closed, and somebody had the block pinned: whoever unpins it last gives the memory back. */
    void leaveOver() {
        STATE.getAndBitwiseOr(this, LEFT_OVER);
    }

    /**
     * Allows whoever has the block pinned to keep it for as long as he likes, until {@link #endHold}.
     *
     * @return false when too much memory is held so already, or in too many places: copy what you need, and release the
     *     block
     */
    public boolean tryHold() {
        return home == null || slots.cache().holds().tryHold(home);
    }

    /** Ends one {@link #tryHold} that was granted; the block is still pinned. */
    public void endHold() {
        if (home != null) {
            slots.cache().holds().endHold(home);
        }
    }

    /** Pins the block and counts a hit, unless it was evicted. */
    boolean tryPin() {
        return (long) STATE.getAndAdd(this, HIT_AND_PIN) >= 0;
    }

    /**
     * Marks the block as gone, unless somebody has it pinned.
     *
     * @return how often it had been found in the cache, or -1 when it stays
     */
    long tryEvict() {
        long current = state;
        boolean evicted = (current & PINS) == 0 && STATE.compareAndSet(this, current, current | EVICTED);
        return evicted ? (current & HITS) >>> HITS_SHIFT : -1;
    }

    boolean isPinned() {
        return (state & PINS) != 0;
    }

    /** How often the block was found in the cache; it must not be evicted. */
    long hits() {
        return (state & HITS) >>> HITS_SHIFT;
    }
}
