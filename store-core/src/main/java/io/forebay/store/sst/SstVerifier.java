package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.KeyText;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.sst.block.HeadVerifier;
import io.forebay.store.sst.filter.BlockedBloom;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFileReader;
import io.forebay.store.values.ValueReference;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/**
 * Reads a file from the first byte to the last and checks all that a reader relies on: checksums, the structure of every block,
 * the order of keys within and across blocks, whether index, filter and properties agree with them, and the fragments of range
 * deletes. It goes on after a damaged block, as far as the rest of the file tells where the next block is.
 *
 * <p>Reads past the block cache. Keeps the metadata of the file, one index block, the filter of one partition and one data
 * block on the heap. Used by one thread.
 */
public final class SstVerifier {
    private final ReadableFile file;
    private final String name;
    private final Findings findings;
    private final BooleanSupplier stopped;
    private final ValueCheck values;
    private final BlockCursor entries = new BlockCursor();
    private final BlockCursor separators = new BlockCursor();
    private Slab index = new Slab(ByteBuffer.allocate(SstFormat.META_BLOCK_BYTES));
    private Slab filter = new Slab(ByteBuffer.allocate(SstFormat.META_BLOCK_BYTES));
    /** True while the filter of the current partition is usable. */
    private boolean filterIsWhole;

    private SstMetadata metadata;
    /** What the entries that were read have in each value file. */
    private long[] valueBytes = {};

    private KeyText text;
    private TopIndex top;
    private SstBlocks blocks;
    private BlockAccess data;
    private EntryTotals totals;
    private long blocksRead;
    /** True when some block could not be read, so that totals cannot be compared. */
    private boolean incomplete;
    /**
     * True when the block before the current one could not be read: it may have ended with the first key of the current one.
     */
    private boolean afterGap;

    /** The last key, and the separator of the last block. */
    private byte[] lastKey = new byte[64];

    private int lastKeyLength;
    private long lastSequence;
    private byte[] lastSeparator = new byte[64];
    private int lastSeparatorLength = -1;

    /**
     * @param file belongs to the caller, and stays open
     * @param name of the file, for messages
     * @param findings gets what is wrong
     * @param values checks the values that entries refer to
     * @param stopped called before every block; true ends the verification
     */
    public SstVerifier(ReadableFile file, String name, Findings findings, ValueCheck values, BooleanSupplier stopped) {
        this.values = values;
        this.file = file;
        this.name = name;
        this.findings = findings;
        this.stopped = stopped;
    }

    /**
     * @param keyId of the master key if the file must be encrypted; null when it may be plain
     * @throws IOException when the end of the file, which has its metadata, cannot be read at all
     * @throws io.forebay.store.FormatTooNewException when a newer version wrote the file
     * @throws io.forebay.store.EncryptionException when the file is encrypted and its key is not available
     */
    public void verify(Encryption encryption, String keyId) throws IOException {
        try {
            metadata = SstMetadata.load(file, name, encryption, keyId, SstMetadata.UNKNOWN);
        } catch (CorruptionException e) {
            findings.add(e);
            return;
        }
        text = KeyText.forStore(metadata.cipher() != null);
        top = metadata.top();
        blocks = new SstBlocks(file, name, metadata, null, null);
        data = new ReadAheadBlocks(null, null);
        totals = new EntryTotals().addTombstones(metadata.tombstones());
        valueBytes = new long[metadata.properties().valueFiles().size()];
        // top index, properties, and range deletes if there are any
        blocksRead += metadata.tombstones().isEmpty() ? 2 : 3;
        checkTailSizes();
        for (int partition = 0; partition < top.partitions() && !stopped.getAsBoolean(); partition++) {
            verifyPartition(partition);
        }
        if (!incomplete && !stopped.getAsBoolean()) {
            totals.compare(metadata.properties(), findings);
            checkLargestKey(metadata.properties().largestKey());
            checkValueBytes();
        }
    }

