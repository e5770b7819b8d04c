package io.forebay.store.cache;

import io.forebay.store.util.DirectSlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** All slabs of the cache, and which of them should go. All under the lock of the cache. */
final class CacheSlabs {
    /** So many slabs are looked at for an idle one. */
    private static final int STEAL_WALK = 32;
    /** Slabs that are compared when one has to go as a whole. */
    private static final int SAMPLE = 8;

    private static final int PAGE_SHIFT = 12;

    private final List<CacheSlab> slabs = new ArrayList<>();
    private final Map<ByteBuffer, CacheSlab> byBuffer = new IdentityHashMap<>();
    private int hand;

    boolean isEmpty() {
        return slabs.isEmpty();
    }

    List<CacheSlab> copy() {
        return List.copyOf(slabs);
    }

    void add(CacheSlab slab) {
        slab.indexInCache = slabs.size();
        slabs.add(slab);
        byBuffer.put(slab.slab.buffer(), slab);
    }

    void remove(CacheSlab slab) {
        byBuffer.remove(slab.slab.buffer());
        CacheSlab last = slabs.remove(slabs.size() - 1);
        if (last != slab) {
            slabs.set(slab.indexInCache, last);
            last.indexInCache = slab.indexInCache;
        }
    }

    /**
     * Of the slabs that the hand comes to next, the one with the fewest recently used blocks.
     *
     * @param except no slab of this class, null for any
     * @param onlyIdle only one without recently used blocks
     * @return null when there is none
     */
    CacheSlab victim(SizeClass except, boolean onlyIdle) {
        int candidates = 0;
        CacheSlab best = null;
        int fewest = Integer.MAX_VALUE;
        int turn = onlyIdle ? Math.min(STEAL_WALK, slabs.size()) : slabs.size();
        for (int i = 0; i < turn && candidates < SAMPLE && fewest > 0; i++) {
            if (hand >= slabs.size()) {
                hand = 0;
            }
            CacheSlab slab = slabs.get(hand++);
            if (slab.sizeClass == except || slab.isPinned()) {
                continue;
            }
            candidates++;
            int recent = slab.sweepRecentlyUsed();
            if (recent < fewest) {
                fewest = recent;
                best = slab;
            }
        }
        return fewest == 0 || !onlyIdle ? best : null;
    }

    /** Slabs whose eviction makes room for one buffer of that length, with few recently used blocks; empty when there are none. */
    List<CacheSlab> inTheWay(DirectSlabAllocator memory, int bytes) {
        List<CacheSlab> found = new ArrayList<>();
        for (ByteBuffer buffer : memory.inTheWay(bytes, this::cost)) {
            found.add(byBuffer.get(buffer));
        }
        return found;
    }

    private int cost(ByteBuffer buffer) {
        CacheSlab slab = byBuffer.get(buffer);
        return slab == null || slab.isPinned() ? -1 : 1 + (slab.recentlyUsedBytes() >>> PAGE_SHIFT);
    }
}
