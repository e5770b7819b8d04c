package io.forebay.store;

import java.util.Objects;

/**
 * Builds SSTs from entries in strictly ascending key order. Only the writer thread of the store uses it, and closes it.
 *
 * <p>The ingest ends when an {@link #add} cannot write, or when {@link #finish} throws. Then nothing of it becomes
 * visible, and the store takes other writes again unless it is read-only. An entry that is refused changes nothing.
 * After the end both methods throw {@link IllegalStateException}.
 */
public interface SortedIngest extends AutoCloseable {
    /**
     * Adds one entry. Nothing may be null; both arrays are copied.
     *
     * @throws IllegalArgumentException when the key is not greater than the one before (the message names both), or
     *     when the key or the value is too long for a {@link Store}
     * @throws IndexOutOfBoundsException when a part is not inside its array
     * @throws StoreIoException when a file cannot be written
     */
    void add(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength);

    /** As {@link #add(byte[], int, int, byte[], int, int)}, of whole arrays. */
    default void add(byte[] key, byte[] value) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        add(key, 0, key.length, value, 0, value.length);
    }

    /**
     * Makes all entries visible at once, as the newest writes of the store. The files are synced on return. As with
     * every write, the entries survive a crash only when a later commit is durable; in a store with a write-ahead log
     * they do so at once.
     *
     * @throws StoreException when files or the manifest cannot be written. In a store with a write-ahead log a reopen after a
     *     kill, or after {@link Store#discard}, may find the entries all the same, all or none; after {@link Store#resume}
     *     or a close it does not
     * @throws StoreClosedException when the store was closed or discarded meanwhile; then nothing of the ingest is
     *     visible
     */
    void finish();

    /** Ends the ingest. Entries that were not made visible by {@link #finish()} are dropped. Idempotent. */
    @Override
    void close();
}
