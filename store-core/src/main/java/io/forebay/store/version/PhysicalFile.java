package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.io.PooledFile;
import io.forebay.store.sst.SstReader;
import java.io.IOException;
import java.lang.ref.WeakReference;

/**
 * One SST on disk, shared by all versions, checkpoints and virtual files that refer to it. Its reader comes and goes with the
 * {@link TableCache}; when the last reference is released it is closed, and deleted in the background unless the store is
 * closing. Thread-safe.
 */
public final class PhysicalFile {
    private final FileRegistry registry;
    private final FileId id;
    private final long bytes;
    private final String keyId;
    private final PooledFile file;
    /** Null while the table cache has none. Set by that. */
    private volatile SstReader reader;

    /** The last one for which there was no room, as long as the garbage collector leaves it. Guarded by this. */
    private WeakReference<SstReader> roomless = new WeakReference<>(null);

    /** Guarded by the table cache. */
    private TableCache.Table table;

    private volatile Counted counted = new Counted(0, 0, null);

    /** Guarded by the registry. */
    private int references;

    private boolean closed;
    /** Guarded by this. */
    private boolean opening;

    PhysicalFile(FileRegistry registry, FileId id, long bytes, String keyId) {
        this.registry = registry;
        this.id = id;
        this.bytes = bytes;
        this.keyId = keyId;
        file = registry.tables().file(registry.files(), id.name());
    }

    /**
     * Reads that are counted.
     *
     * @param hits of readers that are gone
     * @param misses of readers that are gone
     * @param slots of the present reader or the last one; null for none
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

    /** Id of the master key that the file needs, as the manifest says; null for a plain one. */
    public String keyId() {
        return keyId;
    }

    /**
     * The reader; valid while the caller holds a reference to this file. Whoever keeps it for long keeps its metadata in
     * memory, beyond what is accounted for.
     */
    public SstReader reader() throws IOException {
        SstReader open = reader;
        if (open == null) {
            return openReader();
        }
        open.touch();
        return open;
    }

    /** As {@link #reader()}, for reading much once, past the cache; leaves the table cache alone. */
    public SstReader scanReader() throws IOException {
        SstReader open = reader;
        return open != null ? open : load(false);
    }

    /** The wrapped key of this file, which is encrypted. */
    KeyEnvelope keyEnvelope() throws IOException {
        return SstReader.keyEnvelope(file, id.name(), keyId);
    }

    /** Has the key provider unwrap it. */
    void requireKey(KeyEnvelope envelope) throws IOException {
        registry.encryption().open(envelope, id.name(), -1);
    }

    /** Raw bytes, for copying the file; the caller closes the result. */
    public ReadableFile openRaw() throws IOException {
        return registry.files().open(id.name());
    }

    /** One more reference; only by somebody who holds one, or through {@link FileRegistry#acquire}. */
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

    /** Blocks of this file that had to be read so far. */
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

    /** Who comes while the reader is being made waits for it. */
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
        if (found.isTransient()) {
            roomless = found == kept ? roomless : new WeakReference<>(found);
        } else {
            roomless.clear();
            counted = counted.with(found.blockSlots());
            registry.tables().add(new TableCache.Table(this, found));
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
        if (closed) { // on this thread, by its key provider
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
                ? SstReader.open(file, id.name(), tables.blocks(), tables.pool(), registry.encryption(), keyId)
                : SstReader.openPastCache(file, id.name(), tables.pool(), registry.encryption(), keyId);
        if (keyId == null && loaded.isEncrypted()) {
            loaded.close();
            throw new CorruptionException(id.name(), -1, "a plain file, as the manifest says", "one that is encrypted");
        }
        return loaded;
    }

    private IOException closedWithItsStore() {
        return new IOException("File " + id + " in " + registry.files().describe() + " was closed with its store");
    }

    TableCache.Table table() {
        return table;
    }

    /** By the table cache, under its lock. */
    void table(TableCache.Table next) {
        table = next;
        reader = next == null ? null : next.reader;
    }

    /** For good: a later read fails. One that is under way may end. */
    void closeReader() throws IOException {
        synchronized (this) {
            closed = true;
        }
        registry.tables().remove(this);
        file.close();
    }
}
