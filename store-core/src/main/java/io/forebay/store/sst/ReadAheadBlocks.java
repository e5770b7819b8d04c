package io.forebay.store.sst;

import io.forebay.store.Environment;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Blocks past the cache, for compaction: reads of a slab's size to a buffer of its own, and every block verified. When the
 * pool has no memory for it, blocks are read one by one to the heap, because compaction must go on.
 */
final class ReadAheadBlocks extends BlockAccess {
    /** A merge has a window for each of its runs: together they stay a small part of the budget. */
    private static final int BUDGET_SHARE = 256;

    private final SlabPool pool;
    private int partition = -1;
    private Slab index = new Slab(ByteBuffer.allocate(SstFormat.META_BLOCK_BYTES));
    private int indexEnd;
    private Slab pooled;
    /** The pooled buffer, or one on the heap for a block that it cannot hold. */
    private Slab window;
    /** The content of the current block of a file that is encrypted or compressed. */
    private Slab decoded;
    /** What part of the file the window holds. */
    private long windowBegin;

    private long windowEnd;
    private int current = -1;
    private boolean closed;

    /** @param pool null to read one block at a time, to the heap */
    ReadAheadBlocks(SlabPool pool) {
        this.pool = pool;
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
        long begin = top.dataOffset(partition) + SstBlocks.beginOfData(index, 0, indexEnd, number);
        long end = top.dataOffset(partition) + SstBlocks.endOfData(index, 0, indexEnd, number);
        if (begin < windowBegin || end > windowEnd) {
            fill(blocks, begin, (int) (end - begin), dataBlock == current - 1);
        }
        current = dataBlock;
        int fileBytes = (int) (end - begin);
        int windowAt = (int) (begin - windowBegin);
        length = blocks.contentOfData(index, 0, indexEnd, number);
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
    }

    /** Makes the window hold the block and what follows it, or, going backwards, what comes before it. */
    private void fill(SstBlocks blocks, long begin, int bytes, boolean backwards) throws IOException {
        windowEnd = windowBegin;
        chooseWindow(bytes);
        long dataEnd = blocks.top().dataOffset(blocks.top().partitions());
        long from = backwards ? Math.max(0, begin + bytes - window.capacity()) : begin;
        long to = backwards ? begin + bytes : Math.min(dataEnd, begin + window.capacity());
        blocks.readFully(from, (int) (to - from), window, 0);
        windowBegin = from;
        windowEnd = to;
    }

    private void chooseWindow(int bytes) {
        if (closed) {
            throw new IllegalStateException("This scan is closed");
        }
        if (pooled == null && pool != null) {
            long wanted = Math.min(Environment.SLAB_BYTES, pool.budget() / BUDGET_SHARE);
            pooled = pool.tryTakeOptional(SlabPool.Use.METADATA, SlabPool.wholePages((int) wanted));
        }
        if (pooled != null && pooled.capacity() >= bytes) {
            window = pooled;
        } else if (window == null || window == pooled || window.capacity() < bytes) {
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
            pool.give(SlabPool.Use.METADATA, pooled);
            pooled = null;
        }
    }
}
