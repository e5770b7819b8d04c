package io.forebay.store;

import java.util.Arrays;
import java.util.Objects;

/**
 * Writes that take effect together: readers see all of them or none, and so does a recovery. Operations are applied in
 * the order in which they were added. Arrays are copied. Reusable after {@link #clear()}. Not thread-safe.
 *
 * <p>Null is refused with {@link NullPointerException}, except as the end of a range; a part that is not inside its
 * array with {@link IndexOutOfBoundsException}; and an operation that would make the batch larger than 2 GiB with
 * {@link IllegalArgumentException}. The batch does not change then. {@link Store#write} checks the limits of keys and
 * values.
 *
 * <p>Bytes: a sequence of {@code kind:1 keyLength:4 key valueLength:4 value}, big-endian. For a range delete the value
 * is the exclusive end, and length -1 means that the range has no end.
 */
public final class WriteBatch {
    /** Kinds of operations; the numbers are those of the SST format. */
    public static final byte PUT = 1;

    /** A delete of one key. */
    public static final byte DELETE = 2;
    /** An operand for the merge function. */
    public static final byte MERGE = 3;
    /** A delete of a range of keys. */
    public static final byte DELETE_RANGE = 4;

    private byte[] bytes = new byte[512];
    private int size;
    private int count;

    /** Adds a put. @return this */
    public WriteBatch put(byte[] key, byte[] value) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        return put(key, 0, key.length, value, 0, value.length);
    }

    /** Adds a put of parts of arrays; offsets and lengths in bytes. @return this */
    public WriteBatch put(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        return addEntry(PUT, key, keyOffset, keyLength, value, valueOffset, valueLength);
    }

    /** Adds a delete; one of a key that is not there does no harm. @return this */
    public WriteBatch delete(byte[] key) {
        Objects.requireNonNull(key, "key");
        return add(DELETE, key, 0, key.length, key, 0, 0);
    }

    /** Adds a delete of a part of an array; offset and length in bytes. @return this */
    public WriteBatch delete(byte[] key, int keyOffset, int keyLength) {
        return add(DELETE, key, keyOffset, keyLength, key, 0, 0);
    }

    /** Adds an operand for the store's {@link MergeFunction}. @return this */
    public WriteBatch merge(byte[] key, byte[] operand) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(operand, "operand");
        return add(MERGE, key, 0, key.length, operand, 0, operand.length);
    }

    /** Adds an operand, of parts of arrays; offsets and lengths in bytes. @return this */
    public WriteBatch merge(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        return addEntry(MERGE, key, keyOffset, keyLength, value, valueOffset, valueLength);
    }

    /**
     * Deletes {@code [from, to)}; a null {@code to} means that the range has no end. An empty range adds no operation.
     */
    public WriteBatch deleteRange(byte[] from, byte[] to) {
        Objects.requireNonNull(from, "from");
        if (to == null) {
            return add(DELETE_RANGE, from, 0, from.length, from, 0, -1);
        }
        return Arrays.compareUnsigned(from, to) < 0 ? add(DELETE_RANGE, from, 0, from.length, to, 0, to.length) : this;
    }

    /** Deletes all keys that start with {@code prefix}; an empty prefix deletes everything. */
    public WriteBatch deletePrefix(byte[] prefix) {
        return deleteRange(Objects.requireNonNull(prefix, "prefix"), KeyRange.prefixEnd(prefix));
    }

    /** Number of operations. */
    public int count() {
        return count;
    }

    /** True when there is no operation in it. */
    public boolean isEmpty() {
        return count == 0;
    }

    /** Encoded size in bytes. */
    public int sizeInBytes() {
        return size;
    }

    /** Removes all operations, and keeps the memory for reuse. */
    public void clear() {
        size = 0;
        count = 0;
    }

    /** Calls {@code handler} for every operation in order. */
    public void forEach(Handler handler) {
        int at = 0;
        while (at < size) {
            byte kind = bytes[at];
            int keyLength = intAt(at + 1);
            int keyAt = at + 5;
            int valueLength = intAt(keyAt + keyLength);
            int valueAt = keyAt + keyLength + 4;
            handler.operation(kind, bytes, keyAt, keyLength, valueAt, valueLength);
            at = valueAt + Math.max(0, valueLength);
        }
    }

    private WriteBatch addEntry(
            byte kind, byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        Objects.requireNonNull(key, "key");
        Objects.checkFromIndexSize(valueOffset, valueLength, Objects.requireNonNull(value, "value").length);
        return add(kind, key, keyOffset, keyLength, value, valueOffset, valueLength);
    }

    /**
     * @param valueLength -1 for a range without end; otherwise the length of a part, which {@code addEntry} has checked
     */
    private WriteBatch add(
            byte kind, byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        Objects.checkFromIndexSize(keyOffset, keyLength, Objects.requireNonNull(key, "key").length);
        int valueBytes = Math.max(0, valueLength);
        long needed = (long) size + 9 + keyLength + valueBytes;
        if (needed > Integer.MAX_VALUE - 16) {
            throw new IllegalArgumentException("A write batch holds at most 2 GiB; write it in parts");
        }
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 16L, Math.max(needed, bytes.length * 2L)));
        }
        bytes[size] = kind;
        putInt(size + 1, keyLength);
        System.arraycopy(key, keyOffset, bytes, size + 5, keyLength);
        int valueAt = size + 9 + keyLength;
        putInt(valueAt - 4, valueLength);
        System.arraycopy(value, valueOffset, bytes, valueAt, valueBytes);
        size = (int) needed;
        count++;
        return this;
    }

    private int intAt(int at) {
        return (bytes[at] << 24)
                | ((bytes[at + 1] & 0xFF) << 16)
                | ((bytes[at + 2] & 0xFF) << 8)
                | (bytes[at + 3] & 0xFF);
    }

    private void putInt(int at, int value) {
        bytes[at] = (byte) (value >>> 24);
        bytes[at + 1] = (byte) (value >>> 16);
        bytes[at + 2] = (byte) (value >>> 8);
        bytes[at + 3] = (byte) value;
    }

    /**
     * Receives the operations of a batch. Key and value are in the same array. The value length -1 means a range
     * without end.
     */
    public interface Handler {
        /** One operation. Neither keeps nor changes {@code bytes}; {@code kind} is one of the constants of {@link WriteBatch}. */
        void operation(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength);
    }
}
