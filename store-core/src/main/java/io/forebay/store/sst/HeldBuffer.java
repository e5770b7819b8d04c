package io.forebay.store.sst;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;

/**
 * A buffer of whole pages that a cursor may keep for any time. So it is a hold in its region ({@link HeldRegion}): many such
 * buffers must not leave a long value without room in one piece. When the region refuses the hold, the buffer is on the heap,
 * and the pool only counts its bytes. Used by one thread.
 */
final class HeldBuffer {
    final Slab slab;
    private final SlabPool pool;
    private final SlabPool.Use use;
    /** The region in which the slab counts as held; null for none. */
    private final HeldRegion region;
    /** True when the slab is on the heap, and its bytes are only reserved in the pool. */
    private final boolean onHeap;

    private HeldBuffer(SlabPool pool, SlabPool.Use use, Slab slab, HeldRegion region, boolean onHeap) {
        this.pool = pool;
        this.use = use;
        this.slab = slab;
        this.region = region;
        this.onHeap = onHeap;
    }

    /** Takes a buffer of {@code bytes}. @return null when there is no memory */
    static HeldBuffer tryTake(SlabPool pool, SlabPool.Use use, int bytes) {
        Slab taken = pool.tryTakeOptional(use, bytes);
        HeldRegion region = taken == null ? null : pool.holders(taken);
        if (region != null && !region.tryHold()) {
            pool.give(use, taken);
            return tryTakeHeap(pool, use, bytes);
        }
        return taken == null ? null : new HeldBuffer(pool, use, taken, region, false);
    }

    private static HeldBuffer tryTakeHeap(SlabPool pool, SlabPool.Use use, int bytes) {
        Slab heap = new Slab(ByteBuffer.allocate(bytes));
        return pool.tryReserve(use, bytes) ? new HeldBuffer(pool, use, heap, null, true) : null;
    }

    /** Gives the memory back; once. No thread may touch the slab after this call. */
    void giveBack() {
        if (onHeap) {
            pool.unreserve(use, slab.capacity());
        } else {
            pool.give(use, slab);
        }
        if (region != null) {
            region.endHold();
        }
    }
}
