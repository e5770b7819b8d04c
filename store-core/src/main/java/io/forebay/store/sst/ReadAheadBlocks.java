package io.forebay.store.sst;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads blocks past the cache, for compactions: with reads of the size of a slab to a buffer of its own. Every block is
 * verified. When the pool has no memory for the buffer, or the windows of all jobs have their share of the budget already,
 * blocks are read one by one to the heap, because a compaction must go on. Used by one thread.
 */
final class ReadAheadBlocks extends BlockAccess {
    /**
     * A window is at most the budget divided by this, so that several runs get one: {@link SlabPool.Use#READ_AHEAD} limits all of
     * them.
     */
    private static final int BUDGET_SHARE = 256;

    private final SlabPool pool;
    /** Null for none. */
    private final InputHeat heat;

    private int partition = -1;
    private Slab index = new Slab(ByteBuffer.allocate(SstFormat.META_BLOCK_BYTES));
    private int indexEnd;
    private HeldBuffer pooled;
    /** The pooled buffer, or a buffer on the heap for a block that does not fit it. */
    private Slab window;
    /** The content of the current block of a file that is encrypted or compressed. */
    private Slab decoded;
    /** The part of the file in the window: {@code [windowStart, windowEnd)}. */
    private long windowStart;

    private long windowEnd;
    private int current = -1;
    private boolean closed;

    /**
     * @param pool null to read one block at a time to the heap
     * @param heat notes which of the blocks are in the cache; null for none
     */
    ReadAheadBlocks(SlabPool pool, InputHeat heat) {
        this.pool = pool;
        this.heat = heat;
    }

    @Override
    int find(SstBlocks blocks, int newPartition, byte[] key, int offset, int keyLength) throws IOException {
        loadIndex(blocks, newPartition);
        return blocks.top().firstDataBlock(newPartition) + BlockSearch.lowerBound(index, 0, key, offset, keyLength);
    }

    @Override
    void data(SstBlocks blocks, int dataBlock) throws IOException {
        TopIndex top = blocks.top();
        loadIndex(blocks, top.partitionOfDataBlock(dataBlock));
        int number = dataBlock - top.firstDataBlock(partition);
        long begin = top.dataOffset(partition) + SstBlocks.startOfData(index, 0, indexEnd, number);
        long end = top.dataOffset(partition) + SstBlocks.endOfData(index, 0, indexEnd, number);
        if (begin < windowStart || end > windowEnd) {
            fill(blocks, begin, (int) (end - begin), dataBlock == current - 1);
        }
        current = dataBlock;
        int fileBytes = (int) (end - begin);
        int windowAt = (int) (begin - windowStart);
        length = blocks.contentOfData(index, 0, indexEnd, number);
        if (heat != null) {
            heat.readData(blocks.slots(), dataBlock, length + BlockTrailer.BYTES);
        }
        if (blocks.isPlain()) {
            blocks.checkData(window, windowAt, fileBytes, begin);
            slab = window;
            at = windowAt;
        } else {
            if (decoded == null || decoded.capacity() < length) {
                blocks.checkClaim(window, windowAt, fileBytes, length, begin);
                decoded = new Slab(ByteBuffer.allocate(length));
            }
            blocks.decodeData(window, windowAt, fileBytes, length, begin, decoded);
            slab = decoded;
            at = 0;
        }
    }

    private void loadIndex(SstBlocks blocks, int newPartition) throws IOException {
        if (newPartition == partition) {
            return;
        }
        int bytes = blocks.cachedBytes(blocks.top().indexBytes(newPartition));
        if (index.capacity() < bytes) {
            index = new Slab(ByteBuffer.allocate(bytes));
        }
        partition = -1;
        blocks.readIndex(newPartition, index, 0);
        indexEnd = bytes - BlockTrailer.BYTES;
        partition = newPartition;
        if (heat != null) {
            heat.beginPartition(blocks, newPartition);
        }
    }

    /** Reads the block and the bytes after it to the window, or backwards the block and the bytes before it. */
    private void fill(SstBlocks blocks, long begin, int bytes, boolean backwards) throws IOException {
        windowEnd = windowStart;
        chooseWindow(bytes);
        long dataEnd = blocks.top().dataOffset(blocks.top().partitions());
        long from = backwards ? Math.max(0, begin + bytes - window.capacity()) : begin;
        long to = backwards ? begin + bytes : Math.min(dataEnd, begin + window.capacity());
        blocks.readFully(from, (int) (to - from), window, 0);
        windowStart = from;
        windowEnd = to;
    }

    private void chooseWindow(int bytes) {
        if (closed) {
            throw new IllegalStateException("This scan is closed");
        }
        if (pooled == null && pool != null) {
            long wanted = Math.min(SlabAllocator.SLAB_BYTES, pool.budget() / BUDGET_SHARE);
            pooled = HeldBuffer.tryTake(pool, SlabPool.Use.READ_AHEAD, SlabPool.wholePages((int) wanted));
        }
        Slab ahead = pooled == null ? null : pooled.slab;
        if (ahead != null && ahead.capacity() >= bytes) {
            window = ahead;
        } else if (window == null || window == ahead || window.capacity() < bytes) {
            window = new Slab(ByteBuffer.allocate(bytes));
        }
    }

    @Override
    void release() {
        // The window is kept for the next block.
    }

    @Override
    void close() {
        closed = true;
        slab = null;
        window = null;
        decoded = null;
        if (pooled != null) {
            pooled.giveBack();
            pooled = null;
        }
    }
}
