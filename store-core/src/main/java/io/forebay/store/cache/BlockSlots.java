package io.forebay.store.cache;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The cached blocks of one file, by ordinal: finding one is an array access. Made by {@link BlockCache#slots}; the reader of
 * the file calls {@link #evictAll()} when it is closed. Thread-safe.
 */
public final class BlockSlots {
    /** Heap bytes for each block of a file. */
    public static final int BYTES_PER_BLOCK = 8;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(CachedBlock[].class);

    private final BlockCache cache;
    /**
     * The elements are written under the lock of the cache with release, and read with acquire. Empty when closed, so that a
     * block with a long pin does not keep the slots of all others in memory.
     */
    // Racy: a reader may still use the old array, which has no blocks any more
    private CachedBlock[] blocks;

    // Guarded by BlockCache
    private int present;
    private long evictedHits;
    private long misses;
    private boolean closed;

    BlockSlots(BlockCache cache, int blocks) {
        this.cache = cache;
        this.blocks = new CachedBlock[blocks];
    }

    /** Heap bytes of the slots of a file with so many blocks, to be accounted for. */
    public static long heapBytes(int blocks) {
        return 64 + (long) BYTES_PER_BLOCK * blocks;
    }

    BlockCache cache() {
        return cache;
    }

    /** Number of blocks of the file. */
    public int size() {
        return blocks.length;
    }

    /**
     * Removes all blocks of the file from the cache, and closes the slots. Pinned blocks stay readable until they are released.
     */
    public void evictAll() {
        cache.evictAll(this);
    }

    /** How often a block was found in the cache. */
    public long hits() {
        return cache.hits(this);
    }

    /** How often a block had to be read from the file. */
    public long misses() {
        return cache.misses(this);
    }

    /** True when the block was in the cache a moment ago. */
    public boolean isCached(int ordinal) {
        return get(ordinal) != null;
    }

    CachedBlock get(int ordinal) {
        CachedBlock[] array = blocks;
        return ordinal < array.length ? (CachedBlock) ELEMENT.getAcquire(array, ordinal) : null;
    }

    // All methods below are called under the lock of the cache; only they change elements of the array.

    void set(int ordinal, CachedBlock block) {
        if (blocks[ordinal] == null) {
            present++;
        }
        ELEMENT.setRelease(blocks, ordinal, block);
    }

    boolean hasBlocks() {
        return present > 0;
    }

    /** Removes a block that was found {@code hits} times, if it is still in its slot. */
    void forget(CachedBlock block, long hits) {
        if (get(block.ordinal) == block) {
            evictedHits += hits;
            present--;
            ELEMENT.setRelease(blocks, block.ordinal, null);
        }
    }

    boolean isClosed() {
        return closed;
    }

    void close() {
        closed = true;
        blocks = new CachedBlock[0];
    }

    void addMiss() {
        misses++;
    }

    long countedHits() {
        long hits = evictedHits;
        for (CachedBlock block : blocks) {
            if (block != null) {
                hits += block.hits();
            }
        }
        return hits;
    }

    long countedMisses() {
        return misses;
    }
}
