package io.forebay.store.cache;

import io.forebay.store.util.DirectSlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** All slabs of the cache, and the choice of the slab to evict. All methods are called under the lock of the cache. */
final class CacheSlabs {
    /** At most so many slabs are examined to find an idle one. */
    private static final int STEAL_WALK = 32;
    /** So many slabs are compared when one must be evicted as a whole. */
    private static final int SAMPLE = 8;

    private static final int PAGE_SHIFT = 12;

    private final ArrayList<CacheSlab> slabs = new ArrayList<>();
    private final Map<ByteBuffer, CacheSlab> byBuffer = new IdentityHashMap<>();

    // Guarded by BlockCache
    private int hand;

    boolean isEmpty() {
        return slabs.isEmpty();
    }

    List<CacheSlab> copy() {
        return List.copyOf(slabs);
    }

    int size() {
        return slabs.size();
    }

    /** After this call the next {@link #add} allocates nothing in the list. */
    void reserveRoom() {
        slabs.ensureCapacity(slabs.size() + 1);
    }

    void add(CacheSlab slab) {
        byBuffer.put(slab.slab.buffer(), slab);
        slab.indexInCache = slabs.size();
        slabs.add(slab);
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
     * Of the next slabs in the order of the hand, the one with the fewest recently used blocks.
     *
     * @param except no slab of this class; null for any class
     * @param onlyIdle true for a slab without recently used blocks only
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

    /**
     * Slabs with few recently used blocks whose eviction makes room for one buffer of that length; empty when there are none.
     */
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
