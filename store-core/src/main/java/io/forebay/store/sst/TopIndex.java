package io.forebay.store.sst;

import io.forebay.store.sst.filter.BlockedBloom;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.Slab;
import java.util.Arrays;

/**
 * Tells which partition may have a key, and where the partitions are. In memory as long as there is a reader of the file.
 * Immutable.
 *
 * <pre>
 * TopIndex     --> Partitions:varint, Descriptor^Partitions
 * Descriptor   --> Separator, DataBlocks:varint, DataBytes:varint, FilterLines:varint, IndexBytes:varint
 * Separator    --> Length:varint, u8^Length
 * </pre>
 *
 * A separator is not before the last key of its partition and before the first key of the next one, unless versions of one key
 * lie in both: then it is that key. Byte counts include trailers. The data blocks of all partitions follow each other from the
 * start of the file to its tail, there the filters of all of them, and then the index blocks up to the top index: without a
 * gap, so that offsets need not be stored.
 *
 * <p>All blocks that go through the cache are numbered in the order in which they lie in the file: data blocks, filter blocks,
 * index blocks. So a block has its number as soon as it is written.
 */
final class TopIndex {
    private static final int MIN_DESCRIPTOR_BYTES = 5;

    /** The common prefix of all separators. */
    private final byte[] prefix;
    /** The separators without the prefix. */
    private final byte[][] suffixes;
    /** Heads of the suffixes, without their last bit, so that differences do not overflow. */
    private final long[] heads;

    private final long[] dataOffsets;
    private final long[] filterOffsets;
    private final long[] indexOffsets;
    private final int[] firstDataBlocks;
    private final int[] firstFilterBlocks;
    private final int[] filterLines;
    private final int overhead;

    /** For a plain file. */
    TopIndex(FieldReader in, long tailOffset, long end) {
        this(in, tailOffset, end, SstFormat.overhead(null));
    }

    /**
     * @param tailOffset where the data blocks end
     * @param end where the index blocks end
     * @param overhead bytes that a block takes in the file beyond its content
     * @throws io.forebay.store.CorruptionException when the parts of the partitions do not add up to these offsets
     */
    TopIndex(FieldReader in, long tailOffset, long end, int overhead) {
        this.overhead = overhead;
        int leastBytes = overhead + 1;
        int size = in.count("partitions", MIN_DESCRIPTOR_BYTES);
        byte[][] separators = new byte[size][];
        dataOffsets = new long[size + 1];
        filterOffsets = new long[size + 1];
        indexOffsets = new long[size + 1];
        firstDataBlocks = new int[size + 1];
        firstFilterBlocks = new int[size + 1];
        filterLines = new int[size];
        filterOffsets[0] = tailOffset;
        for (int i = 0; i < size; i++) {
            separators[i] = in.string("length of a separator");
            if (i > 0 && Arrays.compareUnsigned(separators[i - 1], separators[i]) > 0) {
                throw in.corrupt("separators in ascending order", "a descending one");
            }
            long left = tailOffset - dataOffsets[i];
            int blocksLeft = Integer.MAX_VALUE / 2 - firstDataBlocks[i];
            long blocks = in.number("data blocks", 1, Math.min(left / leastBytes, blocksLeft));
            firstDataBlocks[i + 1] = firstDataBlocks[i] + (int) blocks;
            // At least the bytes that so many blocks take, so that the memory for each block is in proportion to the
            // file.
            dataOffsets[i + 1] = dataOffsets[i] + in.number("bytes of data blocks", blocks * leastBytes, left);
            left = end - filterOffsets[i] - indexOffsets[i];
            filterLines[i] =
                    (int) in.number("lines", 0, Math.min(left / BlockedBloom.LINE_BYTES, Integer.MAX_VALUE - 64));
            firstFilterBlocks[i + 1] = firstFilterBlocks[i] + SstFormat.filterBlocks(filterLines[i]);
            filterOffsets[i + 1] = filterOffsets[i] + SstFormat.filterBytes(filterLines[i], overhead);
            left = Math.min(end - filterOffsets[i + 1] - indexOffsets[i], Integer.MAX_VALUE);
            // Counted from the end of the filters, which is not known yet.
            indexOffsets[i + 1] = indexOffsets[i] + in.number("bytes of the index block", leastBytes, left);
        }
        in.end();
        for (int i = 0; i <= size; i++) {
            indexOffsets[i] += filterOffsets[size];
        }
        if (dataOffsets[size] != tailOffset || indexOffsets[size] != end) {
            throw in.corrupt(
                    "data blocks up to offset " + tailOffset + " and index blocks up to " + end,
                    "up to " + dataOffsets[size] + " and " + indexOffsets[size]);
        }
        prefix = size == 0 ? new byte[0] : commonPrefix(separators[0], separators[size - 1]);
        suffixes = separators;
        heads = new long[size];
        for (int i = 0; i < size; i++) {
            suffixes[i] = Arrays.copyOfRange(separators[i], prefix.length, separators[i].length);
            heads[i] = Slab.head(suffixes[i], 0, suffixes[i].length) >>> 1;
        }
    }