    private void checkValueBytes() {
        for (int i = 0; i < valueBytes.length; i++) {
            ValueShare share = metadata.properties().valueFiles().get(i);
            if (share.bytes() != valueBytes[i]) {
                findings.add(
                        -1,
                        share.bytes() + " bytes of values in value file " + i + ", as the properties say",
                        Long.toString(valueBytes[i]));
            }
        }
    }

    /** Checks the value that the present entry refers to. */
    private void checkReference(long offset) {
        ValueReference reference;
        try {
            reference = ValueReference.read(
                    entries.valueSlab(), entries.valueOffset(), entries.valueLength(), name, offset);
            SstReader.checkReference(reference.file(), valueBytes.length, name);
        } catch (CorruptionException e) {
            findings.add(e);
            return;
        }
        int file = reference.file();
        String keyId = metadata.properties().valueFiles().get(file).keyId();
        totals.reference(file, reference.length());
        valueBytes[file] += ValueFileReader.storedBytes(reference.length(), keyId);
        values.check(file, reference.offset(), reference.length());
    }

    /** The properties of the file; null when they cannot be read. */
    public SstProperties properties() {
        return metadata == null ? null : metadata.properties();
    }

    /** The number of blocks that are intact. */
    public long blocks() {
        return blocksRead;
    }

    /** The number of entries in the blocks that are intact. */
    public long entries() {
        return totals == null ? 0 : totals.entries();
    }

    private void checkTailSizes() {
        TailSizes said = metadata.properties().tailSizes();
        if (said != null && !said.equals(metadata.tailSizes())) {
            findings.add(
                    metadata.properties().tailOffset(),
                    "a tail with " + said,
                    metadata.tailSizes().toString());
        }
    }

    private void verifyPartition(int partition) {
        if (!loadIndex(partition)) {
            // Only the index knows where the data blocks of the partition are.
            incomplete = true;
            afterGap = true;
            lastSeparatorLength = -1;
            return;
        }
        loadFilter(partition);
        int indexEnd = blocks.cachedBytes(top.indexBytes(partition)) - BlockTrailer.BYTES;
        separators.enter(index, 0, indexEnd);
        checkHeads(separators, top.indexOffset(partition));
        separators.seekToFirst();
        for (int i = 0; i < top.dataBlocks(partition) && !stopped.getAsBoolean(); i++) {
            long offset = top.dataOffset(partition) + SstBlocks.startOfData(index, 0, indexEnd, i);
            if (loadData(top.firstDataBlock(partition) + i, offset)) {
                verifyEntries(partition, i, offset);
                afterGap = false;
            } else {
                incomplete = true;
                afterGap = true;
            }
            checkSeparatorOrder(top.indexOffset(partition));
            separators.next();
        }
        byte[] topSeparator = top.separator(partition);
        if (!incomplete && Slab.compare(topSeparator, 0, topSeparator.length, lastKey, 0, lastKeyLength) < 0) {
            findings.add(
                    top.indexOffset(partition),
                    "a separator of partition " + partition + " at or after its last key "
                            + text.of(lastKey, 0, lastKeyLength),
                    text.of(topSeparator));
        }
    }

    private boolean loadIndex(int partition) {
        int bytes = blocks.cachedBytes(top.indexBytes(partition));
        index = withRoom(index, bytes);
        return load(top.indexOffset(partition), () -> blocks.readIndex(partition, index, 0));
    }

