package io.forebay.store.sst;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The buffer of one long scan: neighbouring data blocks of a file that are not in the cache, read by one read of the file.
 *
 * <pre>
 *   data blocks   | 40 | 41 | 42 | 43 | 44 | 45 |       a scan forwards asks for 41
 *   cached        | x  |    |    |    | x  |    |       the window ends before 44
 *                      |    |    |    |
 *   slab               | 41 | 42 | 43 |                 one read, at most 64 KiB
 *                      0    |    |    ends[3]
 *                           ends[1]
 * </pre>
 *
 * <p>A long scan needs each block once. In this way it does not pay a read for every block, and evicts no blocks that other
 * readers need. Blocks in the window are verified, and decoded where necessary, each time they are shown.
 *
 * <p>It does not decide which scans are long; {@link CachedBlocks} does. A window without neighbours, or without memory, shows
 * nothing: then the caller gets the block through the cache. Used by one thread.
 */
final class ScanWindow {
    private static final int BYTES = SlabAllocator.SLAB_BYTES;
    /** The most blocks in a window. Blocks are seldom smaller than 4 KiB, so the slab is full first. */
    private static final int MOST_BLOCKS = 32;
    /** No window takes memory when {@link SlabPool.Use#METADATA} would be more than the budget divided by this. */
    private static final int METADATA_SHARE = 4;

    private final SlabPool pool;
    /** Null until the first read. A scan may stand still for long. */
    private HeldBuffer buffer;
    /** That of the buffer. */
    private Slab slab;

    /** The content of the current block of a file that is encrypted or compressed. */
    private Slab decoded;

    /** The blocks in the window: {@code [first, first + count)}. */
    private int first;

    private int count;
    /** Where the first of these blocks starts: in the partition while they are located, then in the file. */
    private long begin;
    /** Where the blocks end in the slab, the i-th one at {@code ends[i + 1]}; it starts at {@code ends[i]}. */
    private final int[] ends = new int[MOST_BLOCKS + 1];
    /** The lengths of the blocks when they are decoded. */
    private final int[] contents = new int[MOST_BLOCKS];

    ScanWindow(SlabPool pool) {
        this.pool = pool;
    }

    /**
     * Shows a block. If it is not in the window, reads it together with blocks after it, or before it when backwards, that are
     * not in the cache either.
     *
     * @return false when there are no such neighbours, or there is no memory
     */
    boolean show(SstBlocks blocks, int dataBlock, boolean backwards, BlockAccess into) throws IOException {
        if ((dataBlock < first || dataBlock >= first + count) && !read(blocks, dataBlock, backwards)) {
            return false;
        }
        int index = dataBlock - first;
        if (contents[index] > BYTES) {
            return false; // the content is too long: a value that was compressed well
        }
        int at = ends[index];
        int fileBytes = ends[index + 1] - at;
        into.length = contents[index];
        if (blocks.isPlain()) {
            blocks.checkData(slab, at, fileBytes, begin + at);
            if (blocks.mapped() != null) {
                blocks.mapped().verified(dataBlock, begin + at, fileBytes);
            }
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

    /** Fills the window. @return false when it is empty, because there are no neighbours, or no memory */
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
        blocks.slots().countUses(1);
        int ordinal = blocks.indexOrdinal(partition);
        long pin = blocks.pin(ordinal);
        try {
            Slab index = blocks.slab(ordinal, pin);
            int end = blocks.bodyEnd(index, pin);
            return locate(blocks, index, BlockSlots.offset(pin), end, low, dataBlock, from, to, backwards)
                    && readRun(blocks, partition);
        } finally {
            blocks.unpin(ordinal, pin);
        }
    }

    /**
     * Looks up where the blocks {@code [from, to)} are. Leaves out those at the far end for which the slab has no room.
     *
     * @param index the index block of their partition is {@code index[at, end)}
     * @param low the first data block of the partition
     * @return false when only the wanted block would be left
     */
    private boolean locate(
            SstBlocks blocks,
            Slab index,
            int at,
            int end,
            int low,
            int dataBlock,
            int from,
            int to,
            boolean backwards) {
        int runFrom = from;
        int runTo = to;
        if (backwards) {
            long last = SstBlocks.endOfData(index, at, end, dataBlock - low);
            while (runTo - runFrom > 1 && last - SstBlocks.startOfData(index, at, end, runFrom - low) > BYTES) {
                runFrom++;
            }
        } else {
            long start = SstBlocks.startOfData(index, at, end, dataBlock - low);
            while (runTo - runFrom > 1 && SstBlocks.endOfData(index, at, end, runTo - 1 - low) - start > BYTES) {
                runTo--;
            }
        }
        if (runTo - runFrom < 2) {
            return false;
        }
        begin = SstBlocks.startOfData(index, at, end, runFrom - low);
        ends[0] = 0;
        for (int i = runFrom; i < runTo; i++) {
            ends[i - runFrom + 1] = (int) (SstBlocks.endOfData(index, at, end, i - low) - begin);
            contents[i - runFrom] = blocks.contentOfData(index, at, end, i - low);
        }
        first = runFrom;
        count = runTo - runFrom;
        return true;
    }

    /** Reads the blocks that were located. */
    private boolean readRun(SstBlocks blocks, int partition) throws IOException {
        int blocksFound = count;
        count = 0; // the window is empty if the read fails
        begin += blocks.top().dataOffset(partition);
        blocks.readFully(begin, ends[blocksFound], slab, 0);
        count = blocksFound;
        return true;
    }

    /**
     * Takes a slab, unless {@link SlabPool.Use#METADATA} is a large part of the budget already: many scans must leave enough
     * for memtables and readers.
     *
     * @return false when there is no memory
     */
    private boolean takeSlab() {
        if (buffer == null && pool.used(SlabPool.Use.METADATA) + BYTES <= pool.budget() / METADATA_SHARE) {
            buffer = HeldBuffer.tryTake(pool, SlabPool.Use.METADATA, BYTES);
            slab = buffer == null ? null : buffer.slab;
        }
        return buffer != null;
    }

    /** Gives the memory back. Idempotent; the window can be used again. */
    void close() {
        count = 0;
        decoded = null;
        slab = null;
        if (buffer != null) {
            buffer.giveBack();
            buffer = null;
        }
    }
}
