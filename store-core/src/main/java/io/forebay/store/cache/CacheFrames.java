package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Slab;
import java.util.ArrayList;
import java.util.List;

/**
 * The frames of a {@link BlockCache}: finds a frame for a new block, evicts blocks where there is none, and gives slabs back to
 * the pool. All methods are called under the lock of the cache.
 *
 * <p>Frames come in sizes of powers of two from 512 bytes to a slab; a slab is cut into frames of one size. Within a size,
 * CLOCK finds the victim of an eviction. Slabs move to the size that needs them: an empty slab at once, a slab without a
 * recently used block now and then, and any slab when a size has none. A block larger than a slab gets a buffer of its own;
 * where the allocator knows which slabs are neighbours, neighbours are evicted together to make room for it.
 *
 * <p>It reads no blocks, and shows none to readers: the cache does.
 */
final class CacheFrames {
    private static final int SMALLEST_SHIFT = 9;
    private static final int SLAB_SHIFT = Integer.numberOfTrailingZeros(SlabAllocator.SLAB_BYTES);
    /** After so many evictions of one size, the next one looks for an idle slab of another size. */
    private static final int EVICTIONS_BETWEEN_STEALS = 64;
    /** How often an eviction may fail because a thread pins a block meanwhile. */
    private static final int FAILURES = 8;

    private final SlabPool pool;
    private final long largestCached;
    private final SizeClass[] classes = new SizeClass[SLAB_SHIFT - SMALLEST_SHIFT + 1];
    private final SizeClass large = new SizeClass(0);
    private final FrameMemory memory = new FrameMemory();
    private final CacheSlabs slabs = new CacheSlabs();
    /** Slabs without a frame that is used. */
    private final List<Slab> empty = new ArrayList<>();

    // Guarded by BlockCache
    private long cachedBytes;
    private boolean closed;

    CacheFrames(SlabPool pool) {
        this.pool = pool;
        this.largestCached = pool.budget() / 8;
        for (int i = 0; i < classes.length; i++) {
            classes[i] = new SizeClass(1 << (SMALLEST_SHIFT + i));
        }
    }

    /** The handle of a new block, which is pinned and in no element yet; 0 when there is no frame for it. */
    long tryAllocate(int length) {
        if (closed) {
            return 0;
        }
        CacheSlab home = length > SlabAllocator.SLAB_BYTES ? takeLarge(length) : takeSmall(classOf(length));
        if (home == null) {
            return 0;
        }
        cachedBytes += length;
        return home.sizeClass.takeFrame(home, length);
    }

    /**
     * As {@link #tryAllocate}, for a block of a slab or less that nobody has asked for yet. It takes a free frame, or memory of
     * the pool if memtables will not need it soon.
     *
     * @param used whether it may also take the frame of a block that was not used recently
     */
    long tryAllocateSpare(int length, boolean used) {
        if (closed || length > SlabAllocator.SLAB_BYTES) {
            return 0;
        }
        SizeClass sizeClass = classOf(length);
        CacheSlab home = findSpare(sizeClass);
        if (home == null && used) {
            CacheSlab idle = sizeClass.nextIdle();
            home = idle != null && evict(idle, sizeClass.victimFrame()) ? findSpare(sizeClass) : null;
        }
        if (home == null) {
            return 0;
        }
        cachedBytes += length;
        return sizeClass.takeFrame(home, length);
    }

    /**
     * Puts a block that {@link #tryAllocate} or {@link #tryAllocateSpare} made into its element.
     *
     * @param word what the element shows
     * @return false when it stays in no element
     */
    boolean install(BlockSlots slots, int ordinal, long word) {
        CacheSlab home = memory.home(word);
        int frame = home.frame(word);
        boolean installed = !closed && slots.install(ordinal, word);
        if (installed) {
            home.movedIn(frame, slots, ordinal);
        }
        return installed;
    }

