package io.forebay.store;

/**
 * A cursor over live entries in unsigned key order, in both directions, within the range that it was opened with. It
 * shows the state at which it was opened, and never later writes. One thread at a time uses an iterator; different
 * threads may use different iterators. Read errors are those of {@link ReadView}. After a close of the iterator or the
 * store every method but {@link #close()} throws {@link StoreClosedException}.
 */
public interface StoreIterator extends AutoCloseable {
    /**
     * True while the iterator is at an entry. Only then may the accessors below be called; otherwise they throw {@link
     * IllegalStateException}.
     */
    boolean isValid();

    /** Moves to the first entry within the range. */
    void seekToFirst();

    /** Moves to the last entry within the range. */
    void seekToLast();

    /** Moves to the first entry with a key at or after {@code key} (and within the range); not null. */
    void seek(byte[] key);

    /** Moves to the last entry with a key at or before {@code key} (and within the range); not null. */
    void seekForPrev(byte[] key);

    /** Moves to the next entry; {@link IllegalStateException} unless {@link #isValid()}. */
    void next();

    /** Moves to the previous entry; {@link IllegalStateException} unless {@link #isValid()}. */
    void prev();

    /** The key as a new array. */
    byte[] key();

    /**
     * The value as a new array. A value of more than 64 KiB, or one in a value file ({@link StoreOptions#valueFileThreshold}), may be read
     * from its file again for each call.
     */
    byte[] value();

    /**
     * The bytes of the current key, in {@code [0, keyLength())}. Valid until the next move; the caller must not change
     * the array.
     */
    byte[] keyArray();

    /** Bytes of the current key; {@link IllegalStateException} unless {@link #isValid()}. */
    int keyLength();

    /** Bytes of the current value; {@link IllegalStateException} unless {@link #isValid()}. */
    int valueLength();

    /** As {@link #value()}, copied to {@code into}, not null, which does not change when the read fails. */
    void value(ValueBuffer into);

    /**
     * Copies entries to {@code into}, not null, which loses what it had: the present entry, and those that follow it forward,
     * until the batch is {@linkplain EntryBatch#isFull full} or no entry is left. Afterwards the iterator is at the first entry
     * that is not in the batch, or not valid. One call costs less than the same steps one by one, and allocates nothing but
     * what the batch needs to grow, and an array for a value above 64 KiB that no memory was free for. When it throws, the batch is empty, and it is not defined where the iterator is: seek
     * before further use.
     *
     * @throws IllegalStateException unless {@link #isValid()}
     */
    void nextBatch(EntryBatch into);

    /** Releases memory and files. Idempotent. */
    @Override
    void close();
}