    private void loadFilter(int partition) {
        int lines = top.filterLines(partition);
        int probes = metadata.properties().filterProbes();
        filterIsWhole = lines > 0;
        if ((lines == 0) != (probes == 0) || probes > BlockedBloom.MAX_PROBES) {
            findings.add(
                    top.indexOffset(partition),
                    "a filter exactly if keys are probed, at most " + BlockedBloom.MAX_PROBES + " times",
                    lines + " lines and " + probes + " probes");
            filterIsWhole = false;
        }
        int at = 0;
        for (int line = 0; line < lines; line += SstFormat.LINES_PER_FILTER_BLOCK) {
            int ordinal = top.filterOrdinal(partition, line);
            int bytes = blocks.cachedBytes(top.filterBytes(ordinal));
            filter = withRoom(filter, at + bytes);
            int into = at;
            filterIsWhole &= load(top.filterOffset(ordinal), () -> blocks.read(ordinal, filter, into));
            // The lines of all blocks follow each other: the next block overwrites the trailer of this one.
            at += bytes - BlockTrailer.BYTES;
        }
    }

    private boolean loadData(int block, long offset) {
        return load(offset, () -> data.data(blocks, block));
    }

    private interface Reading {
        void run() throws IOException;
    }

    /** False when a block is damaged or cannot be read. */
    private boolean load(long offset, Reading reading) {
        try {
            reading.run();
            blocksRead++;
            return true;
        } catch (CorruptionException e) {
            findings.add(e);
        } catch (IOException e) {
            findings.add(offset, "a block that can be read", e.toString());
        }
        return false;
    }

    /** Checks the loaded block against the blocks before it, the index and the filter. */
    private void verifyEntries(int partition, int number, long offset) {
        entries.enter(data.slab, data.at, data.length);
        checkSize(offset);
        boolean ordered = true;
        for (; entries.isValid(); entries.next()) {
            boolean first = totals.entries() == 0 && !incomplete;
            int order = lastKeyLength == 0 && totals.entries() == 0
                    ? -1
                    : Slab.compare(lastKey, 0, lastKeyLength, entries.key(), 0, entries.keyLength());
            if (ordered && (order > 0 || (order == 0 && lastSequence <= entries.sequence()))) {
                ordered = false;
                findings.add(
                        offset,
                        "entries in ascending order of keys, versions of a key from new to old",
                        describeEntry() + " after " + text.of(lastKey, 0, lastKeyLength) + " at " + lastSequence);
            }
            if (first) {
                checkSmallestKey();
            }
            if (order != 0) {
                checkDistinct(partition, number, offset);
                lastKey = withRoom(lastKey, entries.keyLength());
                System.arraycopy(entries.key(), 0, lastKey, 0, entries.keyLength());
                lastKeyLength = entries.keyLength();
            }
            lastSequence = entries.sequence();
            totals.add(order == 0, entries);
            if (entries.kind() == ValueKind.REFERENCE) {
                checkReference(offset);
            }
            if (isCovered()) {
                totals.covered();
            }
        }
        if (ordered) {
            checkHeads(entries, offset);
        }
        if (Slab.compare(lastKey, 0, lastKeyLength, separators.key(), 0, separators.keyLength()) > 0) {
            findings.add(
                    top.indexOffset(partition),
                    "a separator of the block at " + offset + " at or after its last key "
                            + text.of(lastKey, 0, lastKeyLength),
                    text.of(separators.key(), 0, separators.keyLength()));
        }
    }

    /** Whether a range delete of the file hides the present entry. */
    private boolean isCovered() {
        FragmentArray tombstones = metadata.tombstones();
        Fragment over = tombstones.isEmpty() ? null : tombstones.covering(entries.key(), 0, entries.keyLength());
        return over != null && over.sequences()[0] > entries.sequence();
    }

