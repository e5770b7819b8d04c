package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.HeldRegion;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits how much of the cache cursors hold. A cursor keeps its block pinned between two moves, which may be forever, and
 * what is pinned cannot be evicted.
 *
 * <pre>
 *   hold, endHold ---&gt; CacheSlab.holds            how many holds the slab has, and whether its region counts it
 *                            | first hold, last end
 *                            v
 *                      heldBytes                  of all slabs with holds: at most an eighth of the budget
 *                            | unless few are held so far, and the region is not long
 *                            v
 *                      HeldRegion                 of all regions with such slabs: at most three eighths
 * </pre>
 *
 * <p>A held block may keep its whole slab in memory, so the slab counts with all its bytes, once for all holds in it.
 * Slabs with holds are also in the way of a buffer that is longer than a slab, however few they are: therefore their
 * regions are limited as well.
 *
 * <p>A block longer than a slab for which the cache had no room lies on the heap for as long as it is pinned. Such blocks have a
 * limit of their own, because nothing else bounds them. Shorter ones are held without a limit, since a cursor that were refused
 * would copy them to the heap.
 *
 * <p>This class does not pin blocks: that is part of {@link BlockSlots#pin}. A refusal is not a failure, because the
 * cursor can copy its block to the heap, or pin it again. Thread-safe, without a lock.
 */
final class BlockHolds {
    /** The slabs with holds have at most the budget divided by this. */
    private static final int SHARE = 8;
    /** The most holds of one slab: half of the pins that a block takes, so that holds never use them up. */
    private static final int MOST_HOLDS = (int) BlockWord.CROWDED / 2;
    /** The lowest bit of {@link CacheSlab#holds()}: the region counts this slab. The number of holds is above it. */
    private static final int IN_REGION = 1;

    private static final int ONE_HOLD = 2;

    /** The limit of {@link #heldBytes}. */
    private final long most;
    /**
     * Up to so many bytes are held without being counted in their regions, see {@link HeldRegion#uncounted}. Long regions
     * count every slab: a few of them may be most of the memory.
     */
    private final long mostAnywhere;
    /** Bytes of all slabs with holds; for a moment also of a slab whose first hold is being added, or was refused. */
    private final AtomicLong heldBytes = new AtomicLong();
    /** Bytes of the long blocks on the heap that are held; for a moment also of one that is refused. */
    private final AtomicLong heldOnHeap = new AtomicLong();

    BlockHolds(long budget) {
        this.most = budget / SHARE;
        this.mostAnywhere = Math.min(most, HeldRegion.uncounted(budget) * (long) SlabAllocator.SLAB_BYTES);
    }

    /** As {@link BlockSlots#tryHold}. */
    boolean tryHold(CacheSlab slab) {
        while (true) {
            int before = slab.holds();
            if (before == 0) {
                int first = tryHoldFirst(slab);
                if (first == 0 || slab.changeHolds(0, first)) {
                    return first != 0;
                }
                endHoldLast(slab, first);
            } else if (before >= MOST_HOLDS * ONE_HOLD) {
                return false;
            } else if (slab.changeHolds(before, before + ONE_HOLD)) {
                return true;
            }
        }
    }

    /**
     * Counts the slab for its first hold.
     *
     * @return the first value of {@link CacheSlab#holds()}; 0, with nothing counted, when the hold is refused
     */
    private int tryHoldFirst(CacheSlab slab) {
        int bytes = slab.bytes;
        long held = heldBytes.addAndGet(bytes);
        if (held <= most) {
            HeldRegion region = slab.region;
            if (region == null || held <= mostAnywhere && !region.isLong()) {
                return ONE_HOLD;
            }
            if (region.tryHold()) {
                return ONE_HOLD | IN_REGION;
            }
        }
        heldBytes.addAndGet(-bytes);
        return 0;
    }

    /** Undoes {@link #tryHoldFirst}. @param last a value of {@link CacheSlab#holds()} before it became 0 */
    private void endHoldLast(CacheSlab slab, int last) {
        if ((last & IN_REGION) != 0) {
            slab.region.endHold();
        }
        heldBytes.addAndGet(-slab.bytes);
    }

    /** Holds a long block on the heap: a single one of any length, or several of at most {@link #most} bytes together. */
    boolean tryHoldOnHeap(int bytes) {
        long held = heldOnHeap.addAndGet(bytes);
        if (held <= most || held == bytes) {
            return true;
        }
        heldOnHeap.addAndGet(-bytes);
        return false;
    }

    /** Ends one {@link #tryHoldOnHeap} that was granted. */
    void endHoldOnHeap(int bytes) {
        heldOnHeap.addAndGet(-bytes);
    }

    /** Ends one {@link #tryHold} that was granted. */
    void endHold(CacheSlab slab) {
        while (true) {
            int before = slab.holds();
            boolean last = before < 2 * ONE_HOLD;
            if (slab.changeHolds(before, last ? 0 : before - ONE_HOLD)) {
                if (last) {
                    endHoldLast(slab, before);
                }
                return;
            }
        }
    }
}
