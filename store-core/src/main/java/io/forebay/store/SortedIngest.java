package io.forebay.store;

/** Builds SSTs from entries in strictly ascending key order. Used by the writer thread of its store only. */
public interface SortedIngest extends AutoCloseable {
    /** Adds one entry; {@link IllegalArgumentException} naming both keys when it is not greater than the one before. */
    void add(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength);

    default void add(byte[] key, byte[] value) {
        add(key, 0, key.length, value, 0, value.length);
    }

    /**
     * Makes all entries visible at once, newer than everything written before. The files are synced; like every write the
     * entries are part of a recovery only once a later commit is durable; in a store with a write-ahead log, at once.
     */
    void finish();

    /** Abandons everything that was added unless {@link #finish()} came first. Idempotent. */
    @Override
    void close();
}
