package io.forebay.store.sst;

import io.forebay.store.key.ValueKind;
import io.forebay.store.sst.block.BlockBuilder;
import io.forebay.store.sst.filter.BlockedBloom;
import io.forebay.store.sst.filter.FilterBuilder;
import io.forebay.store.util.FieldWriter;
import java.io.IOException;
import java.util.Arrays;

/**
 * Collects the index block and the filter of the current partition of a file that is being written, and holds those of the
 * partitions before it, which belong into the tail of the file. A partition ends before the data block that does not fit its
 * index block, or with which it would have too many keys. Used by one thread. The owner calls {@link #close()} in any case.
 */
final class PartitionWriter {
    /** Limits the memory for hashes to a quarter of a MiB. */
    private static final int MAX_KEYS = 32 << 10;
    /** The index stores the ends of blocks in 32 bits. */
    private static final long MAX_DATA_BYTES = 0xFFFFFFFFL;

    private final BlockOutput output;
    private final BlockBuilder index;
    /** True when the entries of the index have the content lengths of blocks. */
    private final boolean sized;

    private final FilterBuilder filter;
    private final HeldBlocks filters;
    private final HeldBlocks indexes;
    private final FieldWriter top = new FieldWriter();
    private byte[] separator = new byte[0];
    private long begin;
    private int partitions;

    /**
     * @param memory counts what is held back; null to count nothing
     * @param bitsPerKey 0 for no filter
     */
    PartitionWriter(BlockOutput output, HeldMemory memory, int bitsPerKey) {
        this.output = output;
        this.sized = output.compresses();
        this.index = BlockBuilder.besidesPrefix(SstFormat.META_BLOCK_BYTES - output.overhead());
        this.filter = bitsPerKey == 0 ? null : new FilterBuilder(bitsPerKey);
        this.filters = new HeldBlocks(memory);
        this.indexes = new HeldBlocks(memory);
    }

    boolean hasFilter() {
        return filter != null;
    }

    /** Adds the hash of a distinct key of the data block that comes next. */
    void addKey(long hash) {
        filter.add(hash);
    }

    /** The number of keys added so far. The caller notes it at the start of each data block. */
    int keys() {
        return filter == null ? 0 : filter.count();
    }

    /**
     * Adds a data block to the index. The caller writes the block right after this call.
     *
     * @param newSeparator a key not before the last one of the block and before the first one of the next; kept
     * @param blockBytes bytes that the block takes in the file
     * @param contentBytes bytes of its content
     * @param keysBefore {@link #keys()} at the start of the block
     */
    void addBlock(byte[] newSeparator, long blockBytes, int contentBytes, int keysBefore) {
        boolean full = keysBefore >= MAX_KEYS || output.position() - begin + blockBytes > MAX_DATA_BYTES;
        if (!index.isEmpty()
                && (full || !addToIndex(newSeparator, contentBytes, output.position() - begin + blockBytes))) {
            finish(keysBefore);
        }
        if (index.isEmpty()) {
            begin = output.position();
            addToIndex(newSeparator, contentBytes, blockBytes);
        }
        separator = newSeparator;
    }

    private boolean addToIndex(byte[] newSeparator, int contentBytes, long end) {
        int shared = Arrays.mismatch(separator, newSeparator);
        boolean added = index.add(
                newSeparator,
                0,
                newSeparator.length,
                shared < 0 ? newSeparator.length : shared,
                0,
                ValueKind.PUT,
                SstFormat.placeBytes(sized));
        if (added) {
            int at = index.valueAt();
            if (sized) {
                putInt(at, contentBytes);
                at += Integer.BYTES;
            }
            putInt(at, (int) end);
        }
        return added;
    }

    private void putInt(int at, int value) {
        for (int i = 0; i < Integer.BYTES; i++) {
            index.values()[at + i] = (byte) (value >>> (24 - 8 * i));
        }
    }

    /** Ends the last partition. */
    void finish() {
        if (!index.isEmpty()) {
            finish(keys());
        }
    }

    private void finish(int keys) {
        long dataBytes = output.position() - begin;
        int lines = filter == null ? 0 : holdFilter(keys);
        top.string(separator)
                .number(index.count())
                .number(dataBytes)
                .number(lines)
                .number(index.size() + output.overhead());
        indexes.add(index, output.tailPlace(index.size()));
        partitions++;
    }

    private int holdFilter(int keys) {
        long[] words = filter.build(keys);
        int wordsPerBlock = SstFormat.LINES_PER_FILTER_BLOCK * BlockedBloom.LINE_BYTES / Long.BYTES;
        for (int from = 0; from < words.length; from += wordsPerBlock) {
            int to = Math.min(words.length, from + wordsPerBlock);
            filters.add(words, from, to, output.tailPlace((to - from) * Long.BYTES));
        }
        return words.length * Long.BYTES / BlockedBloom.LINE_BYTES;
    }

    /** Writes the filters, after {@link #finish()}. */
    void writeFilters() throws IOException {
        filters.writeTo(output);
    }

    /** Writes the index blocks, after {@link #finish()}. */
    void writeIndexes() throws IOException {
        indexes.writeTo(output);
    }

    /** True when the budget has no room for what is held back: then the file should end. */
    boolean isRefused() {
        return filters.isRefused() || indexes.isRefused();
    }

    /** Gives the memory back. Idempotent. */
    void close() {
        filters.close();
        indexes.close();
    }

    /** Bytes that index, filter and top index would take in addition to what is written. */
    long estimatedBytes() {
        return index.size() + metaBytes();
    }

    /** Not less than {@link #estimatedBytes()}. Cheap. */
    long mostBytes() {
        return index.mostBytes() + metaBytes();
    }

    private long metaBytes() {
        int overhead = output.overhead();
        return filters.fileBytes(overhead)
                + indexes.fileBytes(overhead)
                + top.size()
                + (filter == null ? 0 : filter.estimatedBytes());
    }

    /** The content of the top index, see {@link TopIndex}. */
    FieldWriter topIndex() {
        return new FieldWriter().number(partitions).append(top);
    }
}
