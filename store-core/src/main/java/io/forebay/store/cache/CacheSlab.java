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
    /** The region in which the slab lies; null when the allocator has no regions. */
    final HeldRegion region;
    /** How many holds there are of blocks in this slab, in the form of {@link BlockHolds}. Without the lock of the cache. */
    final AtomicInteger holds = new AtomicInteger();

    final CachedBlock[] frames;
    private final int[] free;

    // Guarded by BlockCache
    private int freeCount;
    /** The index of this slab in the list of the cache, for removal in constant time; -1 when it is not there. */
    int indexInCache = -1;
    /** The same in the list of its class. */
    int indexInClass = -1;
    /** The same in the list of those slabs of its class that have free frames. */
    int indexInPartial = -1;

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

    /** Overwrites a free frame, with assertions on only, so that tests notice a read after the release. */
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

    /** The number of blocks that were found since the last sweep; this call is a sweep. */
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

    /** Bytes of the frames whose blocks were found since the last sweep. */
    int recentlyUsedBytes() {
        int bytes = 0;
        for (CachedBlock block : frames) {
            bytes += block != null && block.hits() != block.hitsAtSweep ? frameBytes() : 0;
        }
        return bytes;
    }
}
