package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.io.PooledFile;
import io.forebay.store.sst.SstReader;
import io.forebay.store.sst.WrittenSst;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One SST on disk. All versions, checkpoints and virtual files that refer to the SST share this object. Its reader is
 * made when it is needed, and may leave with the {@link TableCache}. When the last reference is released the file is
 * closed, and deleted in the background unless the store is closing. Thread-safe.
 */
public final class PhysicalFile {
    private static final Logger LOG = LoggerFactory.getLogger(PhysicalFile.class);

    private final FileRegistry registry;
    private final FileId id;
    private final long bytes;
    private final String keyId;
    /** Bytes at the end of the file that its reader needs; -1 when not known. */
    private final long openBytes;
    /** Where the values are that its entries refer to, in the order of their places in references. Not changed. */
    private final PhysicalValueFile[] valueFiles;
    /** What the manifest says about them. */
    private final List<ValueShare> shares;

    private final PooledFile file;
    /** Null while the table cache has no reader of this file. */
    // Written under TableCache, read without
    private volatile SstReader reader;

    /** The last reader that had no room in the table cache, as long as the garbage collector leaves it. */
    // Guarded by this
    private WeakReference<SstReader> roomless = new WeakReference<>(null);

    /** The entry of the reader in the table cache, or null. */
    // Guarded by TableCache
    private TableCache.Entry entry;

    // Written under this, read without
    private volatile Counted counted = new Counted(0, 0, null);

    /** The number of references. */
    // Guarded by FileRegistry
    private int references;

    /** Whether the file was closed for good. */
    // Guarded by this; scanReader reads it without, and may then open a reader whose reads fail, because the file is
    // closed
    private boolean closed;
    /** Whether a thread is making the reader. */
    // Guarded by this
    private boolean opening;

    /**
     * @param info length, key, tail and value files are used of it
     * @param valueFiles those, in that order; not copied
     */
    PhysicalFile(FileRegistry registry, FileId id, SstInfo info, PhysicalValueFile[] valueFiles) {
        this.registry = registry;
        this.id = id;
        this.bytes = info.fileBytes();
        this.keyId = info.keyId();
        this.openBytes = info.openBytes();
        this.shares = info.valueFiles();
        this.valueFiles = valueFiles;
        file = registry.tables().file(registry.files(), id.name());
    }

    /**
     * Counts of reads.
     *
     * @param hits cache hits of readers that are gone
     * @param misses cache misses of readers that are gone
     * @param slots counts of the present reader or of the last one; null for none
     */
    private record Counted(long hits, long misses, BlockSlots slots) {
        Counted with(BlockSlots next) {
            return slots == null
                    ? new Counted(hits, misses, next)
                    : new Counted(hits + slots.hits(), misses + slots.misses(), next);
        }
    }

    public FileId id() {
        return id;
    }

    /** Length in bytes. */
    public long bytes() {
        return bytes;
    }

    /** Id of the master key that the file needs according to the manifest; null when it is not encrypted. */
    public String keyId() {
        return keyId;
    }

    /** The value files that its entries refer to. The caller does not change the array. */
    PhysicalValueFile[] valueFiles() {
        return valueFiles;
    }

    /**
     * The reader. It is valid while the caller has a reference to this file. A caller that keeps a reader for long
     * keeps its metadata in memory, outside of the memory budget.
     */
    public SstReader reader() throws IOException {
        SstReader open = reader;
        if (open == null) {
            return openReader();
        }
        open.touch();
        return open;
    }

    /** As {@link #reader()}, for reading much data once, past the block cache. The table cache does not change. */
    public SstReader scanReader() throws IOException {
        SstReader open = reader;
        return open != null ? open : load(false);
    }

    /** The wrapped key of this file, which is encrypted. */
    KeyEnvelope keyEnvelope() throws IOException {
        return SstReader.keyEnvelope(file, id.name(), keyId);
    }

    /** Has the key provider unwrap that key. */
    void requireKey(KeyEnvelope envelope) throws IOException {
        registry.encryption().open(envelope, id.name(), -1);
    }

    /** Raw bytes, for copying the file. The caller closes the result. */
    public ReadableFile openRaw() throws IOException {
        return registry.files().open(id.name());
    }

    /** Adds a reference. The caller must have one already; {@link FileRegistry#acquire} gives the first one. */
    public void retain() {
        registry.retain(this);
    }

    public void release() {
        registry.release(this);
    }

    /** Blocks of this file that were found in the cache so far. */
    long cacheHits() {
        Counted now = counted;
        return now.hits + (now.slots == null ? 0 : now.slots.hits());
    }

    /** Blocks of this file that were read from disk so far. */
    long cacheMisses() {
        Counted now = counted;
        return now.misses + (now.slots == null ? 0 : now.slots.misses());
    }

