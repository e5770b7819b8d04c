package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.HeldRegion;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of the cache is held by cursors that nobody moves. A pinned block may keep its whole slab, so that counts, once
 * for all of its cursors; and many slabs are in the way of a long buffer, wherever they lie. Thread-safe, without a lock.
 */
final class BlockHolds {
    /** They keep at most this part of all memory from eviction. */
    private static final int SHARE = 8;
    /** Of one slab: a block counts its pins in few bits. */
    private static final int MOST_HOLDS = 1 << 19;
    /** {@link CacheSlab#holds} has the holds above this bit, and in it whether its region counts it. */
    private static final int IN_REGION = 1;

    private static final int ONE_HOLD = 2;

    private final long most;
    /** With so few slabs, those in regions that are not long are not counted there: nobody asks where they are. */
    private final long mostAnywhere;

    private final AtomicLong heldBytes = new AtomicLong();

    BlockHolds(long budget) {
        this.most = budget / SHARE;
        this.mostAnywhere = Math.min(most, HeldRegion.uncounted(budget) * (long) SlabAllocator.SLAB_BYTES);
    }

    /** As {@link CachedBlock#tryHold}. */
    boolean tryHold(CacheSlab slab) {
        while (true) {
            int before = slab.holds.get();
            if (before == 0) {
                int first = tryHoldFirst(slab);
                if (first == 0 || slab.holds.compareAndSet(0, first)) {
                    return first != 0;
                }
                endHoldLast(slab, first);
            } else if (before >= MOST_HOLDS * ONE_HOLD) {
                return false;
            } else if (slab.holds.compareAndSet(before, before + ONE_HOLD)) {
                return true;
            }
        }
    }

    /** @return what its first cursor makes of the holds of the slab, 0 when it is not to be held */
    private int tryHoldFirst(CacheSlab slab) {
        int bytes = slab.slab.capacity();
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

    private void endHoldLast(CacheSlab slab, int last) {
        if ((last & IN_REGION) != 0) {
            slab.region.endHold();
        }
        heldBytes.addAndGet(-slab.slab.capacity());
    }

    /** Ends one {@link #tryHold} that was granted. */
    void endHold(CacheSlab slab) {
        while (true) {
            int before = slab.holds.get();
            boolean last = before < 2 * ONE_HOLD;
            if (slab.holds.compareAndSet(before, last ? 0 : before - ONE_HOLD)) {
                if (last) {
                    endHoldLast(slab, before);
                }
                return;
            }
        }
    }
}
