package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.io.FileMapping;
import io.forebay.store.io.PooledFile;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.PointLookup;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.filter.BlockedBloom;
import io.forebay.store.util.Cancellation;
import io.forebay.store.util.PendingErrors;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import io.forebay.store.values.ValueReference;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Reads one SST (layout: {@link SstFormat}), and the values that it has in value files. Footer, properties, top index, range deletes and the slots of cached blocks are in
 * memory, accounted for as {@link SlabPool.Use#SST_READER}; index, filter and data blocks go through the cache. It does not
 * open or close the file, does not decide which files a read needs, and folds no merge operands. Thread-safe; the cursors are
 * not.
 *
 * <p>It may be closed while other threads read. They can go on, because all that they use is on the heap or pinned, and the
 * file does not belong to this reader; only their blocks do not stay in the cache any more. So a reader is not pinned, and a
 * read that finds everything in memory does not pay for that.
 *
 * <p>Reads may replace the sequence numbers of all entries by one ({@code overrideSequence}; -1: they do not): so the files of
 * an ingest become visible at one sequence number. All methods that read throw {@link io.forebay.store.CorruptionException} as
 * soon as they meet bytes that are not what was written.
 */
public final class SstReader implements AutoCloseable {
    private final SstMetadata metadata;
    private final SstProperties properties;
    private final FragmentArray tombstones;
    private final TopIndex top;
    private final SstBlocks blocks;
    /** Where the values are that entries refer to. */
    private final ValueFile[] valueFiles;

    private final SlabPool pool;
    private final long metadataBytes;
    private final AtomicBoolean closed = new AtomicBoolean();
    /** Used since the last call of {@link #takeUsed}. */
    // Racy: a lost update loses a hint for the eviction
    private boolean used;

    private SstReader(
            SstMetadata metadata, SstBlocks blocks, ValueFile[] valueFiles, SlabPool pool, long metadataBytes) {
        this.metadata = metadata;
        this.properties = metadata.properties();
        this.tombstones = metadata.tombstones();
        this.top = metadata.top();
        this.blocks = blocks;
        this.valueFiles = valueFiles;
        this.pool = pool;
        this.metadataBytes = metadataBytes;
    }

    /** As the other method, for a plain file that has all its values. */
    public static SstReader open(ReadableFile file, String name, BlockCache cache, SlabPool pool) throws IOException {
        return open(file, name, ValueFile.NONE, cache, pool, Encryption.NONE, null, SstMetadata.UNKNOWN);
    }

    /**
     * Loads and verifies the metadata. When the pool has no room for it, even after the eviction of others, the reader is
     * {@linkplain #isTransient transient}.
     *
     * @param file belongs to the caller, which keeps it open as long as any thread reads
     * @param name of the file, for messages; part of what an encrypted file authenticates
     * @param valueFiles those that the properties of the file name, in that order; not copied. The caller keeps them open as long as any
     *     thread reads
     * @param keyId of the master key that the file must be encrypted with; null when it may be plain
     * @param openBytes how many bytes at its end are needed, so that one read gets them, see {@link TailSizes#openBytes}; a hint,
     *     -1 when not known
     * @throws io.forebay.store.CorruptionException when the file is damaged, or plain although there is a {@code keyId}
     * @throws io.forebay.store.EncryptionException when the file is encrypted and its key is not available, or plain and plain
     *     files are refused
     * @throws io.forebay.store.FormatTooNewException when a newer version wrote the file
     */
    public static SstReader open(
            ReadableFile file,
            String name,
            ValueFile[] valueFiles,
            BlockCache cache,
            SlabPool pool,
            Encryption encryption,
            String keyId,
            long openBytes)
            throws IOException {
        SstMetadata metadata = SstMetadata.load(file, name, encryption, keyId, openBytes);
        SstReader admitted = admit(file, name, metadata, valueFiles, cache, pool);
        if (admitted != null) {
            return admitted;
        }
        SstBlocks blocks = new SstBlocks(file, name, metadata, cache, cache.closedSlots());
        return new SstReader(metadata, blocks, valueFiles, pool, 0);
    }

    /**
     * The reader of a file that was just written. Reads nothing, and does not open the file unless it may be mapped.
     *
     * @param file as in {@link #open}
     * @param valueFiles as in {@link #open}
     * @return null, with the blocks gone from the cache, when the pool has no room for its metadata
     * @throws IOException when the file cannot be opened to be mapped
     */
    public static SstReader of(
            WrittenSst written, ReadableFile file, String name, ValueFile[] valueFiles, BlockCache cache, SlabPool pool)
            throws IOException {
        SstReader made = admit(file, name, written.metadata(), valueFiles, cache, pool, written::slots);
        if (made == null) {
            written.close();
        }
        return made;
    }

    /** Null when there is no room in memory. */
    private static SstReader admit(
            ReadableFile file,
            String name,
            SstMetadata metadata,
            ValueFile[] valueFiles,
            BlockCache cache,
            SlabPool pool)
            throws IOException {
        int blocks = metadata.top().blocks();
        return admit(file, name, metadata, valueFiles, cache, pool, () -> cache.slots(blocks));
    }

    /** Null when there is no room in memory: then nothing was opened, mapped or made. */
    private static SstReader admit(
            ReadableFile file,
            String name,
            SstMetadata metadata,
            ValueFile[] valueFiles,
            BlockCache cache,
            SlabPool pool,
            Supplier<BlockSlots> slots)
            throws IOException {
        TopIndex top = metadata.top();
        PooledFile mappable = mappable(file, metadata);
        long words = mappable == null ? 0 : MappedBlocks.heapBytes(top.dataBlocks());
        long bytes = metadata.heapBytes() + BlockSlots.heapBytes(top.blocks()) + words;
        if (!pool.tryReserve(SlabPool.Use.SST_READER, bytes)) {
            return null;
        }
        SstReader made = null;
        try {
            FileMapping mapping = mappable == null ? null : mappable.mapping();
            MappedBlocks mapped =
                    mapping == null ? null : new MappedBlocks(mapping, mappable.pages(), top.dataBlocks());
            if (mapped == null && words > 0) {
                pool.unreserve(SlabPool.Use.SST_READER, words);
                bytes -= words;
            }
            SstBlocks blocks = new SstBlocks(file, name, metadata, cache, slots.get(), mapped);
            made = new SstReader(metadata, blocks, valueFiles, pool, bytes);
        } finally {
            if (made == null) {
                pool.unreserve(SlabPool.Use.SST_READER, bytes);
            }
        }
        return made;
    }

    /** Null when data blocks must go through the cache: they are encrypted or compressed, or the file is not to be mapped. */
    private static PooledFile mappable(ReadableFile file, SstMetadata metadata) {
        return SstBlocks.isPlain(metadata) && file instanceof PooledFile pooled && pooled.mayBeMapped() ? pooled : null;
    }

    /** For a transient reader: a reader that is not transient, if there is room now; else this one. Reads nothing. */
    public SstReader withRoom(BlockCache cache) throws IOException {
        SstReader admitted = admit(blocks.file(), blocks.name(), metadata, valueFiles, cache, pool);
        return admitted != null ? admitted : this;
    }

    /**
     * Opens a reader for scans past the cache only, whose memory is not accounted for.
     *
     * @param valueFiles as in {@link #open}
     * @param pool gives the buffers of scans; null to read one block at a time to the heap
     * @param openBytes as in {@link #open}
     */
    public static SstReader openPastCache(
            ReadableFile file,
            String name,
            ValueFile[] valueFiles,
            SlabPool pool,
            Encryption encryption,
            String keyId,
            long openBytes)
            throws IOException {
        SstMetadata metadata = SstMetadata.load(file, name, encryption, keyId, openBytes);
        return new SstReader(metadata, new SstBlocks(file, name, metadata, null, null), valueFiles, pool, 0);
    }

    /**
     * The wrapped key of a file, which is needed to {@link #open} the file.
     *
     * @param keyId of the master key that the file must be encrypted with
     * @throws io.forebay.store.CorruptionException when the end of the file is damaged, or the file is plain
     * @throws io.forebay.store.FormatTooNewException when a newer version wrote the file
     */
    public static KeyEnvelope keyEnvelope(ReadableFile file, String name, String keyId) throws IOException {
        return SstMetadata.envelope(file, name, keyId);
    }

    /** True when there was no room in memory for this reader: then the table cache does not keep it. */
    public boolean isTransient() {
        return metadataBytes == 0;
    }

    /** Notes a use. */
    public void touch() {
        if (!used) {
            used = true;
        }
    }

    /** Whether the reader was used since the last call. */
    public boolean takeUsed() {
        boolean was = used;
        used = false;
        return was;
    }

    public SstProperties properties() {
        return properties;
    }

    /**
     * Reports the range delete over the key, and then its versions, newest first, to {@code lookup}. If the blocks are cached,
     * only merge operands cost an allocation. The key must be in the visible range.
     *
     * @return true when the lookup is settled: the reader need not ask older files
     */
    public boolean get(PointLookup lookup, long overrideSequence) throws IOException {
        if (overrideSequence > lookup.limit()) {
            return lookup.isCovered();
        }
        byte[] key = lookup.key();
        if (!tombstones.isEmpty()) {
            cover(lookup, overrideSequence);
        }
        int partition = top.find(key, lookup.offset(), lookup.length());
        return partition < top.partitions() && ask(partition, lookup, overrideSequence) || lookup.isCovered();
    }

    /** Asks the filter and then the blocks of a partition. */
    private boolean ask(int partition, PointLookup lookup, long overrideSequence) throws IOException {
        int lines = top.filterLines(partition);
        if (lines > 0 && !mayContain(partition, lines, lookup.hash())) {
            blocks.slots().countUses(1);
            return false;
        }
        MappedBlocks mapped = blocks.mapped();
        blocks.slots().countUses((lines > 0 ? 2 : 1) + (mapped == null ? 1 : 0));
        boolean settled = mapped == null
                ? search(partition, lookup, overrideSequence)
                : searchInPlace(mapped, partition, lookup, overrideSequence);
        if (lookup.referenceLength() >= 0) {
            follow(lookup);
        }
        return settled;
    }

    private void cover(PointLookup lookup, long overrideSequence) {
        Fragment fragment = tombstones.covering(lookup.key(), lookup.offset(), lookup.length());
        if (fragment != null) {
            lookup.coveredBy(overrideSequence >= 0 ? overrideSequence : fragment.newestAtOrBelow(lookup.limit()));
        }
    }

    private boolean mayContain(int partition, int lines, long hash) throws IOException {
        int line = BlockedBloom.line(hash, lines);
        int ordinal = top.filterOrdinal(partition, line);
        long pin = blocks.pin(ordinal);
        try {
            int at = BlockSlots.offset(pin) + line % SstFormat.LINES_PER_FILTER_BLOCK * BlockedBloom.LINE_BYTES;
            return BlockedBloom.mayContain(blocks.slab(ordinal, pin), at, hash, properties.filterProbes());
        } finally {
            blocks.unpin(ordinal, pin);
        }
    }

    private boolean search(int partition, PointLookup lookup, long overrideSequence) throws IOException {
        int dataBlock = blocks.find(partition, lookup.key(), lookup.offset(), lookup.length());
        while (true) {
            int result = offer(dataBlock, lookup, overrideSequence);
            if (result != BlockSearch.CONTINUES || ++dataBlock == top.dataBlocks()) {
                return result == BlockSearch.SETTLED;
            }
            blocks.slots().countUses(1);
        }
    }

    private boolean searchInPlace(MappedBlocks mapped, int partition, PointLookup lookup, long overrideSequence)
            throws IOException {
        int dataBlock = blocks.find(partition, lookup.key(), lookup.offset(), lookup.length());
        try {
            int result;
            do {
                result = offerInPlace(mapped, dataBlock, lookup, overrideSequence);
            } while (result == BlockSearch.CONTINUES && ++dataBlock < top.dataBlocks());
            PendingErrors.raise();
            return result == BlockSearch.SETTLED;
        } catch (RuntimeException | Error e) {
            InternalError fault = PendingErrors.behind(e);
            if (fault != null) {
                throw FileMapping.unreadable(List.of(blocks.name()), fault);
            }
            throw e;
        }
    }

    private int offerInPlace(MappedBlocks mapped, int dataBlock, PointLookup lookup, long overrideSequence)
            throws IOException {
        long place = mapped.place(blocks, dataBlock, 0);
        if (place == 0) {
            blocks.slots().countUses(1);
            return offer(dataBlock, lookup, overrideSequence);
        }
        int at = MappedBlocks.at(place);
        return BlockSearch.offer(mapped.slab, at, at + MappedBlocks.length(place), lookup, overrideSequence);
    }

    /** Reads the value of the reference that the lookup has found, with no block pinned. */
    private void follow(PointLookup lookup) throws IOException {
        ValueReference reference = ValueReference.read(lookup.reference(), lookup.referenceLength(), blocks.name(), -1);
        checkReference(reference.file(), valueFiles.length, blocks.name());
        valueFiles[reference.file()].read(reference.offset(), reference.length(), lookup.target());
        lookup.takeReferenced();
    }

    /** Checks that a reference is one to a value file that the SST names. */
    static void checkReference(int file, int files, String name) {
        if (file >= files) {
            throw new CorruptionException(
                    name, -1, "a reference to one of " + files + " value files", "one to number " + file + ", from 0");
        }
    }

    private int offer(int ordinal, PointLookup lookup, long overrideSequence) throws IOException {
        long pin = blocks.pin(ordinal);
        try {
            Slab slab = blocks.slab(ordinal, pin);
            return BlockSearch.offer(slab, BlockSlots.offset(pin), blocks.bodyEnd(slab, pin), lookup, overrideSequence);
        } finally {
            blocks.unpin(ordinal, pin);
        }
    }

    /** The range deletes of the whole physical file, with their own sequences. */
    public RangeTombstones tombstones() {
        return tombstones;
    }

    /** The range deletes of the visible part of the file, at {@code overrideSequence} unless that is -1. */
    public FragmentArray tombstones(KeyRange visible, long overrideSequence) {
        FragmentArray clipped = tombstones.clip(visible);
        return overrideSequence < 0 || clipped.isEmpty() ? clipped : TombstoneBlock.at(clipped, overrideSequence);
    }

    /**
     * About which part of the data lies in the ranges, 0 to 1: to a hundredth or so by the index alone where that tells it, else by looking
     * into a few blocks.
     *
     * @param ranges disjoint, ascending, none empty
     * @param cancellation ends the reading with a {@link java.util.concurrent.CancellationException}
     */
    public double share(List<KeyRange> ranges, Cancellation cancellation) throws IOException {
        return new RangeShare(blocks, properties, ranges, cancellation).estimate();
    }

    /** A cursor over the entries in {@code visible}, through the cache; not positioned. The caller closes it. */
    public InternalIterator iterator(KeyRange visible, long overrideSequence) {
        return new SstIterator(new OneFile(this, visible, overrideSequence), true);
    }

    /**
     * A cursor for a long scan that is done once: it reads ahead to a buffer of its own and does not use the cache. Not
     * positioned. The caller closes it.
     */
    public InternalIterator scanIterator(KeyRange visible, long overrideSequence) {
        return new SstIterator(new OneFile(this, visible, overrideSequence), false);
    }

    TopIndex top() {
        return top;
    }

    /** The caller does not change the array. */
    ValueFile[] valueFiles() {
        return valueFiles;
    }

    SstBlocks blocks() {
        return blocks;
    }

    /** Null when there is none. */
    SlabPool pool() {
        return pool;
    }

    /** How a cursor gets data blocks: through the cache, or by reading ahead past it. @param heat null for none */
    BlockAccess access(boolean fillCache, InputHeat heat) {
        return fillCache ? new CachedBlocks(pool) : new ReadAheadBlocks(pool, heat);
    }

    /** False for a plain file. */
    public boolean isEncrypted() {
        return blocks.isEncrypted();
    }

    /** The cached blocks of this file, with their hit and miss counters. */
    public BlockSlots blockSlots() {
        return blocks.slots();
    }

    /** Bytes that this reader takes in memory besides cached blocks. */
    public long metadataBytes() {
        return metadataBytes;
    }

    /** Evicts the blocks of the file from the cache and gives the memory back. Does not close the file. Idempotent. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true) && metadataBytes > 0) {
            pool.unreserve(SlabPool.Use.SST_READER, metadataBytes);
            blocks.evictAll();
        }
    }
}
