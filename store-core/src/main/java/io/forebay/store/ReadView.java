package io.forebay.store;

import java.util.List;

/**
 * Reads of one state of a store: of "now" ({@link Store}) or of a fixed moment ({@link Snapshot}). All methods may be
 * called from any thread. They throw {@link StoreClosedException} after close, {@link CorruptionException} for damaged
 * files, {@link StoreIoException} when a file cannot be read. Null keys and ranges are refused with {@link
 * NullPointerException}, a part that does not lie inside its array with {@link IndexOutOfBoundsException}. Arrays
 * handed in are not kept.
 */
public interface ReadView {
    /** The value of {@code key} as a new array, or null when there is none. */
    byte[] get(byte[] key);

    /**
     * Copies the value of the key {@code key[offset, offset + length)} to {@code into}.
     *
     * @return false, with {@code into} unchanged in length, when the key has no value
     */
    boolean get(byte[] key, int offset, int length, ValueBuffer into);

    /** Values in the order of {@code keys}, null where there is none; all read from one state of the store. */
    List<byte[]> multiGet(List<byte[]> keys);

    /**
     * An iterator over the keys in {@code range} as they are at this call. It starts unpositioned: seek first. It holds
     * memory and files until closed, so close it.
     */
    StoreIterator iterator(KeyRange range);
}
