package io.forebay.store.version;

import io.forebay.store.ValueBuffer;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.io.PooledFile;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import io.forebay.store.values.ValueFileReader;
import io.forebay.store.values.ValueShare;
import java.io.IOException;

/**
 * One value file on disk, for all SSTs that have values in it: each {@link PhysicalFile} has a reference to those that it needs,
 * from its making to its last release. Its reader is made by the first read, and stays: it takes some hundred bytes of the heap, and
 * with encryption some thousand. Thread-safe.
 */
public final class PhysicalValueFile implements ValueFile {
    private final FileRegistry registry;
    private final FileId id;
    private final ValueShare listed;
    private final PooledFile file;

    /** Null before the first read. */
    // Written under this, read without
    private volatile ValueFileReader reader;

    /** The number of SSTs with a reference. */
    // Guarded by FileRegistry
    int references;

    /** The SST with the last reference, once that is gone: its release closes and deletes this file. */
    // Written under the monitor of FileRegistry, read by the thread that wrote it
    PhysicalFile lastUser;

    /** Whether a thread is making the reader. */
    // Guarded by this
    private boolean opening;

    /** @param listed what an SST has in the file: its id, lengths and key are used */
    PhysicalValueFile(FileRegistry registry, ValueShare listed) {
        this.registry = registry;
        this.listed = listed;
        id = FileId.of(listed);
        file = registry.tables().file(registry.files(), id.valueFileName());
    }

    public FileId id() {
        return id;
    }

    /** Length in bytes. */
    public long bytes() {
        return listed.fileBytes();
    }

    /** Id of the master key that the file needs according to the manifest; null when it is not encrypted. */
    public String keyId() {
        return listed.keyId();
    }

    @Override
    public void read(long offset, int length, ValueBuffer into) throws IOException {
        reader().read(offset, length, into);
    }

    private ValueFileReader reader() throws IOException {
        ValueFileReader open = reader;
        return open == null ? open() : open;
    }

    @Override
    public long valuesEnd() throws IOException {
        return reader().valuesEnd();
    }

    @Override
    public void readStored(long offset, int length, Slab into, int at) throws IOException {
        reader().readStored(offset, length, into, at);
    }

    @Override
    public void take(long offset, int length, Slab stored, int at, byte[] into, int intoAt) {
        reader.take(offset, length, stored, at, into, intoAt);
    }

    @Override
    public void take(long offset, int length, Slab stored, int at, ValueBuffer into) {
        reader.take(offset, length, stored, at, into); // it was made when the part was read, and stays
    }

    @Override
    public ValueShare share(long bytes) {
        return new ValueShare(id.high(), id.low(), bytes(), listed.frameBytes(), bytes, keyId());
    }

    @Override
    public long storedBytes(int length) {
        return ValueFileReader.storedBytes(length, keyId());
    }

    private synchronized ValueFileReader open() throws IOException {
        if (reader != null) {
            return reader;
        }
        if (opening) {
            throw new IllegalStateException(
                    "File " + this + " in " + registry.files().describe()
                            + " is just being opened on this thread: its key provider or file store must not read this file of the store that it is for");
        }
        opening = true;
        try {
            reader = ValueFileReader.open(file, id.valueFileName(), registry.encryption(), listed);
            return reader;
        } finally {
            opening = false;
        }
    }

    /** The wrapped key of this file, which is encrypted. */
    KeyEnvelope keyEnvelope() throws IOException {
        return ValueFileReader.keyEnvelope(file, id.valueFileName(), keyId());
    }

    /** Has the key provider unwrap that key. */
    void requireKey(KeyEnvelope envelope) throws IOException {
        registry.encryption().open(envelope, id.valueFileName(), -1);
    }

    /** Closes the file for good: later reads fail. A read that is under way may end. */
    void close() throws IOException {
        file.close();
    }

    @Override
    public String toString() {
        return id.valueFileName();
    }
}
