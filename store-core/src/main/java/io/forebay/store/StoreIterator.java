package io.forebay.store;

/**
 * A cursor over live entries in unsigned key order, both ways, within the bounds it was opened with, of the state at
 * which it was opened. Used by one thread at a time; different threads may use different iterators. Writes that happen
 * later are never seen. Reading errors are those of {@link ReadView}. After it or the store is closed every call but
 * {@link #close()} throws {@link StoreClosedException}.
 */
public interface StoreIterator extends AutoCloseable {
    /** True while positioned on an entry; the accessors below may be called only then, else {@link IllegalStateException}. */
    boolean isValid();

    /** To the first entry within bounds. */
    void seekToFirst();

    /** To the last entry within bounds. */
    void seekToLast();

    /** To the first entry with a key at or after {@code key} (clamped to the bounds); not null. */
    void seek(byte[] key);

    /** To the last entry with a key at or before {@code key} (clamped to the bounds); not null. */
    void seekForPrev(byte[] key);

    /** To the next entry; {@link IllegalStateException} unless {@link #isValid()}. */
    void next();

    /** To the previous entry; {@link IllegalStateException} unless {@link #isValid()}. */
    void prev();

    /** The key as a new array. */
    byte[] key();

    /** The value as a new array. */
    byte[] value();

    /** The bytes of the current key, valid in {@code [0, keyLength())} and only until the next move; never change them. */
    byte[] keyArray();

    int keyLength();

    int valueLength();

    /** Copies the current value to {@code into}. */
    void value(ValueBuffer into);

    /** Releases memory and files. Idempotent. */
    @Override
    void close();
}
