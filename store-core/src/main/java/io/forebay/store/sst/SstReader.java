package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.CachedBlock;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.PointLookup;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.filter.BlockedBloom;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Reads one SST. Footer, properties, top index, range deletes and the places of cached blocks are in memory, accounted for as
 * {@link SlabPool.Use#TABLE}; index, filter and data blocks go through the cache. Thread-safe; the cursors are not.
 *
 * <p>It may be closed under its readers, which notice nothing but that blocks do not stay in the cache any more: what they
 * use is on the heap, or pinned, and the file is not the reader's. So it needs no pins, and a read that meets everything in
 * memory pays none.
 *
 * <p>Several files may be read with all their sequences replaced by one ({@code overrideSequence}, -1: not): that is how
 * files become visible that were built aside. Reading methods throw {@link io.forebay.store.CorruptionException} as soon as
 * they meet bytes that are not what was written.
 */
public final class SstReader implements AutoCloseable {
    private final SstMetadata metadata;
    private final SstProperties properties;
    private final FragmentArray tombstones;
    private final TopIndex top;
    private final SstBlocks blocks;
    private final SlabPool pool;
    private final long metadataBytes;
    private final AtomicBoolean closed = new AtomicBoolean();
    /** Used since {@link #takeUsed} was last called. A race loses a hint. */
    private boolean used;

    private SstReader(SstMetadata metadata, SstBlocks blocks, SlabPool pool, long metadataBytes) {
        this.metadata = metadata;
        this.properties = metadata.properties();
        this.tombstones = metadata.tombstones();
        this.top = metadata.top();
        this.blocks = blocks;
        this.pool = pool;
        this.metadataBytes = metadataBytes;
    }

    /** As the other one, of a plain file. */
    public static SstReader open(ReadableFile file, String name, BlockCache cache, SlabPool pool) throws IOException {
        return open(file, name, cache, pool, Encryption.NONE, null);
    }

    /**
     * Loads and verifies what is kept in memory. When the pool has no room for it, not even after others gave way, the reader
     * is a {@linkplain #isTransient transient} one.
     *
     * @param file stays the caller's, and open as long as anybody reads
     * @param name of the file, for messages; part of what an encrypted file authenticates
     * @param keyId of the master key that the file needs as far as others know; null when it may be plain
     * @throws io.forebay.store.CorruptionException when it is damaged, or plain although there is a {@code keyId}
     * @throws io.forebay.store.EncryptionException when it is encrypted and the key is not to be had, or plain and refused
     * @throws io.forebay.store.FormatTooNewException when a newer version wrote it
     */
    public static SstReader open(
            ReadableFile file, String name, BlockCache cache, SlabPool pool, Encryption encryption, String keyId)
            throws IOException {
        SstMetadata metadata = SstMetadata.load(file, name, encryption, keyId);
        SstReader admitted = admit(file, name, metadata, cache, pool);
        return admitted != null
                ? admitted
                : new SstReader(metadata, new SstBlocks(file, name, metadata, cache, cache.closedSlots()), pool, 0);
    }

    /** Null when there is no room for it in memory. */
    private static SstReader admit(
            ReadableFile file, String name, SstMetadata metadata, BlockCache cache, SlabPool pool) {
        int blocks = metadata.top().blocks();
        long bytes = metadata.heapBytes() + BlockSlots.heapBytes(blocks);
        return pool.tryReserve(SlabPool.Use.TABLE, bytes)
                ? new SstReader(metadata, new SstBlocks(file, name, metadata, cache, cache.slots(blocks)), pool, bytes)
                : null;
    }

    /** Of a transient reader: another one that is not, if there is room by now, without reading anything; else this one. */
    public SstReader withRoom(BlockCache cache) {
        SstReader admitted = admit(blocks.file(), blocks.name(), metadata, cache, pool);
        return admitted != null ? admitted : this;
    }

    /**
     * For scans past the cache only, and not accounted for.
     *
     * @param pool for the buffers of scans; null to read one block at a time, to the heap
     */
    public static SstReader openPastCache(
            ReadableFile file, String name, SlabPool pool, Encryption encryption, String keyId) throws IOException {
        SstMetadata metadata = SstMetadata.load(file, name, encryption, keyId);
        return new SstReader(metadata, new SstBlocks(file, name, metadata, null, null), pool, 0);
    }

    /**
     * The wrapped key of a file, which is needed to {@link #open} it.
     *
     * @param keyId as others know
     * @throws io.forebay.store.CorruptionException when the end of the file is damaged, or it is plain
     * @throws io.forebay.store.FormatTooNewException when a newer version wrote it
     */
    public static KeyEnvelope keyEnvelope(ReadableFile file, String name, String keyId) throws IOException {
        return SstMetadata.envelope(file, name, keyId);
    }

    /** True when there was no room in memory: it is for one who reads, nobody else finds it. */
    public boolean isTransient() {
        return metadataBytes == 0;
    }

    /** Notes that it is in use. */
    public void touch() {
        if (!used) {
            used = true;
        }
    }

    /** Whether it was in use since the last call. */
    public boolean takeUsed() {
        boolean was = used;
        used = false;
        return was;
    }

    public SstProperties properties() {
        return properties;
    }

    /**
     * Reports the range delete over the key, then its versions, newest first, to {@code lookup}. Allocates nothing but what
     * merge operands need, as long as the blocks are cached. The key must be in the visible range.
     *
     * @return true when the lookup is settled: older files do not matter
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
        return (partition < top.partitions()
                        && mayContain(partition, lookup.hash())
                        && search(partition, lookup, overrideSequence))
                || lookup.isCovered();
    }

    private void cover(PointLookup lookup, long overrideSequence) {
        Fragment fragment = tombstones.covering(lookup.key(), lookup.offset(), lookup.length());
        if (fragment != null) {
            lookup.coveredBy(overrideSequence >= 0 ? overrideSequence : fragment.newestAtOrBelow(lookup.limit()));
        }
    }

    private boolean mayContain(int partition, long hash) throws IOException {
        int lines = top.filterLines(partition);
        if (lines == 0) {
            return true;
        }
        int line = BlockedBloom.line(hash, lines);
        CachedBlock filter = blocks.filter(partition, line);
        int at = filter.offset() + line % SstFormat.LINES_PER_FILTER_BLOCK * BlockedBloom.LINE_BYTES;
        boolean found = BlockedBloom.mayContain(filter.slab(), at, hash, properties.filterProbes());
        filter.release();
        return found;
    }

    private boolean search(int partition, PointLookup lookup, long overrideSequence) throws IOException {
        CachedBlock index = blocks.index(partition);
        int dataBlock = top.firstDataBlock(partition)
                + BlockSearch.lowerBound(index.slab(), index.offset(), lookup.key(), lookup.offset(), lookup.length());
        index.release();
        while (true) {
            CachedBlock block = blocks.data(dataBlock);
            int result;
            try {
                result = BlockSearch.offer(
                        block.slab(), block.offset(), SstBlocks.bodyEnd(block), lookup, overrideSequence);
            } finally {
                block.release();
            }
            if (result != BlockSearch.CONTINUES || ++dataBlock == top.dataBlocks()) {
                return result == BlockSearch.SETTLED;
            }
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

    /** A cursor over the entries in {@code visible}, through the cache; not positioned. The caller closes it. */
    public InternalIterator iterator(KeyRange visible, long overrideSequence) {
        return new SstIterator(new OneFile(this, visible, overrideSequence), true);
    }

    /**
     * A cursor for reading much once: reads ahead to a buffer of its own and leaves the cache alone. Not positioned. The
     * caller closes it.
     */
    public InternalIterator scanIterator(KeyRange visible, long overrideSequence) {
        return new SstIterator(new OneFile(this, visible, overrideSequence), false);
    }

    TopIndex top() {
        return top;
    }

    SstBlocks blocks() {
        return blocks;
    }

    /** How a cursor gets at the data blocks: through the cache, or reading ahead past it. */
    BlockAccess access(boolean fillCache) {
        return fillCache ? new CachedBlocks(pool) : new ReadAheadBlocks(pool);
    }

    /** How many bytes of the file, roughly, hold keys before {@code key}. */
    public long approximateOffset(byte[] key) throws IOException {
        int partition = top.find(key, 0, key.length);
        if (partition == top.partitions()) {
            return top.dataOffset(partition);
        }
        CachedBlock index = blocks.index(partition);
        try {
            int number = BlockSearch.lowerBound(index.slab(), index.offset(), key, 0, key.length);
            return top.dataOffset(partition)
                    + SstBlocks.beginOfData(index.slab(), index.offset(), SstBlocks.bodyEnd(index), number);
        } finally {
            index.release();
        }
    }

    /** False for a plain file. */
    public boolean isEncrypted() {
        return blocks.isEncrypted();
    }

    /** The cached blocks of this file, with their hit and miss counters. */
    public BlockSlots blockSlots() {
        return blocks.slots();
    }

    /** Bytes that this reader holds in memory besides cached blocks. */
    public long metadataBytes() {
        return metadataBytes;
    }

    /** Evicts the blocks of the file, and gives the memory back. Idempotent. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true) && metadataBytes > 0) {
            pool.unreserve(SlabPool.Use.TABLE, metadataBytes);
            blocks.evictAll();
        }
    }
}
