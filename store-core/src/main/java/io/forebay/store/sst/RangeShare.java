package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.util.Cancellation;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * About which part of the data of an SST lies in ranges of keys. One walk over the ranges beside the index: each index block is read at most
 * once, and blocks that lie in a range as a whole count with their bytes. Of a block that a range has a part of, the index does not tell
 * which part. All these blocks together may be too little to matter; else some of them are read, and the entries in them are counted.
 *
 * <pre>
 *   ranges        [-------)      [--------------------)    [) [-)
 *   blocks    |       |       |       |       |       |       |       |
 *               part    part    part    whole   part    part
 * </pre>
 *
 * Used by one thread, once.
 */
final class RangeShare {
    /** So many blocks are read at most. Each counts for as many as there are, so none may be missed that matters. */
    static final int MOST_LOOKS = 16;

    /** Half of the blocks in question is right to half of this. */
    static final double NEGLIGIBLE = 1.0 / 128;

    private static final int NO_PARTITION = -1;

    private final SstBlocks blocks;
    private final TopIndex top;
    private final SstProperties properties;
    private final List<KeyRange> ranges;
    private final Cancellation cancellation;
    private final long allBytes;

    /** The index block in use, pinned. */
    private int partition = NO_PARTITION;

    private long pin;
    private Slab index;

    /** Where the last key that was looked up lies: a data block, and the bytes before it and up to its end. */
    private int block;

    private long blockBegin;
    private long blockEnd;

    private long wholeBytes;

    /** Blocks of which ranges have a part, ascending, with their bytes and the first and the last of these ranges. */
    private int[] parts = new int[8];

    private long[] partBytes = new long[8];
    private int[] firstRanges = new int[8];
    private int[] lastRanges = new int[8];
    private int partCount;
    private long allPartBytes;

    /**
     * @param ranges disjoint, ascending, none empty
     * @param cancellation ends the reading with a {@link java.util.concurrent.CancellationException}
     */
    RangeShare(SstBlocks blocks, SstProperties properties, List<KeyRange> ranges, Cancellation cancellation) {
        this.blocks = blocks;
        this.top = blocks.top();
        this.properties = properties;
        this.ranges = ranges;
        this.cancellation = cancellation;
        allBytes = top.dataOffset(top.partitions());
    }

    /** 0 to 1. */
    double estimate() throws IOException {
        if (properties.entries() == 0) {
            return 0;
        }
        try {
            for (int i = 0; i < ranges.size() && block < top.dataBlocks(); i++) {
                cancellation.check();
                add(i);
            }
        } finally {
            leaveIndex();
        }
        return Math.min(1, (wholeBytes + partOfParts() * allPartBytes) / allBytes);
    }

    private void add(int number) throws IOException {
        KeyRange range = ranges.get(number);
        boolean fromStart = Arrays.compareUnsigned(range.from(), properties.smallestKey()) <= 0;
        find(range.from());
        int first = block;
        long firstBegin = blockBegin;
        long firstEnd = blockEnd;
        find(range.to());
        if (first == block) {
            if (first < top.dataBlocks()) {
                addPart(first, firstEnd - firstBegin, number);
            }
            return;
        }
        if (!fromStart) {
            addPart(first, firstEnd - firstBegin, number);
        }
        wholeBytes += blockBegin - (fromStart ? firstBegin : firstEnd);
        if (block < top.dataBlocks()) {
            addPart(block, blockEnd - blockBegin, number);
        }
    }

    /** Sets the first data block that may have keys at or after {@code key}; the end of the blocks when there is none, and for null. */
    private void find(byte[] key) throws IOException {
        int at = key == null || Arrays.compareUnsigned(key, properties.largestKey()) > 0
                ? top.partitions()
                : top.find(key, 0, key.length);
        if (at == top.partitions()) {
            block = top.dataBlocks();
            blockBegin = allBytes;
            blockEnd = allBytes;
            return;
        }
        enterIndex(at);
        int begin = BlockSlots.offset(pin);
        int end = blocks.bodyEnd(index, pin);
        int number = BlockSearch.lowerBound(index, begin, key, 0, key.length);
        block = top.firstDataBlock(at) + number;
        blockBegin = top.dataOffset(at) + SstBlocks.startOfData(index, begin, end, number);
        blockEnd = top.dataOffset(at) + SstBlocks.endOfData(index, begin, end, number);
    }

    private void enterIndex(int asked) throws IOException {
        if (partition == asked) {
            return;
        }
        leaveIndex();
        cancellation.check();
        blocks.slots().countUses(1);
        int ordinal = blocks.indexOrdinal(asked);
        pin = blocks.pin(ordinal);
        partition = asked;
        index = blocks.slab(ordinal, pin);
    }

    private void leaveIndex() {
        if (partition != NO_PARTITION) {
            blocks.unpin(blocks.indexOrdinal(partition), pin);
            partition = NO_PARTITION;
            index = null;
        }
    }

    private void addPart(int of, long bytes, int range) {
        if (partCount > 0 && parts[partCount - 1] == of) {
            lastRanges[partCount - 1] = range;
            return;
        }
        if (partCount == parts.length) {
            parts = Arrays.copyOf(parts, 2 * partCount);
            partBytes = Arrays.copyOf(partBytes, 2 * partCount);
            firstRanges = Arrays.copyOf(firstRanges, 2 * partCount);
            lastRanges = Arrays.copyOf(lastRanges, 2 * partCount);
        }
        parts[partCount] = of;
        partBytes[partCount] = bytes;
        firstRanges[partCount] = range;
        lastRanges[partCount] = range;
        partCount++;
        allPartBytes += bytes;
    }

    /** Which part of the blocks that are in question lies in the ranges. */
    private double partOfParts() throws IOException {
        double inQuestion = (double) allPartBytes / allBytes;
        if (inQuestion <= NEGLIGIBLE) {
            return 0.5;
        }
        // The error is that of a mean of so many numbers between 0 and 1: a thirty-second of the file, unless that
        // takes too many.
        double enough = Math.ceil(MOST_LOOKS * inQuestion * MOST_LOOKS * inQuestion);
        int looks = (int) Math.min(Math.min(partCount, MOST_LOOKS), enough);
        double inRanges = 0;
        long seen = 0;
        for (int i = 0; i < looks; i++) {
            int part = place(i, (int) ((long) i * partCount / looks), (int) ((i + 1L) * partCount / looks));
            inRanges += partBytes[part] * look(part);
            seen += partBytes[part];
        }
        return inRanges / seen;
    }

    /** One of a stretch, another one in each: kinds of ranges may take turns. */
    private static int place(int stretch, int from, int to) {
        return from + (int) (((stretch + 1) * 0x9E3779B97F4A7C15L >>> 32) % (to - from));
    }

    /** Which part of the entries of a block lies in the ranges. */
    private double look(int part) throws IOException {
        cancellation.check();
        blocks.slots().countUses(1);
        int ordinal = parts[part];
        long pinned = blocks.pin(ordinal);
        try {
            Slab slab = blocks.slab(ordinal, pinned);
            int at = BlockSlots.offset(pinned);
            int count = BlockSearch.count(slab, at);
            int inside = 0;
            for (int i = firstRanges[part]; i <= lastRanges[part]; i++) {
                byte[] from = ranges.get(i).from();
                byte[] to = ranges.get(i).to();
                inside += (to == null ? count : BlockSearch.lowerBound(slab, at, to, 0, to.length))
                        - BlockSearch.lowerBound(slab, at, from, 0, from.length);
            }
            return (double) inside / count;
        } finally {
            blocks.unpin(ordinal, pinned);
        }
    }
}
