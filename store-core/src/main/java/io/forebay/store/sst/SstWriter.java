package io.forebay.store.sst;

import io.forebay.store.WritableFile;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.util.Slab;
import java.io.IOException;

/**
 * Writes one SST from entries in internal order. Streams: memory is a few blocks plus eight bytes a key of the current
 * index partition, whatever the size of the file. Used by one thread. After an exception from any method, and whenever the
 * file is not wanted, {@link #abandon()}; deleting the file is up to the caller.
 */
public final class SstWriter {
    /**
     * @param file new and empty; owned by the writer from here on
     * @param name of the file, for messages
     * @param blockBytes size at which data blocks are closed, 128 to 65536
     * @param bloomBitsPerKey 0 (no filter) to 32
     * @param creationMillis milliseconds since the epoch, recorded in the properties
     */
    public SstWriter(WritableFile file, String name, int blockBytes, int bloomBitsPerKey, long creationMillis) {
        throw new UnsupportedOperationException("signature only");
    }

    /**
     * Adds the next entry: a greater user key, or the same one with a smaller sequence. Bytes are copied.
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
        throw new UnsupportedOperationException("signature only");
    }

    /** As the other one, with the value in an array. */
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
        throw new UnsupportedOperationException("signature only");
    }

    /** Adds range deletes, at any time and in any order; they may overlap what was added before. The arrays are kept. */
    public void addTombstone(Fragment fragment) {
        throw new UnsupportedOperationException("signature only");
    }

    /** About how long the file would be if it were finished now. Never shrinks. */
    public long estimatedBytes() {
        throw new UnsupportedOperationException("signature only");
    }

    /** True until something was added. */
    public boolean isEmpty() {
        throw new UnsupportedOperationException("signature only");
    }

    /**
     * Writes the rest, syncs and closes the file: its bytes are durable when this returns (its name only after {@link
     * io.forebay.store.FileStore#syncDirectory()}).
     *
     * @throws IllegalStateException when nothing was added
     */
    public SstProperties finish() throws IOException {
        throw new UnsupportedOperationException("signature only");
    }

    /** Closes the file without finishing it; it is garbage. No effect after {@link #finish()}. Idempotent. */
    public void abandon() throws IOException {
        throw new UnsupportedOperationException("signature only");
    }
}