    /** Checks a key that is not the one before: the separators must lead to it, and the filter must let it through. */
    private void checkDistinct(int partition, int number, long offset) {
        if (afterGap && entries.isFirst()) {
            return;
        }
        byte[] key = entries.key();
        int length = entries.keyLength();
        if (lastSeparatorLength >= 0
                && entries.isFirst()
                && Slab.compare(lastSeparator, 0, lastSeparatorLength, key, 0, length) >= 0) {
            findings.add(
                    top.indexOffset(partition),
                    "a separator before key " + text.of(key, 0, length) + " of block " + number + " at " + offset,
                    text.of(lastSeparator, 0, lastSeparatorLength));
        }
        if (entries.isFirst() && BlockSearch.lowerBound(index, 0, key, 0, length) != number) {
            findings.add(
                    top.indexOffset(partition),
                    "key " + text.of(key, 0, length) + " to be looked for in block " + number + " of its partition",
                    "block " + BlockSearch.lowerBound(index, 0, key, 0, length));
        }
        if (entries.isFirst() && top.find(key, 0, length) != partition) {
            findings.add(
                    top.indexOffset(partition),
                    "key " + text.of(key, 0, length) + " to be looked for in partition " + partition,
                    "partition " + top.find(key, 0, length));
        }
        if (filterIsWhole) {
            long hash = KeyHash.of(key, 0, length);
            int at = BlockedBloom.line(hash, top.filterLines(partition)) * BlockedBloom.LINE_BYTES;
            if (!BlockedBloom.mayContain(filter, at, hash, metadata.properties().filterProbes())) {
                filterIsWhole = false;
                findings.add(
                        top.filterOffset(top.filterOrdinal(partition, 0)),
                        "a filter that lets key " + text.of(key, 0, length) + " of the block at " + offset + " through",
                        "one that does not");
            }
        }
    }

    private void checkHeads(BlockCursor block, long offset) {
        if (!HeadVerifier.isAsWritten(block)) {
            findings.add(offset, "a prefix and heads of the bytes in which keys differ", "others");
        }
    }

    private void checkSize(long offset) {
        int blockBytes = metadata.properties().blockBytes();
        int bytes = data.length + SstFormat.overhead(metadata.cipher());
        if (bytes > blockBytes && entries.size() > 1) {
            findings.add(
                    offset,
                    "a block of at most " + blockBytes + " bytes",
                    bytes + " with " + entries.size() + " entries");
        }
    }

    private void checkSeparatorOrder(long offset) {
        if (lastSeparatorLength >= 0
                && Slab.compare(lastSeparator, 0, lastSeparatorLength, separators.key(), 0, separators.keyLength())
                        > 0) {
            findings.add(
                    offset,
                    "separators in ascending order",
                    text.of(separators.key(), 0, separators.keyLength()) + " after "
                            + text.of(lastSeparator, 0, lastSeparatorLength));
        }
        lastSeparator = withRoom(lastSeparator, separators.keyLength());
        System.arraycopy(separators.key(), 0, lastSeparator, 0, separators.keyLength());
        lastSeparatorLength = separators.keyLength();
    }

    private void checkSmallestKey() {
        byte[] smallest = metadata.properties().smallestKey();
        if (smallest == null
                || Slab.compare(smallest, 0, smallest.length, entries.key(), 0, entries.keyLength()) != 0) {
            findings.add(
                    -1,
                    "smallest key " + (smallest == null ? "none" : text.of(smallest)),
                    text.of(entries.key(), 0, entries.keyLength()));
        }
    }

    private void checkLargestKey(byte[] largest) {
        if (largest != null && Slab.compare(largest, 0, largest.length, lastKey, 0, lastKeyLength) != 0) {
            findings.add(-1, "largest key " + text.of(largest), text.of(lastKey, 0, lastKeyLength));
        }
    }

    private String describeEntry() {
        return text.of(entries.key(), 0, entries.keyLength()) + " at " + entries.sequence();
    }

    private static Slab withRoom(Slab slab, int bytes) {
        if (slab.capacity() >= bytes) {
            return slab;
        }
        Slab larger = new Slab(ByteBuffer.allocate(Math.max(bytes, 2 * slab.capacity())));
        byte[] kept = new byte[slab.capacity()];
        slab.get(0, kept, 0, kept.length);
        larger.put(0, kept, 0, kept.length);
        return larger;
    }

    private static byte[] withRoom(byte[] array, int bytes) {
        return array.length >= bytes ? array : new byte[Math.max(bytes, 2 * array.length)];
    }
}
