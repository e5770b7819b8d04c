package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Caches blocks of files in memory of a {@link SlabPool}, for all stores of an environment. It does not decode blocks: a
 * {@link BlockSource} reads and verifies them. Thread-safe.
 *
 * <pre>
 *  BlockSlots of a file: [ordinal] --&gt; CachedBlock --&gt; frame in a CacheSlab     one size class: 512 B, 1 KiB, ... 64 KiB
 *                        pins, hits       |            | frame | frame | ... |
 *                                         +----------&gt; | block |  free | ... |    64 KiB from the SlabPool
 * </pre>
 *
 * <p>A hit loads a reference from the array of the file and pins the block with one atomic addition: no lock, no hash, no
 * allocation. A miss takes a frame under the lock, reads the block without the lock, and then installs it under the lock. When
 * two threads read the same block at the same time, the frame of the second one is freed.
 *
 * <p>Frames come in sizes of powers of two from 512 bytes to a slab; a slab is cut into frames of one size. Within a size,
 * CLOCK finds the victim of an eviction. A new block counts as unused until it is found again, so that a scan does not evict
 * blocks that are used often. Slabs move to the size that needs them: an empty slab at once, a slab without a recently used
 * block now and then, and any slab when a size has none. A block larger than a slab gets a buffer of its own; where the
 * allocator knows which slabs are neighbours, neighbours are evicted together to make room for it.
 *
 * <p>When nothing can be evicted, a block is read to a buffer on the heap, outside of the pool, which lives as long as it is
 * pinned ({@link #transientBlocks()}).
 */
public final class BlockCache implements AutoCloseable {
    private static final int SMALLEST_SHIFT = 9;
    private static final int SLAB_SHIFT = Integer.numberOfTrailingZeros(SlabAllocator.SLAB_BYTES);
    /** After so many evictions of one size, the next one looks for an idle slab of another size. */
    private static final int EVICTIONS_BETWEEN_STEALS = 64;
    /** With less free memory than this, the cache counts as full. */
    private static final long ROOM_BYTES = 1 << 20;
    /** How often an eviction may fail because a thread pins a block meanwhile. */
    private static final int FAILURES = 8;

    private final SlabPool pool;
    private final long largestCached;
    private final BlockHolds holds;
    private final SizeClass[] classes = new SizeClass[SLAB_SHIFT - SMALLEST_SHIFT + 1];
    private final SizeClass large = new SizeClass(0);
    private final CacheSlabs slabs = new CacheSlabs();
    private final List<Slab> empty = new ArrayList<>();

    // Guarded by this
    private long cachedBytes;
    private long transientBlocks;
    private boolean closed;

    public BlockCache(SlabPool pool) {
        this.pool = pool;
        this.largestCached = pool.budget() / 8;
        this.holds = new BlockHolds(pool.budget());
        for (int i = 0; i < classes.length; i++) {
            classes[i] = new SizeClass(1 << (SMALLEST_SHIFT + i));
        }
        pool.cacheReclaimer(this::reclaim, this::reclaimStretch);
    }

    /** Makes the slots of a file that is being opened. */
    public BlockSlots slots(int blocks) {
        return new BlockSlots(this, blocks);
    }

    /** Makes the slots of a file whose blocks do not enter the cache: each acquire reads a block to the heap. */
    public BlockSlots closedSlots() {
        BlockSlots slots = new BlockSlots(this, 0);
        slots.close();
        return slots;
    }

    /**
     * Returns the block, pinned; the caller releases it. Allocates nothing when the block is cached.
     *
     * @param source reads the block when it is not cached
     */
    public CachedBlock acquire(BlockSlots slots, int ordinal, BlockSource source) throws IOException {
        CachedBlock block = slots.get(ordinal);
        if (block != null && block.tryPin()) {
            return block;
        }
        return load(slots, ordinal, source);
    }

    BlockHolds holds() {
        return holds;
    }

    /** True when the pool has free memory, so that new blocks need not evict others. */
    public boolean hasRoom() {
        return pool.used() + ROOM_BYTES <= pool.budget();
    }

    private CachedBlock load(BlockSlots slots, int ordinal, BlockSource source) throws IOException {
        int length = source.length(ordinal);
        CachedBlock block = allocate(slots, ordinal, length);
        if (block == null) {
            return loadTransient(slots, ordinal, source, length);
        }
        boolean read = false;
        try {
            source.read(ordinal, block.slab(), block.offset());
            read = true;
        } finally {
            if (!read) {
                discard(block);
            }
        }
        return install(slots, block);
    }

    private CachedBlock loadTransient(BlockSlots slots, int ordinal, BlockSource source, int length)
            throws IOException {
        Slab slab = new Slab(ByteBuffer.allocate(length));
        source.read(ordinal, slab, 0);
        return new CachedBlock(slab, 0, length, null, 0, slots, ordinal);
    }

    private synchronized CachedBlock install(BlockSlots slots, CachedBlock block) {
        CachedBlock other = slots.get(block.ordinal);
        if (other != null && other.tryPin()) {
            free(block);
            return other;
        }
        if (!slots.isClosed()) {
            slots.set(block.ordinal, block);
        }
        return block;
    }

    private synchronized void discard(CachedBlock block) {
        free(block);
    }

    /** A block with a frame, which is pinned and in no slot yet. Null when there is no room, or the slots are closed. */
    private CachedBlock allocate(BlockSlots slots, int ordinal, int length) {
        synchronized (this) {
            slots.addMiss();
            CachedBlock block = slots.isClosed() ? null : tryAllocate(slots, ordinal, length);
            if (block != null || slots.isClosed()) {
                transientBlocks += block == null ? 1 : 0;
                return block;
            }
        }
        // The pool may call a reclaimer, which must not be called under the lock of the cache.
        boolean again = pool.makeRoomForCache(Math.max(length, SlabAllocator.SLAB_BYTES));
        synchronized (this) {
            CachedBlock block = again && !slots.isClosed() ? tryAllocate(slots, ordinal, length) : null;
            transientBlocks += block == null ? 1 : 0;
            return block;
        }
    }

    private CachedBlock tryAllocate(BlockSlots slots, int ordinal, int length) {
        if (closed) {
            return null;
        }
        CacheSlab home = length > SlabAllocator.SLAB_BYTES ? takeLarge(length) : takeSmall(classOf(length));
        if (home == null) {
            return null;
        }
        int frame = home.sizeClass.takeFrame(home);
        CachedBlock block = new CachedBlock(home.slab, home.offset(frame), length, home, frame, slots, ordinal);
        home.frames[frame] = block;
        cachedBytes += length;
        return block;
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
        slabs.add(added);
        sizeClass.add(added);
        return added;
    }

    private boolean evictOne(SizeClass sizeClass) {
        // A thread may pin the victim between the search and the eviction.
        for (CachedBlock victim; (victim = sizeClass.nextVictim()) != null; ) {
            if (evict(victim)) {
                return true;
            }
        }
        return false;
    }

    private boolean evict(CachedBlock block) {
        long hits = block.tryEvict();
        if (hits < 0) {
            return false;
        }
        block.slots.forget(block, hits);
        free(block);
        return true;
    }

    /** Frees the frame of a block that no other thread can reach. */
    private void free(CachedBlock block) {
        CacheSlab home = block.home;
        cachedBytes -= block.length();
        home.giveFrame(block.frame);
        if (!home.isEmpty()) {
            home.sizeClass.noteFree(home);
            return;
        }
        home.sizeClass.remove(home);
        slabs.remove(home);
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
        for (CachedBlock block : slab.frames.clone()) {
            if (block != null && !evict(block)) {
                return false;
            }
        }
        return true;
    }

    private synchronized long reclaim(long bytes) {
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
    private synchronized long reclaimStretch(long bytes) {
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

    synchronized void evictAll(BlockSlots slots) {
        for (int i = 0; slots.hasBlocks(); i++) {
            CachedBlock block = slots.get(i);
            if (block != null && !evict(block)) {
                slots.forget(block, block.hits());
            }
        }
        slots.close();
    }

    synchronized long hits(BlockSlots slots) {
        return slots.countedHits();
    }

    synchronized long misses(BlockSlots slots) {
        return slots.countedMisses();
    }

    /** Bytes of the blocks in the cache; the memory they take is {@code pool.used(Use.CACHE)}. */
    public synchronized long cachedBytes() {
        return cachedBytes;
    }

    /** How often a block was read to the heap because the pool had no room for it. */
    public synchronized long transientBlocks() {
        return transientBlocks;
    }

    /** The number of blocks in the cache that are pinned now. Walks over all of them. */
    public synchronized int pinnedBlocks() {
        int pinned = 0;
        for (CacheSlab slab : slabs.copy()) {
            for (CachedBlock block : slab.frames) {
                pinned += block != null && block.isPinned() ? 1 : 0;
            }
        }
        return pinned;
    }

    /** Frees a block of a closed cache whose last pin was released. */
    synchronized void freeReleased(CachedBlock block) {
        if (block.home.frames[block.frame] == block) {
            evict(block);
        }
    }

    /**
     * Gives all memory back to the pool, and caches nothing any more. The memory of a pinned block is given back with its last
     * release.
     *
     * @throws IllegalStateException when a block is still pinned
     */
    @Override
    public synchronized void close() {
        closed = true;
        int pinned = 0;
        for (CacheSlab slab : slabs.copy()) {
            for (CachedBlock block : slab.frames.clone()) {
                if (block != null && !evict(block)) {
                    block.freeOnRelease();
                    pinned += evict(block) ? 0 : 1; // its last pin may have ended just before
                }
            }
        }
        giveEmpty(Long.MAX_VALUE);
        if (pinned > 0) {
            throw new IllegalStateException(pinned + " blocks are still pinned when the block cache is closed");
        }
    }
}