    private static byte[] commonPrefix(byte[] first, byte[] last) {
        int differs = Arrays.mismatch(first, last);
        return differs < 0 ? first : Arrays.copyOf(first, differs);
    }

    /** About how many heap bytes this takes. */
    long heapBytes() {
        long bytes = 256L + prefix.length;
        for (byte[] suffix : suffixes) {
            bytes += 72 + suffix.length;
        }
        return bytes;
    }

    int partitions() {
        return suffixes.length;
    }

    int dataBlocks() {
        return firstDataBlocks[suffixes.length];
    }

    /** The first partition that may have keys at or after {@code key}; {@link #partitions()} when there is none. */
    int find(byte[] key, int offset, int length) {
        int common = Math.min(prefix.length, length);
        int differs = Arrays.mismatch(prefix, 0, common, key, offset, offset + common);
        if (differs >= 0) {
            return (prefix[differs] & 0xFF) > (key[offset + differs] & 0xFF) ? 0 : suffixes.length;
        }
        if (common < prefix.length) {
            return 0;
        }
        long head = Slab.head(key, offset + common, length - common) >>> 1;
        int low = 0;
        // Without branches, because none of them could be predicted.
        for (int left = heads.length; left > 0; ) {
            int half = (left + 1) >>> 1;
            low += half & (int) ((heads[low + half - 1] - head) >> 63);
            left -= half;
        }
        if (low < heads.length && heads[low] == head && isBefore(low, key, offset + common, length - common)) {
            return findAmongEqualHeads(low + 1, head, key, offset + common, length - common);
        }
        return low;
    }

    private int findAmongEqualHeads(int from, long head, byte[] key, int offset, int length) {
        int low = from;
        int high = heads.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (heads[middle] == head && isBefore(middle, key, offset, length)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private boolean isBefore(int partition, byte[] key, int offset, int length) {
        byte[] suffix = suffixes[partition];
        return Slab.compare(suffix, 0, suffix.length, key, offset, length) < 0;
    }

    /** The partition of a data block. */
    int partitionOfDataBlock(int dataBlock) {
        return partitionOf(firstDataBlocks, dataBlock);
    }

    private static int partitionOf(int[] firsts, int block) {
        int low = 0;
        int high = firsts.length - 1;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (firsts[middle] <= block) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    byte[] separator(int partition) {
        byte[] suffix = suffixes[partition];
        byte[] separator = Arrays.copyOf(prefix, prefix.length + suffix.length);
        System.arraycopy(suffix, 0, separator, prefix.length, suffix.length);
        return separator;
    }

    int firstDataBlock(int partition) {
        return firstDataBlocks[partition];
    }

    /** Data blocks of a partition. */
    int dataBlocks(int partition) {
        return firstDataBlocks[partition + 1] - firstDataBlocks[partition];
    }

    long dataOffset(int partition) {
        return dataOffsets[partition];
    }

    long dataBytes(int partition) {
        return dataOffsets[partition + 1] - dataOffsets[partition];
    }

    long indexOffset(int partition) {
        return indexOffsets[partition];
    }

    int indexBytes(int partition) {
        return (int) (indexOffsets[partition + 1] - indexOffsets[partition]);
    }

    /** Bytes of the filters of all partitions. */
    long allFilterBytes() {
        return indexOffsets[0] - filterOffsets[0];
    }

    /** Bytes of the index blocks of all partitions. */
    long allIndexBytes() {
        return indexOffsets[suffixes.length] - indexOffsets[0];
    }

    /** Lines of the filter of a partition; 0 when it has no filter. */
    int filterLines(int partition) {
        return filterLines[partition];
    }

    // Numbers of blocks in the cache.

    int blocks() {
        return firstIndexOrdinal() + suffixes.length;
    }

    /** Numbers before this one are those of data blocks. */
    private int firstFilterOrdinal() {
        return dataBlocks();
    }

    /** The number of the index block of the first partition. Numbers before this one are those of data and filter blocks. */
    int firstIndexOrdinal() {
        return dataBlocks() + firstFilterBlocks[suffixes.length];
    }

    int filterOrdinal(int partition, int line) {
        return firstFilterOrdinal() + firstFilterBlocks[partition] + line / SstFormat.LINES_PER_FILTER_BLOCK;
    }

    long filterOffset(int ordinal) {
        int block = ordinal - firstFilterOrdinal();
        int partition = partitionOf(firstFilterBlocks, block);
        int before = block - firstFilterBlocks[partition];
        return filterOffsets[partition] + SstFormat.filterBytes(before * SstFormat.LINES_PER_FILTER_BLOCK, overhead);
    }

    int filterBytes(int ordinal) {
        int block = ordinal - firstFilterOrdinal();
        int partition = partitionOf(firstFilterBlocks, block);
        int before = (block - firstFilterBlocks[partition]) * SstFormat.LINES_PER_FILTER_BLOCK;
        int lines = Math.min(SstFormat.LINES_PER_FILTER_BLOCK, filterLines[partition] - before);
        return lines * BlockedBloom.LINE_BYTES + overhead;
    }
}