    private SizeClass classOf(int length) {
        int shift = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(1, length) - 1);
        return classes[Math.max(0, shift - SMALLEST_SHIFT)];
    }

    /** A slab of the class that has a free frame, or null. */
    private CacheSlab takeSmall(SizeClass sizeClass) {
        CacheSlab home = findFree(sizeClass);
        if (home != null) {
            return home;
        }
        boolean steal = sizeClass.hasSlabs()
                && sizeClass.countEviction() % EVICTIONS_BETWEEN_STEALS == EVICTIONS_BETWEEN_STEALS - 1;
        if (!(steal && evictSlab(sizeClass, true)) && !evictOne(sizeClass)) {
            evictSlab(sizeClass, false);
        }
        return findFree(sizeClass);
    }

    /** A slab of the class with a free frame. An empty slab, or a slab from the pool, may be added to the class for it. */
    private CacheSlab findFree(SizeClass sizeClass) {
        CacheSlab home = sizeClass.withFree();
        if (home != null) {
            return home;
        }
        Slab slab = empty.isEmpty() ? pool.tryTake(Use.CACHE) : empty.remove(empty.size() - 1);
        return slab == null ? null : add(slab, sizeClass);
    }

    private CacheSlab findSpare(SizeClass sizeClass) {
        boolean room = sizeClass.withFree() != null || !empty.isEmpty() || pool.hasRoomBesideMemtables();
        return room ? findFree(sizeClass) : null;
    }

    private CacheSlab takeLarge(int length) {
        if (length > largestCached) {
            return null;
        }
        int bytes = SlabPool.wholePages(length);
        Slab slab = pool.tryTakeLarge(Use.CACHE, bytes);
        if (slab == null && pool.used() + bytes > pool.budget()) {
            reclaim(bytes);
            slab = pool.tryTakeLarge(Use.CACHE, bytes);
        }
        if (slab == null) {
            // The budget has room, but not in one piece, or the host refuses memory.
            reclaimStretch(bytes);
            slab = pool.tryTakeLarge(Use.CACHE, bytes);
        }
        return slab == null ? null : add(slab, large);
    }

    private CacheSlab add(Slab slab, SizeClass sizeClass) {
        CacheSlab added = new CacheSlab(slab, sizeClass, pool.holders(slab));
        if (!memory.add(added, pool.place(slab))) {
            pool.give(Use.CACHE, slab);
            return null;
        }
        slabs.add(added);
        sizeClass.add(added);
        return added;
    }

    private boolean evictOne(SizeClass sizeClass) {
        // A thread may pin the victim between the search and the eviction.
        for (CacheSlab victim; (victim = sizeClass.nextVictim()) != null; ) {
            if (evict(victim, sizeClass.victimFrame())) {
                return true;
            }
        }
        return false;
    }

    /** @return false when the block is pinned, or in no element */
    private boolean evict(CacheSlab home, int frame) {
        long evicted = home.tryEvict(frame);
        if (evicted != 0) {
            free(home, frame, evicted);
        }
        return evicted != 0;
    }

    /** Evicts a block, or moves it out of its element if it is pinned. No block is installed in that element any more. */
    void evictOrMoveOut(long block) {
        CacheSlab home = memory.home(block);
        evictOrMoveOut(home, home.frame(block));
    }

    private void evictOrMoveOut(CacheSlab home, int frame) {
        if (!evict(home, frame)) {
            long word = home.moveOut(frame);
            if (BlockWord.pins(word) == 0) {
                free(home, frame, word); // its last pin ended just before
            }
        }
    }

    /** Ends a pin of a block that is in no element. The last one frees the frame. */
    void unpinOutside(long block) {
        CacheSlab home = memory.home(block);
        if (home == null) {
            throw CacheSlab.unpinnedTooOften();
        }
        int frame = home.frame(block);
        if (home.endPin(frame)) {
            free(home, frame, block);
        }
    }

    /** Frees the frame of a block that no other thread can reach. */
    private void free(CacheSlab home, int frame, long word) {
        cachedBytes -= memory.length(word);
        home.giveFrame(frame);
        if (!home.isEmpty()) {
            home.sizeClass.noteFree(home);
            return;
        }
        home.sizeClass.remove(home);
        slabs.remove(home);
        memory.remove(home);
        if (closed || home.sizeClass == large) {
            pool.give(Use.CACHE, home.slab);
        } else {
            empty.add(home.slab);
        }
    }

    /** Evicts all blocks of one slab, which {@link CacheSlabs#victim} chooses. */
    private boolean evictSlab(SizeClass except, boolean onlyIdle) {
        CacheSlab victim = slabs.victim(except, onlyIdle);
        return victim != null && evictAllOf(victim);
    }

    /** @return false when a block was pinned meanwhile, so that the slab stays in use */
    private boolean evictAllOf(CacheSlab slab) {
        for (int frame = 0; frame < slab.frames(); frame++) {
            if (slab.isPinned(frame) || slab.isInElement(frame) && !evict(slab, frame)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Evicts blocks until so much memory was given back to the pool, or nothing can be evicted.
     *
     * @return bytes that were given back
     */
    long reclaim(long bytes) {
        long before = pool.used(Use.CACHE);
        long freed = giveEmpty(bytes);
        // Each failure is a pin by another thread, or a turn without candidates.
        int failures = 0;
        while (freed < bytes && failures < FAILURES && !slabs.isEmpty()) {
            long largeBefore = pool.used(Use.CACHE);
            if (!evictSlab(null, false)) {
                failures++;
            }
            freed += largeBefore - pool.used(Use.CACHE);
            freed += giveEmpty(bytes - freed);
        }
        assert freed <= before;
        return freed;
    }

    /** Evicts neighbouring buffers, so that one buffer fits in their place; where that is not possible, as {@link #reclaim}. */
    long reclaimStretch(long bytes) {
        long freed = giveEmpty(Long.MAX_VALUE);
        for (int failures = 0; failures < FAILURES; failures++) {
            List<CacheSlab> obstacles = pool.obstacles(slabs, (int) bytes);
            if (obstacles.isEmpty()) {
                return freed < bytes ? freed + reclaim(bytes - freed) : freed;
            }
            long before = pool.used(Use.CACHE);
            boolean evicted = true;
            for (CacheSlab slab : obstacles) {
                evicted &= evictAllOf(slab);
            }
            giveEmpty(Long.MAX_VALUE);
            freed += before - pool.used(Use.CACHE);
            if (evicted) {
                return freed;
            }
        }
        return freed;
    }

    private long giveEmpty(long bytes) {
        long freed = 0;
        while (freed < bytes && !empty.isEmpty()) {
            Slab slab = empty.remove(empty.size() - 1);
            freed += slab.capacity();
            pool.give(Use.CACHE, slab);
        }
        return freed;
    }

    FrameMemory memory() {
        return memory;
    }

    /** Bytes of the blocks that have frames. */
    long cachedBytes() {
        return cachedBytes;
    }

    /** The number of blocks that are pinned. Walks over all of them. */
    int pinnedBlocks() {
        int pinned = 0;
        for (CacheSlab slab : slabs.copy()) {
            for (int frame = 0; frame < slab.frames(); frame++) {
                pinned += slab.isPinned(frame) ? 1 : 0;
            }
        }
        return pinned;
    }

    /**
     * Evicts all blocks and gives all memory back to the pool; that of a pinned block with its last release.
     *
     * @return the number of blocks that are pinned
     */
    int close() {
        closed = true;
        int pinned = 0;
        for (CacheSlab slab : slabs.copy()) {
            for (int frame = 0; frame < slab.frames(); frame++) {
                if (slab.isInElement(frame)) {
                    evictOrMoveOut(slab, frame);
                }
                pinned += slab.isPinned(frame) ? 1 : 0;
            }
        }
        giveEmpty(Long.MAX_VALUE);
        return pinned;
    }
}
