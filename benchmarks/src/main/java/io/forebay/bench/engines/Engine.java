package io.forebay.bench.engines;

/**
 * A store under test. Keys are ordered as unsigned bytes. One thread uses it. Arrays that are handed
 * in belong to the caller, who changes them after the call. A method for which the engine lacks the
 * {@link Ability} throws {@link UnsupportedOperationException}.
 */
public interface Engine extends AutoCloseable {
    void put(byte[] key, byte[] value);

    /** Null when absent. */
    byte[] get(byte[] key);

    void delete(byte[] key);

    /** Writes all pairs in one call. */
    default void putAll(byte[][] keys, byte[][] values) {
        throw new UnsupportedOperationException();
    }

    /** Reads all keys in one call. @return how many were there */
    default int getAll(byte[][] keys) {
        throw new UnsupportedOperationException();
    }

    /** Adds an element to the list at {@code key}. */
    default void append(byte[] key, byte[] element) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads up to {@code limit} entries: from the first one at or after {@code from} on, or from the last one at or before it
     * backwards. A null {@code from} is the beginning or the end.
     *
     * @return number of entries read, keys and values included
     */
    default int scan(byte[] from, int limit, boolean reverse) {
        throw new UnsupportedOperationException();
    }

    /** The {@link Consumed#mix} of all entries that the last {@link #scan} or {@link #scanPrefix} read. */
    default long scannedSum() {
        throw new UnsupportedOperationException();
    }

    /** Reads all entries that start with {@code prefix}. @return how many */
    default int scanPrefix(byte[] prefix) {
        throw new UnsupportedOperationException();
    }

    /** Removes all keys that start with {@code prefix}, as the host of the engine does it. */
    default void clearPrefix(byte[] prefix) {
        throw new UnsupportedOperationException();
    }

    /** Loads sorted entries into an empty store; they are in files on return. */
    default void bulkLoad(int count, Entries entries) {
        throw new UnsupportedOperationException();
    }

    /** Loads entries in write batches of the size that the host takes when it restores; they are in files on return. */
    default void restore(int count, Entries entries) {
        throw new UnsupportedOperationException();
    }

    /** As {@link #clearPrefix}, by one call. */
    default void deleteRange(byte[] prefix) {
        throw new UnsupportedOperationException();
    }

    /**
     * What the thread of a stream task does for a checkpoint; the rest may go on in the background until
     * {@link #finishCheckpoint}.
     */
    default void checkpointPause() {
        throw new UnsupportedOperationException();
    }

    /** Waits for the rest of the last checkpoint and drops it; does nothing when there is none. */
    default void finishCheckpoint() {
        throw new UnsupportedOperationException();
    }

    /** Everything written so far is in files; background work may go on. */
    void flush();

    /** Everything is in files, and background work is at its end. */
    void settle();

    @Override
    void close();

    /** Entries by number; arrays are valid until the next call. */
    interface Entries {
        byte[] key(int index);

        byte[] value(int index);
    }
}
