package io.forebay.store.cache;

import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Slab;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A slab of the cache, cut into frames of one size, or one large buffer with one frame. Under the lock of the cache.
 */
final class CacheSlab {
    final Slab slab;
    final SizeClass sizeClass;
    /** That it lies in; null where regions are not known. */
    final HeldRegion region;
    /** Cursors that hold a block of it, see {@link BlockHolds}; without the lock. */
    final AtomicInteger holds = new AtomicInteger();

    final CachedBlock[] frames;
    /** Where this is in the lists of the cache and of its class, for removal in constant time. */
    int indexInCache = -1;

    int indexInClass = -1;
    int indexInPartial = -1;

    private final int[] free;
    private int freeCount;

    CacheSlab(Slab slab, SizeClass sizeClass, HeldRegion region) {
        this.slab = slab;
        this.region = region;
        this.sizeClass = sizeClass;
        int count = slab.capacity() / frameBytes();
        frames = new CachedBlock[count];
        free = new int[count];
        freeCount = count;
        for (int i = 0; i < count; i++) {
            free[i] = count - 1 - i;
        }
    }

    int frameBytes() {
        return sizeClass.frameBytes() == 0 ? slab.capacity() : sizeClass.frameBytes();
    }

    int offset(int frame) {
        return frame * frameBytes();
    }

    boolean hasFree() {
        return freeCount > 0;
    }

    boolean isEmpty() {
        return freeCount == frames.length;
    }

    int takeFrame() {
        return free[--freeCount];
    }

    void giveFrame(int frame) {
        assert scribble(frame);
        frames[frame] = null;
        free[freeCount++] = frame;
    }

    /** With assertions on, bytes that nobody may read any more are spoiled, so that tests notice who does. */
    private boolean scribble(int frame) {
        int end = offset(frame) + frameBytes();
        int at = offset(frame);
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            slab.putLong(at, 0xDBDBDBDBDBDBDBDBL);
        }
        return true;
    }

    boolean isPinned() {
        for (CachedBlock block : frames) {
            if (block != null && block.isPinned()) {
                return true;
            }
        }
        return false;
    }

    /** Blocks that were found since eviction last passed by, which this call is. */
    int sweepRecentlyUsed() {
        int recent = 0;
        for (CachedBlock block : frames) {
            if (block != null) {
                long hits = block.hits();
                if (hits != block.hitsAtSweep) {
                    block.hitsAtSweep = hits;
                    recent++;
                }
            }
        }
        return recent;
    }

    /** Bytes of frames whose blocks were found since eviction last passed by. */
    int recentlyUsedBytes() {
        int bytes = 0;
        for (CachedBlock block : frames) {
            bytes += block != null && block.hits() != block.hitsAtSweep ? frameBytes() : 0;
        }
        return bytes;
    }
}