    int references() {
        return references;
    }

    void addReferences(int change) {
        references += change;
        if (references < 0) {
            throw new IllegalStateException("File " + id + " was released more often than retained");
        }
    }

    /**
     * Gives the file, which was just written, its reader, unless there is no room for it in memory or it cannot be mapped now. Before
     * anyone reads the file.
     *
     * @param written of this file; belongs to this method, also when it throws
     */
    public synchronized void adopt(WrittenSst written) {
        SstReader made = null;
        boolean added = false;
        try {
            made = closed ? null : readerOf(written);
            if (made != null) {
                addToTables(made);
                added = true;
            }
        } finally {
            if (!added) {
                written.close();
                if (made != null) {
                    made.close();
                }
            }
        }
    }

    /** Null when there is none. The file was written, so a file store that does not open it is no reason to fail what wrote it. */
    private SstReader readerOf(WrittenSst written) {
        TableCache tables = registry.tables();
        try {
            return SstReader.of(written, file, id.name(), valueFiles, tables.blocks(), tables.pool());
        } catch (IOException | RuntimeException e) {
            LOG.debug(
                    "File {} in {} could not be opened to be mapped; it is opened when it is read",
                    id,
                    registry.files().describe(),
                    e);
            return null;
        }
    }

    private void addToTables(SstReader made) {
        counted = counted.with(made.blockSlots());
        registry.tables().add(new TableCache.Entry(this, made));
    }

    /** Makes the reader. Another thread that needs it meanwhile waits for it. */
    private synchronized SstReader openReader() throws IOException {
        SstReader open = reader;
        if (open != null) {
            return open;
        }
        if (opening) {
            throw new IllegalStateException(
                    "File " + id + " in " + registry.files().describe()
                            + " is just being opened on this thread: its key provider must not read from the store that it is for");
        }
        SstReader kept = closed ? null : roomless.get();
        SstReader found =
                kept == null ? loadOnce() : kept.withRoom(registry.tables().blocks());
        boolean settled = false;
        try {
            if (found.isTransient()) {
                roomless = found == kept ? roomless : new WeakReference<>(found);
            } else {
                roomless.clear();
                addToTables(found);
            }
            settled = true;
        } finally {
            if (!settled) {
                found.close();
            }
        }
        return found;
    }

    private SstReader loadOnce() throws IOException {
        registry.tables().countMiss();
        SstReader loaded;
        opening = true;
        try {
            loaded = load(true);
        } finally {
            opening = false;
        }
        if (closed) { // closed by the key provider, on this thread
            loaded.close();
            throw closedWithItsStore();
        }
        return loaded;
    }

    private SstReader load(boolean fillCache) throws IOException {
        if (closed) {
            throw closedWithItsStore();
        }
        TableCache tables = registry.tables();
        SstReader loaded = fillCache
                ? SstReader.open(
                        file,
                        id.name(),
                        valueFiles,
                        tables.blocks(),
                        tables.pool(),
                        registry.encryption(),
                        keyId,
                        openBytes)
                : SstReader.openPastCache(
                        file, id.name(), valueFiles, tables.pool(), registry.encryption(), keyId, openBytes);
        boolean accepted = false;
        try {
            checkListed(loaded);
            accepted = true;
        } finally {
            if (!accepted) {
                loaded.close();
            }
        }
        return loaded;
    }

    /** With other value files, a read might find another value where a reference says. */
    private void checkListed(SstReader loaded) {
        if (keyId == null && loaded.isEncrypted()) {
            throw new CorruptionException(id.name(), -1, "a plain file, as the manifest says", "one that is encrypted");
        }
        List<ValueShare> found = loaded.properties().valueFiles();
        if (!found.equals(shares)) {
            throw new CorruptionException(
                    id.name(), -1, "the value files " + shares + ", as the manifest says", found.toString());
        }
    }

    private IOException closedWithItsStore() {
        return new IOException("File " + id + " in " + registry.files().describe() + " was closed with its store");
    }

    TableCache.Entry entry() {
        return entry;
    }

    /** Called by the table cache, with its lock. */
    void entry(TableCache.Entry next) {
        entry = next;
        reader = next == null ? null : next.reader;
    }

    /** True when there is something to {@link #unmap}. */
    boolean isMapped() {
        return file.isMapped();
    }

    /** Ends the mapping of the file. Called when it has no references any more, after {@link #closeReader}. */
    void unmap() {
        file.unmap();
    }

    /** Closes the file for good: later reads fail. A read that is under way may end. */
    void closeReader() throws IOException {
        synchronized (this) {
            closed = true;
        }
        registry.tables().remove(this);
        file.close();
    }
}
