package io.forebay.store.sst;

import io.forebay.store.Compression;
import io.forebay.store.WritableFile;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.compress.Codecs;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.KeyText;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.sst.block.BlockBuilder;
import io.forebay.store.sst.filter.BlockedBloom;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueReference;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Writes one SST (layout: {@link SstFormat}) from entries in internal order. It streams data blocks; what it holds back are the
 * filters and index blocks, about a twentieth of a file of ordinary entries, and eight bytes for each key of the current
 * partition. Large values are not copied. It does not
 * decide where a file ends ({@link io.forebay.store.flush.SstOutput} does), and does not create or delete the file. Used by one
 * thread. After an exception from any method, and when the file is not needed, the caller calls {@link #abandon()} and deletes
 * the file.
 */
public final class SstWriter {
    /** A larger entry gets a block of its own, which is written without copying the value. */
    private static final int LONE_BYTES = 64 << 10;

    private static final int MAX_DATA_BLOCKS = 1 << 30;

    private final WritableFile file;
    private final String name;
    private final FileCipher cipher;
    private final KeyText text;
    private final Compression compression;
    private final int blockBytes;
    private final int filterProbes;
    private final long creationMillis;
    private final BlockOutput output;
    private final PartitionWriter partition;
    private final BlockBuilder block;
    private final Fragmenter tombstones = new Fragmenter();
    private final EntryTotals totals = new EntryTotals();
    private byte[] lastKey = new byte[64];
    private int lastLength;
    private long lastSequence;
    private byte[] smallestKey;
    private int keysBeforeBlock;
    private long dataBlocks;
    private Expiry expiry;
    private EventTimes eventTimes;
    private List<ValueShare> valueFiles = List.of();
    private final byte[] reference = new byte[ValueReference.MAX_BYTES];
    private boolean ended;
    /** Null for none. */
    private CacheFill fill;
    /** Set by {@link #finish()}, until the caller takes it. */
    private WrittenSst written;

    /** As the other constructor, for a plain file without compression. */
    public SstWriter(WritableFile file, String name, int blockBytes, int bloomBitsPerKey, long creationMillis) {
        this(file, name, null, null, Compression.NONE, blockBytes, bloomBitsPerKey, creationMillis);
    }

    /**
     * @param file new and empty; belongs to the writer from this call on
     * @param name of the file, for messages
     * @param cipher of this file; null for a plain one
     * @param memory counts what is held back; null to count nothing
     * @param compression of data blocks; its library must be present
     * @param blockBytes size, before compression, at which data blocks are closed, 128 to 65536
     * @param bloomBitsPerKey 0 (no filter) to 32
     * @param creationMillis milliseconds since the epoch, recorded in the properties
     */
    public SstWriter(
            WritableFile file,
            String name,
            FileCipher cipher,
            HeldMemory memory,
            Compression compression,
            int blockBytes,
            int bloomBitsPerKey,
            long creationMillis) {
        if (blockBytes < 128 || blockBytes > 64 << 10) {
            throw new IllegalArgumentException("blockBytes is " + blockBytes + ", must be 128 to 65536");
        }
        if (bloomBitsPerKey < 0 || bloomBitsPerKey > 32) {
            throw new IllegalArgumentException("bloomBitsPerKey is " + bloomBitsPerKey + ", must be 0 to 32");
        }
        this.file = file;
        this.name = name;
        this.cipher = cipher;
        this.text = KeyText.forStore(cipher != null);
        this.compression = compression;
        this.blockBytes = blockBytes;
        this.filterProbes = BlockedBloom.probes(bloomBitsPerKey);
        this.creationMillis = creationMillis;
        this.output = new BlockOutput(file, cipher, Codecs.of(compression, "SST " + name));
        this.partition = new PartitionWriter(output, memory, bloomBitsPerKey);
        this.block = new BlockBuilder(blockBytes - output.overhead());
    }

    /**
     * Adds the next entry: a greater user key, or the same key with a smaller sequence number. Bytes are copied.
     *
     * @param value where the value lies; may be null when {@code valueLength} is 0
     * @throws IllegalArgumentException naming both keys when the entry is out of order, or for an unknown kind
     */
    public void add(
            byte[] key,
            int keyOffset,
            int keyLength,
            long sequence,
            byte kind,
            Slab value,
            int valueOffset,
            int valueLength)
            throws IOException {
        int shared = begin(key, keyOffset, keyLength, sequence, kind, valueLength);
        if ((long) keyLength + valueLength > LONE_BYTES) {
            ByteBuffer bytes = valueLength == 0 ? ByteBuffer.allocate(0) : value.slice(valueOffset, valueLength);
            addLone(key, keyOffset, keyLength, shared, sequence, kind, bytes);
        } else {
            addToBlock(key, keyOffset, keyLength, shared, sequence, kind, valueLength);
            if (valueLength > 0) {
                value.get(valueOffset, block.values(), block.valueAt(), valueLength);
            }
        }
        setLast(key, keyOffset, keyLength, sequence);
    }

    /** As the other method, with the value in an array. */
    public void add(
            byte[] key,
            int keyOffset,
            int keyLength,
            long sequence,
            byte kind,
            byte[] value,
            int valueOffset,
            int valueLength)
            throws IOException {
        int shared = begin(key, keyOffset, keyLength, sequence, kind, valueLength);
        if ((long) keyLength + valueLength > LONE_BYTES) {
            ByteBuffer bytes =
                    valueLength == 0 ? ByteBuffer.allocate(0) : ByteBuffer.wrap(value, valueOffset, valueLength);
            addLone(key, keyOffset, keyLength, shared, sequence, kind, bytes);
        } else {
            addToBlock(key, keyOffset, keyLength, shared, sequence, kind, valueLength);
            if (valueLength > 0) {
                System.arraycopy(value, valueOffset, block.values(), block.valueAt(), valueLength);
            }
        }
        setLast(key, keyOffset, keyLength, sequence);
    }

    /**
     * Adds an entry as the other methods do: a put whose value is in a value file.
     *
     * @param place its {@code file} is a place in the list that {@link #valueFiles} will get
     */
    public void addReference(byte[] key, int keyOffset, int keyLength, long sequence, ValueReference place)
            throws IOException {
        int length = place.write(reference, 0);
        add(key, keyOffset, keyLength, sequence, ValueKind.REFERENCE, reference, 0, length);
        totals.reference(place.file(), place.length());
    }

    /**
     * Says that a range delete of this file is newer than the last entry, and over its key: the entry counts as {@link Superseded}. The caller
     * knows, for range deletes may be added after the entries.
     */
    public void covered() {
        checkOpen();
        totals.covered();
    }

    /**
     * Adds a fragment of range deletes, at any time and in any order; it may overlap fragments added before. The arrays are
     * kept.
     */
    public void addTombstone(Fragment fragment) {
        checkOpen();
        tombstones.add(fragment);
    }

    /**
     * Says when the entries expire; before {@link #finish()}. The caller knows, for the writer does not understand values.
     * Without this call the file does not say it.
     *
     * @param newExpiry null for none
     */
    public void expiry(Expiry newExpiry) {
        checkOpen();
        expiry = newExpiry;
    }

    /**
     * Says which event times the entries have; before {@link #finish()}. Without this call the file does not say it.
     *
     * @param newTimes null for none
     */
    public void eventTimes(EventTimes newTimes) {
        checkOpen();
        eventTimes = newTimes;
    }

    /**
     * Says which value files the entries refer to, in the order of their places in references; before {@link #finish()}. Without
     * this call there are none.
     *
     * @param newFiles no two of the same value file
     */
    public void valueFiles(List<ValueShare> newFiles) {
        checkOpen();
        valueFiles = List.copyOf(newFiles);
    }

    /** Offers the blocks of the file to the cache as well; before the first entry. Belongs to the writer from this call on. */
    public void fillCache(CacheFill newFill) {
        checkOpen();
        fill = newFill;
        output.fill(newFill);
    }

    /** About how many heap bytes the range deletes added so far will take in a reader of the file. */
    public long tombstoneBytes() {
        return tombstones.heapBytes();
    }

    /**
     * About how long the file would be if it were finished now, in bytes. Never shrinks by more than a few percent. A block
     * that is still to be compressed is left out, because its size is not known: otherwise a file could end too early and be
     * small, and a merge of small files must not make the same small files again.
     */
    public long estimatedBytes() {
        return estimate(block.size(), partition.estimatedBytes());
    }

    /** Whether {@link #estimatedBytes()} is at least {@code bytes}; cheap while it is much less. */
    public boolean hasReached(long bytes) {
        return estimate(block.mostBytes(), partition.mostBytes()) >= bytes && estimatedBytes() >= bytes;
    }

    private long estimate(long blockBytes, long partitionBytes) {
        return output.position()
                + (compression == Compression.NONE ? blockBytes : 0)
                + partitionBytes
                + tombstones.encodedBytes()
                + (cipher == null ? SstFormat.FOOTER_BYTES : EncryptedFooter.length(cipher))
                + 64;
    }

    /**
     * True when the budget has no room for what is held back of this file. It may go on: the rest is held without being counted.
     * So the file should end as soon as it may.
     */
    public boolean isShortOfMemory() {
        return partition.isRefused();
    }

    /** True until something was added. */
    public boolean isEmpty() {
        return totals.entries() == 0 && tombstones.isEmpty();
    }

    /**
     * Writes the rest, syncs and closes the file: its bytes are durable when this returns (its name only after {@link
     * io.forebay.store.FileStore#syncDirectory()}).
     *
     * @throws IllegalStateException when nothing was added
     */
    public SstProperties finish() throws IOException {
        checkOpen();
        if (isEmpty()) {
            throw new IllegalStateException("Nothing was added to SST " + name + "; abandon it");
        }
        closeBlock(null, 0, 0);
        partition.finish();
        long tailOffset = output.position();
        partition.writeFilters();
        long indexOffset = output.position();
        partition.writeIndexes();
        partition.close();
        long topIndexOffset = output.position();
        output.block(partition.topIndex());
        long tombstonesOffset = output.position();
        FragmentArray fragments = tombstones.finish();
        totals.addTombstones(fragments);
        if (!fragments.isEmpty()) {
            output.block(TombstoneBlock.encode(fragments));
        }
        long propertiesOffset = output.position();
        TailSizes sizes = new TailSizes(
                indexOffset - tailOffset,
                topIndexOffset - indexOffset,
                tombstonesOffset - topIndexOffset,
                propertiesOffset - tombstonesOffset);
        output.block(PropertiesBlock.encode(properties(fragments, 0, tailOffset, sizes)));
        SstFormat format = new SstFormat(tailOffset, topIndexOffset, tombstonesOffset, propertiesOffset);
        output.footer(cipher == null ? format.encode() : EncryptedFooter.encode(format, cipher, output.position()));
        output.flush();
        file.sync();
        ended = true;
        file.close();
        SstProperties properties = properties(fragments, output.position(), tailOffset, sizes);
        if (fill != null) {
            fillEnds(properties, topIndexOffset, fragments);
        }
        return properties;
    }

    private void fillEnds(SstProperties properties, long topIndexOffset, FragmentArray fragments) {
        BlockSlots slots = fill.finish();
        if (slots != null) {
            FieldWriter index = partition.topIndex();
            FieldReader in = new FieldReader(index.array(), index.size(), name, topIndexOffset);
            TopIndex top = new TopIndex(in, properties.tailOffset(), topIndexOffset, SstFormat.overhead(cipher));
            written =
                    new WrittenSst(new SstMetadata(properties, top, fragments, cipher, properties.tailSizes()), slots);
        }
    }

    /**
     * After {@link #finish()}, once: what the reader of the file needs, with the blocks that are in the cache. The caller closes
     * it, or has a reader made of it.
     *
     * @return null when no block is in the cache
     */
    public WrittenSst takeWritten() {
        WrittenSst taken = written;
        written = null;
        fill = null;
        return taken;
    }

    /**
     * Closes the file without finishing it; its content is useless. After {@link #finish()} it only removes blocks from the cache
     * that were not taken. Idempotent.
     */
    public void abandon() throws IOException {
        try {
            if (fill != null) {
                fill.close();
            }
        } finally {
            abandonFile();
        }
    }

    private void abandonFile() throws IOException {
        if (!ended) {
            ended = true;
            try {
                partition.close();
            } finally {
                file.close();
            }
        }
    }

    /** @return length of the common prefix with the last key */
    private int begin(byte[] key, int offset, int length, long sequence, byte kind, int valueLength) {
        checkOpen();
        if (!ValueKind.isKnown(kind) && kind != ValueKind.REFERENCE) {
            throw new IllegalArgumentException("Unknown kind " + kind + " of key " + text.of(key, offset, length));
        }
        int differs = Arrays.mismatch(lastKey, 0, lastLength, key, offset, offset + length);
        if (totals.entries() == 0) {
            smallestKey = Arrays.copyOfRange(key, offset, offset + length);
        } else if (differs < 0 ? sequence >= lastSequence : !isAfterLast(differs, key, offset, length)) {
            throw new IllegalArgumentException("Key " + text.of(key, offset, length) + " at sequence " + sequence
                    + " is added to SST " + name + " after key " + text.of(lastKey, 0, lastLength) + " at sequence "
                    + lastSequence);
        }
        totals.add(differs < 0 && totals.entries() > 0, kind, length, valueLength, sequence);
        return differs < 0 ? length : differs;
    }

    private boolean isAfterLast(int differs, byte[] key, int offset, int length) {
        return differs == lastLength
                || (differs < length && (key[offset + differs] & 0xFF) > (lastKey[differs] & 0xFF));
    }

    private void addToBlock(byte[] key, int offset, int length, int shared, long sequence, byte kind, int valueLength)
            throws IOException {
        if (!block.add(key, offset, length, shared, sequence, kind, valueLength)) {
            closeBlock(key, offset, length);
            block.add(key, offset, length, shared, sequence, kind, valueLength);
        }
        if (block.count() == 1) {
            keysBeforeBlock = partition.keys();
        }
        addToFilter(key, offset, length, shared);
    }

    private void addLone(byte[] key, int offset, int length, int shared, long sequence, byte kind, ByteBuffer value)
            throws IOException {
        closeBlock(key, offset, length);
        long content = (long) BlockBuilder.loneSize(length, sequence) + value.remaining();
        long bytes = output.prepareLone(key, offset, length, sequence, kind, value);
        announceBlock(Arrays.copyOfRange(key, offset, offset + length), bytes, (int) content, partition.keys());
        output.lone(key, offset, length, sequence, kind, value);
        addToFilter(key, offset, length, shared);
    }

    /** Adds each key once, and not each of its versions. */
    private void addToFilter(byte[] key, int offset, int length, int shared) {
        boolean sameKey = totals.entries() > 1 && shared == length && lastLength == length;
        if (partition.hasFilter() && !sameKey) {
            partition.addKey(KeyHash.of(key, offset, length));
        }
    }

    /** @param next the key of the next entry, null for none */
    private void closeBlock(byte[] next, int offset, int length) throws IOException {
        if (!block.isEmpty()) {
            byte[] separator = next == null
                    ? Arrays.copyOf(lastKey, lastLength)
                    : Separators.between(lastKey, lastLength, next, offset, length);
            int content = block.size();
            int bytes = output.prepare(block);
            announceBlock(separator, bytes, content, keysBeforeBlock);
            output.prepared(block);
        }
    }

    private void announceBlock(byte[] separator, long bytes, int content, int keysBefore) {
        if (dataBlocks == MAX_DATA_BLOCKS) {
            throw new IllegalArgumentException("SST " + name + " would have more than " + MAX_DATA_BLOCKS
                    + " data blocks; split it or choose larger blocks");
        }
        partition.addBlock(separator, bytes, content, keysBefore);
        dataBlocks++;
    }

    private void setLast(byte[] key, int offset, int length, long sequence) {
        if (lastKey.length < length) {
            lastKey = new byte[Math.max(length, lastKey.length * 2)];
        }
        System.arraycopy(key, offset, lastKey, 0, length);
        lastLength = length;
        lastSequence = sequence;
    }

    private SstProperties properties(FragmentArray fragments, long fileBytes, long tailOffset, TailSizes sizes) {
        byte[] largestKey = totals.entries() == 0 ? null : Arrays.copyOf(lastKey, lastLength);
        return new SstProperties(
                FormatVersion.CURRENT,
                fileBytes,
                dataBlocks,
                blockBytes,
                filterProbes,
                totals.entries(),
                totals.pointDeletes(),
                totals.mergeOperands(),
                totals.rangeDeletes(),
                totals.rawKeyBytes(),
                totals.rawValueBytes(),
                totals.minSequence(),
                totals.maxSequence(),
                expiry,
                eventTimes,
                tailOffset,
                sizes,
                valueFiles,
                totals.superseded(valueFiles),
                creationMillis,
                compression,
                smallestKey,
                largestKey,
                PropertiesBlock.range(smallestKey, largestKey, fragments));
    }

    private void checkOpen() {
        if (ended) {
            throw new IllegalStateException("SST " + name + " is finished or abandoned");
        }
    }
}
