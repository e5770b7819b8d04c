package io.forebay.store.cache;

import java.util.ArrayList;
import java.util.List;

/**
 * The slabs of the cache that are divided into frames of one size, and the hand of CLOCK, which finds a victim among them. All
 * methods are called under the lock of the cache.
 */
final class SizeClass {
    private final int frameBytes;
    private final List<CacheSlab> slabs = new ArrayList<>();
    private final List<CacheSlab> partial = new ArrayList<>();

    // Guarded by BlockCache
    private int handSlab;
    private int handFrame;
    private int evictions;

    /** @param frameBytes bytes of a frame, or 0 for buffers of any size with one frame each */
    SizeClass(int frameBytes) {
        this.frameBytes = frameBytes;
    }

    int frameBytes() {
        return frameBytes;
    }

    boolean hasSlabs() {
        return !slabs.isEmpty();
    }

    void add(CacheSlab slab) {
        slab.indexInClass = slabs.size();
        slabs.add(slab);
        noteFree(slab);
    }

    void remove(CacheSlab slab) {
        CacheSlab last = slabs.remove(slabs.size() - 1);
        if (last != slab) {
            slabs.set(slab.indexInClass, last);
            last.indexInClass = slab.indexInClass;
        }
        slab.indexInClass = -1;
        dropPartial(slab);
    }

    /** Called after a frame of {@code slab} became free. */
    void noteFree(CacheSlab slab) {
        if (slab.hasFree() && slab.indexInPartial < 0) {
            slab.indexInPartial = partial.size();
            partial.add(slab);
        }
    }

    /** A slab with a free frame, or null. */
    CacheSlab withFree() {
        return partial.isEmpty() ? null : partial.get(partial.size() - 1);
    }

    int takeFrame(CacheSlab slab) {
        int frame = slab.takeFrame();
        if (!slab.hasFree()) {
            dropPartial(slab);
        }
        return frame;
    }

    private void dropPartial(CacheSlab slab) {
        if (slab.indexInPartial >= 0) {
            CacheSlab last = partial.remove(partial.size() - 1);
            if (last != slab) {
                partial.set(slab.indexInPartial, last);
                last.indexInPartial = slab.indexInPartial;
            }
            slab.indexInPartial = -1;
        }
    }

    /** Evictions of single blocks so far; wraps around. */
    int countEviction() {
        return evictions++;
    }

    /**
     * The next block that is not pinned and was not found in the cache since the hand last passed it (CLOCK).
     *
     * @return null when there was none in two turns
     */
    CachedBlock nextVictim() {
        if (slabs.isEmpty()) {
            return null;
        }
        long steps = 2L * slabs.size() * slabs.get(0).frames.length + 1;
        for (long i = 0; i < steps; i++) {
            if (handSlab >= slabs.size()) {
                handSlab = 0;
            }
            CacheSlab slab = slabs.get(handSlab);
            CachedBlock block = slab.frames[handFrame];
            if (++handFrame == slab.frames.length) {
                handFrame = 0;
                handSlab++;
            }
            if (block == null || block.isPinned()) {
                continue;
            }
            long hits = block.hits();
            if (hits == block.hitsAtSweep) {
                return block;
            }
            block.hitsAtSweep = hits;
        }
        return null;
    }
}
