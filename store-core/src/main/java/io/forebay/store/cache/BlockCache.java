package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import java.io.IOException;

/**
 * Caches blocks of files in memory of a {@link SlabPool}, for all stores of an environment. It does not decode blocks: a
 * {@link BlockSource} reads and verifies them. Thread-safe.
 *
 * <pre>
 *  BlockSlots of a file: [ordinal] --&gt; BlockWord: pins, hot, length, location of a frame
 *                                                                     | FrameMemory
 *                                         +---------------------------+
 *                                         v                              one size class: 512 B, 1 KiB, ... 64 KiB
 *                                       | frame | frame | ... |
 *                                       | block |  free | ... |          64 KiB from the SlabPool, a CacheSlab
 * </pre>
 *
 * <p>A hit pins the block with one atomic addition to its word, which says where the block is: no lock, no hash, no object, no
 * allocation. A miss takes a frame under the lock, reads the block without the lock, and then shows it under the lock. When two
 * threads read the same block at the same time, the frame of the second one is freed.
 *
 * <p>{@link CacheFrames} has the frames, and evicts blocks for new ones. A new block counts as unused until it is found again,
 * so that a scan does not evict blocks that are used often.
 *
 * <p>When nothing can be evicted, the block is not read, and its reader reads it to the heap, outside of the pool
 * ({@link #transientBlocks()}).
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
        return new BlockSlots(this, frames.memory(), blocks);
    }

    /** Makes the slots of a file whose blocks do not enter the cache: no block is ever found, or read, by a pin. */
    public BlockSlots closedSlots() {
        BlockSlots slots = new BlockSlots(this, frames.memory(), 0);
        slots.close();
        return slots;
    }

    /** Makes the slots of a file that is being written. */
    public FillingSlots fillingSlots() {
        return new FillingSlots(this, slots(0));
    }

    BlockHolds holds() {
        return holds;
    }

    /** True when the pool has free memory, so that new blocks need not evict others. */
    public boolean hasRoom() {
        return pool.used() + ROOM_BYTES <= pool.budget();
    }

    /** As {@link BlockSlots#pin}, for a block that is not cached. */
    long load(BlockSlots slots, int ordinal, BlockSource source) throws IOException {
        if (!countMiss(slots)) {
            return 0;
        }
        long block = allocate(slots, source.length(ordinal));
        if (block == 0) {
            return 0;
        }
        boolean read = false;
        try {
            source.read(ordinal, frames.memory().slab(block), FrameMemory.offset(block));
            read = true;
        } finally {
            if (!read) {
                unpinOutside(block);
            }
        }
        return installOrFind(slots, ordinal, block);
    }

    /** As {@link FillingSlots#put}. */
    boolean fill(BlockSlots slots, int ordinal, byte[] bytes, int at, int length, int cachedLength, boolean used) {
        long block = allocateSpare(slots, cachedLength, used);
        if (block == 0) {
            return false;
        }
        boolean installed = false;
        try {
            frames.memory().slab(block).put(FrameMemory.offset(block), bytes, at, length);
            installed = install(slots, ordinal, BlockWord.unpinned(block, used));
        } finally {
            if (!installed) {
                unpinOutside(block);
            }
        }
        return installed;
    }

    private synchronized long allocateSpare(BlockSlots slots, int length, boolean used) {
        return slots.isClosed() ? 0 : frames.tryAllocateSpare(length, used);
    }

    private synchronized boolean install(BlockSlots slots, int ordinal, long word) {
        return frames.install(slots, ordinal, word);
    }

    /** For slots that no other thread has yet. */
    synchronized void resize(BlockSlots slots, int blocks) {
        slots.resize(blocks);
    }

    /** Gives slots that were filled their length. @return whether they have blocks */
    synchronized boolean finish(BlockSlots slots, int blocks) {
        slots.resize(blocks);
        return slots.hasBlocks();
    }

    /** @return false when the slots are closed, so that the block does not enter the cache */
    private synchronized boolean countMiss(BlockSlots slots) {
        slots.addMiss();
        transientBlocks += slots.isClosed() ? 1 : 0;
        return !slots.isClosed();
    }

    /** Shows a block that was read; it stays in no element when none may be installed there. */
    private synchronized long installOrFind(BlockSlots slots, int ordinal, long block) {
        long other = slots.tryPin(ordinal);
        if (other != 0) {
            frames.unpinOutside(block);
            return other;
        }
        long shown = BlockWord.pinned(block);
        return frames.install(slots, ordinal, shown) ? shown : block;
    }

    /** As {@link BlockSlots#unpin}, for a block that is in no element. */
    synchronized void unpinOutside(long block) {
        frames.unpinOutside(block);
    }

    /** The handle of a new block, pinned and in no element yet; 0 when there is no room, or the slots are closed. */
    private long allocate(BlockSlots slots, int length) {
        synchronized (this) {
            long block = slots.isClosed() ? 0 : frames.tryAllocate(length);
            if (block != 0 || slots.isClosed()) {
                transientBlocks += block == 0 ? 1 : 0;
                return block;
            }
        }
        // The pool may call a reclaimer, which must not be called under the lock of the cache.
        boolean again = pool.makeRoomForCache(Math.max(length, SlabAllocator.SLAB_BYTES));
        synchronized (this) {
            long block = again && !slots.isClosed() ? frames.tryAllocate(length) : 0;
            transientBlocks += block == 0 ? 1 : 0;
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
            long word = slots.word(i);
            if (BlockWord.isPresent(word)) {
                frames.evictOrMoveOut(word);
            }
        }
        slots.close();
    }

    synchronized long misses(BlockSlots slots) {
        return slots.countedMisses();
    }

    /** Bytes of the blocks in the cache; the memory they take is {@code pool.used(SlabPool.Use.CACHE)}. */
    public synchronized long cachedBytes() {
        return frames.cachedBytes();
    }

    /** How often a block was not read because the pool had no room for it. */
    public synchronized long transientBlocks() {
        return transientBlocks;
    }

    /** The number of blocks in the cache that are pinned now. Walks over all of them. */
    public synchronized int pinnedBlocks() {
        return frames.pinnedBlocks();
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
