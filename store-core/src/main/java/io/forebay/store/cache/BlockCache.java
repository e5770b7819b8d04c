package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

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
 * <p>{@link CacheFrames} has the frames, and evicts blocks for new ones. A new block counts as unused until it is found again,
 * so that a scan does not evict blocks that are used often.
 *
 * <p>When nothing can be evicted, a block is read to a buffer on the heap, outside of the pool, which lives as long as it is
 * pinned ({@link #transientBlocks()}).
 */
public final class BlockCache implements AutoCloseable {
    /** With less free memory than this, the cache counts as full. */
    private static final long ROOM_BYTES = 1 << 20;

    private final SlabPool pool;
    private final BlockHolds holds;
    private final CacheFrames frames;

    // Guarded by this
    private long transientBlocks;

    public BlockCache(SlabPool pool) {
        this.pool = pool;
        this.holds = new BlockHolds(pool.budget());
        this.frames = new CacheFrames(pool);
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
            frames.free(block);
            return other;
        }
        if (!slots.isClosed()) {
            slots.set(block.ordinal, block);
        }
        return block;
    }

    private synchronized void discard(CachedBlock block) {
        frames.free(block);
    }

    /** A block with a frame, which is pinned and in no slot yet. Null when there is no room, or the slots are closed. */
    private CachedBlock allocate(BlockSlots slots, int ordinal, int length) {
        synchronized (this) {
            slots.addMiss();
            CachedBlock block = slots.isClosed() ? null : frames.tryAllocate(slots, ordinal, length);
            if (block != null || slots.isClosed()) {
                transientBlocks += block == null ? 1 : 0;
                return block;
            }
        }
        // The pool may call a reclaimer, which must not be called under the lock of the cache.
        boolean again = pool.makeRoomForCache(Math.max(length, SlabAllocator.SLAB_BYTES));
        synchronized (this) {
            CachedBlock block = again && !slots.isClosed() ? frames.tryAllocate(slots, ordinal, length) : null;
            transientBlocks += block == null ? 1 : 0;
            return block;
        }
    }

    private synchronized long reclaim(long bytes) {
        return frames.reclaim(bytes);
    }

    private synchronized long reclaimStretch(long bytes) {
        return frames.reclaimStretch(bytes);
    }

    synchronized void evictAll(BlockSlots slots) {
        for (int i = 0; slots.hasBlocks(); i++) {
            CachedBlock block = slots.get(i);
            if (block != null && !frames.evict(block)) {
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

    /** Bytes of the blocks in the cache; the memory they take is {@code pool.used(SlabPool.Use.CACHE)}. */
    public synchronized long cachedBytes() {
        return frames.cachedBytes();
    }

    /** How often a block was read to the heap because the pool had no room for it. */
    public synchronized long transientBlocks() {
        return transientBlocks;
    }

    /** The number of blocks in the cache that are pinned now. Walks over all of them. */
    public synchronized int pinnedBlocks() {
        return frames.pinnedBlocks();
    }

    /** Frees a block of a closed cache whose last pin was released. */
    synchronized void freeReleased(CachedBlock block) {
        if (block.home.frames[block.frame] == block) {
            frames.evict(block);
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
        int pinned = frames.close();
        if (pinned > 0) {
            throw new IllegalStateException(pinned + " blocks are still pinned when the block cache is closed");
        }
    }
}
