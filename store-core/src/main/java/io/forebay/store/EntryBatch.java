package io.forebay.store;

import java.util.Arrays;

/**
 * Entries that {@link StoreIterator#nextBatch} has copied, in key order. Keys and values lie one after the other in one array,
 * so that a caller can decode them where they are, without an array for each. A caller owns the batch and may reuse it; the
 * content stays valid until the batch is passed to another call. Not thread-safe.
 *
 * <pre>
 *   array:  key 0 | value 0 | key 1 | value 1 | ...
 * </pre>
 */
public final class EntryBatch {
    /** An entry of about this size is expected when the first array is made. */
    private static final int EXPECTED_ENTRY_BYTES = 48;

    private static final int FIRST_ENTRIES = 16;

    private final int maxEntries;
    private final int maxBytes;
    private final boolean withValues;
    private byte[] bytes;
    /** Where key i starts, at 2i, and where its value starts, at 2i + 1; after the last entry the end of all. */
    private int[] bounds;

    private int size;
    private int used;

    private EntryBatch(int maxEntries, int maxBytes, boolean withValues) {
        if (maxEntries < 1 || maxBytes < 1) {
            throw new IllegalArgumentException(
                    "A batch has room for at least one entry and one byte, not for " + maxEntries + " and " + maxBytes);
        }
        this.maxEntries = maxEntries;
        this.maxBytes = maxBytes;
        this.withValues = withValues;
        int expected = Math.min(maxEntries, FIRST_ENTRIES);
        bytes = new byte[Math.min(maxBytes, expected * EXPECTED_ENTRY_BYTES)];
        bounds = new int[2 * expected + 1];
    }

    /**
     * A batch for keys and values. It is full with {@code maxEntries} entries, or with the entry that brings it to {@code
     * maxBytes} bytes of keys and values or beyond; so it takes one entry of whatever size. Both are at least 1.
     *
     * @throws IllegalArgumentException when one of them is not
     */
    public static EntryBatch of(int maxEntries, int maxBytes) {
        return new EntryBatch(maxEntries, maxBytes, true);
    }

    /** As {@link #of}, for keys only: no value is read or copied, and all values have length 0. */
    public static EntryBatch ofKeys(int maxEntries, int maxBytes) {
        return new EntryBatch(maxEntries, maxBytes, false);
    }

    /** Number of entries. */
    public int size() {
        return size;
    }

    /** Whether the batch takes no more entries. */
    public boolean isFull() {
        return size == maxEntries || used >= maxBytes;
    }

    /** Whether the batch has values, as opposed to {@linkplain #ofKeys keys only}. */
    public boolean hasValues() {
        return withValues;
    }

    /**
     * The array that holds the keys and values. The caller must not change it. It is replaced by another array when the
     * batch grows.
     */
    public byte[] array() {
        return bytes;
    }

    /** Where the key of entry {@code index} starts in {@link #array()}; {@link IndexOutOfBoundsException} for no entry. */
    public int keyOffset(int index) {
        return bounds[2 * checked(index)];
    }

    /** Bytes of the key of entry {@code index}; {@link IndexOutOfBoundsException} for no entry. */
    public int keyLength(int index) {
        return bounds[2 * checked(index) + 1] - bounds[2 * index];
    }

    /** Where the value of entry {@code index} starts; {@link IndexOutOfBoundsException} for no entry. */
    public int valueOffset(int index) {
        return bounds[2 * checked(index) + 1];
    }

    /** Bytes of the value of entry {@code index}; {@link IndexOutOfBoundsException} for no entry. */
    public int valueLength(int index) {
        return bounds[2 * checked(index) + 2] - bounds[2 * index + 1];
    }

    /** The key of entry {@code index} as a new array; {@link IndexOutOfBoundsException} for no entry. */
    public byte[] key(int index) {
        return Arrays.copyOfRange(bytes, bounds[2 * checked(index)], bounds[2 * index + 1]);
    }

    /** The value of entry {@code index} as a new array; {@link IndexOutOfBoundsException} for no entry. */
    public byte[] value(int index) {
        return Arrays.copyOfRange(bytes, bounds[2 * checked(index) + 1], bounds[2 * index + 2]);
    }

    private int checked(int index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException("Entry " + index + " of a batch of " + size);
        }
        return index;
    }

    /** Drops all entries. The array stays. */
    public void clear() {
        size = 0;
        used = 0;
    }

    /**
     * Adds an entry with the key {@code key[0, keyLength)} and a value of {@code valueLength} bytes, which the caller copies to
     * {@link #array()} at the returned offset. Called by the engine, and by tests.
     *
     * @throws OutOfMemoryError when the batch would be larger than an array can be
     */
    public int add(byte[] key, int keyLength, int valueLength) {
        int valueAt = used + keyLength;
        long end = (long) valueAt + valueLength;
        if (end > bytes.length || 2 * size + 3 > bounds.length) {
            grow(end);
        }
        System.arraycopy(key, 0, bytes, used, keyLength);
        bounds[2 * size + 1] = valueAt;
        bounds[2 * size + 2] = (int) end;
        used = (int) end;
        size++;
        return valueAt;
    }

    private void grow(long end) {
        if (end > Integer.MAX_VALUE - 16) {
            throw new OutOfMemoryError("A batch of entries cannot have " + end + " bytes");
        }
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.max(end, Math.min(Integer.MAX_VALUE - 16L, bytes.length * 2L)));
        }
        if (2 * size + 3 > bounds.length) {
            bounds = Arrays.copyOf(bounds, (int) Math.min(2L * maxEntries, bounds.length * 2L) + 1);
        }
    }
}
