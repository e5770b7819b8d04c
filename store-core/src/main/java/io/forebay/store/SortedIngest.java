package io.forebay.store;

import java.util.Objects;

/**
 * Builds SSTs from entries in strictly ascending key order. Used by the writer thread of its store only.
 *
 * <p>An {@link #add} that cannot write, and a {@link #finish} that throws, end the ingest: nothing of it becomes
 * visible, and the store takes other writes again unless it is read-only. An entry that is refused leaves it as it was.
 * After the end both throw {@link IllegalStateException}.
 */
public interface SortedIngest extends AutoCloseable {
    /**
     * Adds one entry; nothing may be null, and both arrays are copied.
     *
     * @throws IllegalArgumentException naming both keys when the key is not greater than the one before, and for a key
     *     or value that is too long for a {@link Store}
     * @throws IndexOutOfBoundsException when a part does not lie inside its array
     * @throws StoreIoException when a file cannot be written
     */
    void add(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength);

    /** As the other one, of whole arrays. */
    default void add(byte[] key, byte[] value) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        add(key, 0, key.length, value, 0, value.length);
    }

    /**
     * Makes all entries visible at once, newer than everything written before. The files are synced; like every write the
     * entries are part of a recovery only once a later commit is durable; in a store with a write-ahead log, at once.
     *
     * @throws StoreException when files or manifest cannot be written
     * @throws StoreClosedException when the store was closed or discarded meanwhile; nothing of the ingest is visible then
     */
    void finish();

    /** Abandons everything that was added unless {@link #finish()} came first. Idempotent. */
    @Override
    void close();
}
