package io.forebay.store.sst;

import io.forebay.store.Environment;
import io.forebay.store.cache.CachedBlock;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A run of neighbouring data blocks that are not in the cache, read at once to memory of its own: what a long scan needs a
 * single time neither pays one read for every block nor pushes out what others need. Used by one thread.
 */
final class ScanWindow {
    private static final int BYTES = Environment.SLAB_BYTES;
    /** Blocks are seldom smaller than 4 KiB. */
    private static final int MOST_BLOCKS = 32;
    /** No window is begun when more than this part of all memory would be metadata. */
    private static final int METADATA_SHARE = 4;

    private final SlabPool pool;
    /** Null until it is needed. */
    private Slab slab;
    /** That the slab lies in, and is held in; null when it lies in none. */
    private HeldRegion region;
    /** Reserved, and not taken from the pool. */
    private boolean onHeap;

    /** The content of the current block of a file that is encrypted or compressed. */
    private Slab decoded;

    /** The blocks in it: {@code [first, first + count)}. */
    private int first;

    private int count;
    private long begin;
    /** Where the blocks begin and the last one ends, in the slab. */
    private final int[] ends = new int[MOST_BLOCKS + 1];

    private final int[] contents = new int[MOST_BLOCKS];

    ScanWindow(SlabPool pool) {
        this.pool = pool;
    }

    /**
     * Shows a block, with those behind it, or before it, that are not in the cache either.
     *
     * @return false when it is the only one, or there is no memory
     */
    boolean show(SstBlocks blocks, int dataBlock, boolean backwards, BlockAccess into) throws IOException {
        if ((dataBlock < first || dataBlock >= first + count) && !read(blocks, dataBlock, backwards)) {
            return false;
        }
        int index = dataBlock - first;
        if (contents[index] > BYTES) {
            return false; // a value that was compressed well
        }
        int at = ends[index];
        int fileBytes = ends[index + 1] - at;
        into.length = contents[index];
        if (blocks.isPlain()) {
            blocks.checkData(slab, at, fileBytes, begin + at);
            into.slab = slab;
            into.at = at;
        } else {
            if (decoded == null || decoded.capacity() < into.length) {
                decoded = new Slab(ByteBuffer.allocate(into.length));
            }
            blocks.decodeData(slab, at, fileBytes, into.length, begin + at, decoded);
            into.slab = decoded;
            into.at = 0;
        }
        return true;
    }

    private boolean read(SstBlocks blocks, int dataBlock, boolean backwards) throws IOException {
        TopIndex top = blocks.top();
        int partition = top.partitionOfDataBlock(dataBlock);
        int low = top.firstDataBlock(partition);
        int high = low + top.dataBlocks(partition);
        int from = dataBlock;
        int to = dataBlock + 1;
        if (backwards) {
            while (from > low && to - from < MOST_BLOCKS && !blocks.isCached(from - 1)) {
                from--;
            }
        } else {
            while (to < high && to - from < MOST_BLOCKS && !blocks.isCached(to)) {
                to++;
            }
        }
        count = 0;
        if (to - from < 2 || !takeSlab()) {
            return false;
        }
        CachedBlock index = blocks.index(partition);
        try {
            return locate(blocks, index, low, dataBlock, from, to, backwards) && readRun(blocks, partition);
        } finally {
            index.release();
        }
    }

    /** Finds out where the blocks are; leaves out those, at the far end, for which there is no room. */
    private boolean locate(
            SstBlocks blocks, CachedBlock index, int low, int dataBlock, int from, int to, boolean backwards) {
        int end = SstBlocks.bodyEnd(index);
        int runFrom = from;
        int runTo = to;
        if (backwards) {
            long last = SstBlocks.endOfData(index.slab(), index.offset(), end, dataBlock - low);
            while (runTo - runFrom > 1
                    && last - SstBlocks.beginOfData(index.slab(), index.offset(), end, runFrom - low) > BYTES) {
                runFrom++;
            }
        } else {
            long start = SstBlocks.beginOfData(index.slab(), index.offset(), end, dataBlock - low);
            while (runTo - runFrom > 1
                    && SstBlocks.endOfData(index.slab(), index.offset(), end, runTo - 1 - low) - start > BYTES) {
                runTo--;
            }
        }
        if (runTo - runFrom < 2) {
            return false;
        }
        begin = SstBlocks.beginOfData(index.slab(), index.offset(), end, runFrom - low);
        ends[0] = 0;
        for (int i = runFrom; i < runTo; i++) {
            ends[i - runFrom + 1] = (int) (SstBlocks.endOfData(index.slab(), index.offset(), end, i - low) - begin);
            contents[i - runFrom] = blocks.contentOfData(index.slab(), index.offset(), end, i - low);
        }
        first = runFrom;
        count = runTo - runFrom;
        return true;
    }

    private boolean readRun(SstBlocks blocks, int partition) throws IOException {
        int blocksFound = count;
        count = 0; // until they are there
        begin += blocks.top().dataOffset(partition);
        blocks.readFully(begin, ends[blocksFound], slab, 0);
        count = blocksFound;
        return true;
    }

    /**
     * Few enough that many scans do not take what memtables and readers need. A scan may stand still for long, so a slab is
     * taken as what cursors hold: on the heap, where it would leave too few regions with room for long buffers.
     */
    private boolean takeSlab() {
        if (slab == null && pool.used(SlabPool.Use.METADATA) + BYTES <= pool.budget() / METADATA_SHARE) {
            Slab taken = pool.tryTakeOptional(SlabPool.Use.METADATA, BYTES);
            HeldRegion lies = taken == null ? null : pool.holders(taken);
            if (lies == null || lies.tryHold()) {
                slab = taken;
                region = lies;
            } else {
                pool.give(SlabPool.Use.METADATA, taken);
                takeHeap();
            }
        }
        return slab != null;
    }

    private void takeHeap() {
        Slab heap = new Slab(ByteBuffer.allocate(BYTES));
        if (pool.tryReserve(SlabPool.Use.METADATA, BYTES)) {
            slab = heap;
            onHeap = true;
        }
    }

    /** Gives the memory back. Idempotent; the window can be used again. */
    void close() {
        count = 0;
        decoded = null;
        if (slab == null) {
            return;
        }
        if (onHeap) {
            pool.unreserve(SlabPool.Use.METADATA, BYTES);
        } else {
            pool.give(SlabPool.Use.METADATA, slab);
        }
        if (region != null) {
            region.endHold();
        }
        slab = null;
        region = null;
        onHeap = false;
    }
}
