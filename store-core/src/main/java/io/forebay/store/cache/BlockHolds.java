package io.forebay.store.cache;

import io.forebay.store.Environment;
import io.forebay.store.util.HeldRegion;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of the cache is held by cursors that nobody moves. A pin of a block may keep its whole slab, so that counts; and
 * many are in the way of a long buffer, wherever they lie. Thread-safe, without a lock.
 */
final class BlockHolds {
    /** They keep at most this part of all memory from eviction. */
    private static final int SHARE = 8;

    private final long most;
    /** With so few, those in regions that are not long are not counted: nobody asks where they are. */
    private final long mostAnywhere;

    private final AtomicLong heldBytes = new AtomicLong();

    BlockHolds(long budget) {
        this.most = budget / SHARE;
        this.mostAnywhere = Math.min(most, HeldRegion.uncounted(budget) * (long) Environment.SLAB_BYTES);
    }

    /** As {@link CachedBlock#tryHold}. */
    int tryHold(CacheSlab home, int length) {
        long bytes = Math.max(length, Environment.SLAB_BYTES);
        long held = heldBytes.addAndGet(bytes);
        if (held <= most) {
            HeldRegion region = home.holders;
            if (region == null || held <= mostAnywhere && !region.isLong()) {
                return CachedBlock.HELD;
            }
            if (region.tryHold()) {
                return CachedBlock.HELD_IN_REGION;
            }
        }
        heldBytes.addAndGet(-bytes);
        return CachedBlock.NOT_HELD;
    }

    /** @param hold as {@link #tryHold} returned it, but not {@link CachedBlock#NOT_HELD} */
    void endHold(CacheSlab home, int length, int hold) {
        if (hold == CachedBlock.HELD_IN_REGION) {
            home.holders.endHold();
        }
        heldBytes.addAndGet(-Math.max(length, Environment.SLAB_BYTES));
    }
}
