package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.sst.SstReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/**
 * One SST on disk, shared by all versions, checkpoints and virtual files that refer to it. Opened at the first read; when
 * the last reference is released it is closed, and deleted in the background unless the store is closing. Thread-safe.
 */
public final class PhysicalFile {
    private final FileRegistry registry;
    private final FileId id;
    private final long bytes;
    private final String keyId;
    private volatile SstReader reader;
    /** Of the reader, kept for its counters when that is closed. */
    private volatile BlockSlots slots;

    /** Guarded by the registry. */
    private int references;

    private boolean closed;

    PhysicalFile(FileRegistry registry, FileId id, long bytes, String keyId) {
        this.registry = registry;
        this.id = id;
        this.bytes = bytes;
        this.keyId = keyId;
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

    /** The open reader; valid while the caller holds a reference to this file. */
    public SstReader reader() throws IOException {
        SstReader open = reader;
        return open != null ? open : openReader();
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
        BlockSlots counters = slots;
        return counters == null ? 0 : counters.hits();
    }

    /** Blocks of this file that had to be read so far. */
    long cacheMisses() {
        BlockSlots counters = slots;
        return counters == null ? 0 : counters.misses();
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

    private synchronized SstReader openReader() throws IOException {
        if (reader != null) {
            return reader;
        }
        if (closed) {
            throw new IOException("File " + id + " in " + registry.files().describe() + " was closed with its store");
        }
        SstReader opened = open(openExisting());
        if (keyId == null && opened.isEncrypted()) {
            opened.close();
            throw new CorruptionException(id.name(), -1, "a plain file, as the manifest says", "one that is encrypted");
        }
        slots = opened.blockSlots();
        reader = opened;
        return opened;
    }

    private SstReader open(ReadableFile file) throws IOException {
        try {
            return SstReader.open(file, id.name(), registry.cache(), registry.pool(), registry.encryption(), keyId);
        } catch (IOException | RuntimeException | Error e) {
            try {
                file.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** A file that is referred to and not there is damage as much as one with other bytes, and no matter of trying again. */
    private ReadableFile openExisting() throws IOException {
        try {
            return registry.files().open(id.name());
        } catch (NoSuchFileException e) {
            CorruptionException missing =
                    new CorruptionException(id.name(), -1, "a file that the manifest names", "no such file");
            missing.initCause(e);
            throw missing;
        }
    }

    /** From now on the file is not opened any more if it is not open already. */
    synchronized void refuseOpening() {
        closed = true;
    }

    /** For good: a later read fails. */
    synchronized void closeReader() throws IOException {
        closed = true;
        SstReader open = reader;
        if (open != null) {
            reader = null;
            open.close();
        }
    }
}
