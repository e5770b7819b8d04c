package io.forebay.store.cache;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The cached blocks of one file, by ordinal: finding one is an array access. Made by {@link BlockCache#slots}; the file
 * calls {@link #evictAll()} when it is closed.
 */
public final class BlockSlots {
    /** Heap bytes for each block of a file. */
    public static final int BYTES_PER_BLOCK = 8;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(CachedBlock[].class);

    private final BlockCache cache;
    /** Nothing when closed, so that a block that is pinned for long does not hold the slots of all others. */
    private CachedBlock[] blocks;
    // Guarded by the lock of the cache.
    private int present;
    private long evictedHits;
    private long misses;
    private boolean closed;

    BlockSlots(BlockCache cache, int blocks) {
        this.cache = cache;
        this.blocks = new CachedBlock[blocks];
    }

    /** Heap bytes of the slots of a file with so many blocks, for accounting as metadata. */
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

    /** Lets the cache forget all blocks of the file. Those that are still pinned stay readable until they are released. */
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

    // The rest is called under the lock of the cache; only then do the elements of the array change.

    void set(int ordinal, CachedBlock block) {
        if (blocks[ordinal] == null) {
            present++;
        }
        ELEMENT.setRelease(blocks, ordinal, block);
    }

    boolean hasBlocks() {
        return present > 0;
    }

    /** Removes a block that was found {@code hits} times, if it is still here. */
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
