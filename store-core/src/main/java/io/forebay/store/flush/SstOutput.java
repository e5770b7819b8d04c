package io.forebay.store.flush;

import io.forebay.store.util.Slab;
import io.forebay.store.version.FileMeta;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Writes entries in internal order to as many SSTs as needed, the files of one run. A new file begins only between two
 * user keys, once the present one has the target size or at a fence. Used by one thread.
 *
 * <p>Call {@link #add} for all entries, then {@link #finish}, and {@link #close} always: without a successful finish it
 * deletes every file that was made.
 */
public final class SstOutput implements Closeable {
    /**
     * @param tombstones asked at every cut
     * @param fences keys at which a file must end, ascending; for none an empty list
     */
    public SstOutput(SstTarget target, TombstoneFeed tombstones, List<byte[]> fences) {
        throw new UnsupportedOperationException("signature only");
    }

    /**
     * Adds the next entry. Bytes are copied.
     *
     * @param value may be null when {@code valueLength} is 0
     * @throws IllegalArgumentException when it is out of order
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

    /** Bytes of the finished files and about those of the present one. */
    public long bytesWritten() {
        throw new UnsupportedOperationException("signature only");
    }

    /**
     * Ends the last file and makes all names durable.
     *
     * @return the files in key order, maybe none. Each holds a reference that the caller releases once the edit that adds it
     *     is applied; releasing it without such an edit deletes the file
     */
    public List<FileMeta> finish() throws IOException {
        throw new UnsupportedOperationException("signature only");
    }

    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException("signature only");
    }
}
