package io.forebay.store;

import java.util.List;

/**
 * Reads of one state of a store: the newest state ({@link Store}), or a fixed one ({@link Snapshot}). Any thread may
 * call all methods. They throw {@link StoreClosedException} after a close, {@link CorruptionException} for damaged
 * files, and {@link StoreIoException} when a file cannot be read. A null key or range is refused with {@link
 * NullPointerException}, and a part that is not inside its array with {@link IndexOutOfBoundsException}. Arrays that
 * are passed in are not kept.
 */
public interface ReadView {
    /** The value of {@code key} as a new array, or null when the key has no value. */
    byte[] get(byte[] key);

    /**
     * Copies the value of the key {@code key[offset, offset + length)} to {@code into}.
     *
     * @return false when the key has no value; then the length of {@code into} does not change
     */
    boolean get(byte[] key, int offset, int length, ValueBuffer into);

    /**
     * The values of {@code keys}, in the same order, with null for a key without a value. All are read from one state
     * of the store.
     */
    List<byte[]> multiGet(List<byte[]> keys);

    /**
     * An iterator over the keys in {@code range}, with the state at this call. It has no position at first: seek before
     * use. It holds memory and files until it is closed; the caller closes it. A part of that memory is on the heap and not
     * counted in the budget of the environment: perhaps copies of what it is at, of up to 64 KiB for each sorted run and
     * of whatever length for a value that is merged from operands, and a kilobyte of the order of each memtable, until
     * that is flushed.
     */
    StoreIterator iterator(KeyRange range);

    /**
     * Replaces the content of {@code into} by the first entries in {@code range}, until it is full. When it is not full afterwards, it has
     * all of them. All are read from one state of the store. Nothing is held after the call. So this is the cheapest way to read a short
     * range, or to ask whether a range has a key at all: with a batch of one key ({@link EntryBatch#ofKeys}). A long range that is read
     * in several calls is read from several states; an {@linkplain #iterator iterator} keeps to one.
     *
     * <p>When this throws, {@code into} is empty.
     *
     * @param range not null
     * @param into not null; used by no other thread during the call
     * @throws StoreClosedException when the store, or the snapshot, is closed
     * @throws StoreIoException when a file cannot be read
     * @throws CorruptionException when a file is damaged
     */
    void scan(KeyRange range, EntryBatch into);
}
