package io.forebay.store.sst.block;

import io.forebay.store.util.Slab;
import io.forebay.store.util.Varint;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Collects entries in order and encodes them as one block, see {@link BlockFormat}. Knows the exact encoded size at any time,
 * so that a block can fill its limit. Reusable after {@link #finish}. Does not check the order. Used by one thread.
 *
 * <p>While a cheap upper bound of the size is below the limit, the size itself is not computed.
 */
public final class BlockBuilder {
    /** {@link #finish} may write so many bytes after the block, if the array has room. */
    public static final int SLACK = Long.BYTES;

    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle LONG = view(long[].class);
    /** The longest header of a block, without the prefix. */
    private static final int MOST_HEADER = BlockFormat.BASE_AT + Long.BYTES + Varint.MAX_INT_BYTES;
    /** The most bytes that an entry takes beyond its key and value. (The head of the key is not repeated in the entry.) */
    private static final int MOST_OF_ENTRY =
            BlockFormat.HEAD_BYTES + BlockFormat.START_BYTES + Varint.MAX_INT_BYTES + Long.BYTES;

    private final int limit;
    private final boolean prefixCounts;
    private byte[] keys = new byte[1024];
    private byte[] values = new byte[4096];
    private int[] keyEnds = new int[64];
    private int[] valueEnds = new int[64];
    private long[] sequences = new long[64];
    private byte[] kinds = new byte[64];
    private int count;
    private int shared;
    private int shortest;
    /** An upper bound of the size. */
    private long mostBytes;
    /** Whether {@link #prefix} and {@link #metaAndRestBytes} are up to date. */
    private boolean measured;

    private int prefix;
    private int metaAndRestBytes;
    private int numbered;
    private long minSequence;
    private long maxSequence;

    /** @param limit the most bytes that {@link #finish} writes, unless a single entry is larger; at most 65536 */
    public BlockBuilder(int limit) {
        this(limit, true);
    }

    private static VarHandle view(Class<?> array) {
        return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.BIG_ENDIAN);
    }

    private BlockBuilder(int limit, boolean prefixCounts) {
        this.limit = limit;
        this.prefixCounts = prefixCounts;
    }

    /**
     * A builder of blocks that may exceed the limit by the prefix of their keys, so that a block has many keys however long the
     * prefix is.
     */
    public static BlockBuilder besidesPrefix(int limit) {
        return new BlockBuilder(limit, false);
    }

    public boolean isEmpty() {
        return count == 0;
    }

    public int count() {
        return count;
    }

    /** Encoded size of the entries added so far; 0 when empty. */
    public int size() {
        if (count == 0) {
            return 0;
        }
        measure();
        return size(count, prefix, metaAndRestBytes, numbered, minSequence, maxSequence, valueBytes());
    }

    /** An upper bound of {@link #size()}, a few bytes more for each entry. Cheap. */
    public long mostBytes() {
        return mostBytes;
    }

    /**
     * Adds an entry. After this call the caller writes the value to {@link #values} at {@link #valueAt}.
     *
     * @param sharedWithPrevious length of the common prefix with the previous key of this block; ignored for the first key
     * @return false, with nothing changed, when the block is full. An empty block takes any entry.
     */
    public boolean add(
            byte[] key, int offset, int length, int sharedWithPrevious, long sequence, byte kind, int valueLength) {
        int newShared = count == 0 ? length : Math.min(shared, sharedWithPrevious);
        int newShortest = count == 0 ? length : Math.min(shortest, length);
        int newNumbered = sequence == 0 ? numbered : numbered + 1;
        long newMin = sequence == 0 ? minSequence : numbered == 0 ? sequence : Math.min(minSequence, sequence);
        long newMax = sequence == 0 ? maxSequence : Math.max(maxSequence, sequence);
        int newValueBytes = valueBytes() + valueLength;
        long newMost = mostBytes + length + valueLength + MOST_OF_ENTRY + (count == 0 ? MOST_HEADER + length : 0);
        if (newMost <= limit) {
            measured = false;
        } else {
            measure();
            int newPrefix = Math.max(0, Math.min(newShared, newShortest - BlockFormat.HEAD_BYTES));
            int newMetaAndRest = metaAndRest(length, newPrefix)
                    + (count == 0 || newPrefix == prefix ? metaAndRestBytes : metaAndRestOfAll(newPrefix));
            int newSize = size(count + 1, newPrefix, newMetaAndRest, newNumbered, newMin, newMax, newValueBytes);
            if (count > 0 && newSize - (prefixCounts ? 0 : newPrefix) > limit) {
                return false;
            }
            prefix = newPrefix;
            metaAndRestBytes = newMetaAndRest;
        }
        shared = newShared;
        shortest = newShortest;
        mostBytes = newMost;
        numbered = newNumbered;
        minSequence = newMin;
        maxSequence = newMax;
        append(key, offset, length, sequence, kind, newValueBytes);
        return true;
    }

    private void measure() {
        if (!measured) {
            measured = true;
            prefix = count == 0 ? 0 : Math.max(0, Math.min(shared, shortest - BlockFormat.HEAD_BYTES));
            metaAndRestBytes = metaAndRestOfAll(prefix);
        }
    }

    private void append(byte[] key, int offset, int length, long sequence, byte kind, int newValueBytes) {
        if (count == keyEnds.length) {
            keyEnds = Arrays.copyOf(keyEnds, count * 2);
            valueEnds = Arrays.copyOf(valueEnds, count * 2);
            sequences = Arrays.copyOf(sequences, count * 2);
            kinds = Arrays.copyOf(kinds, count * 2);
        }
        int keyAt = keyAt(count);
        if (keys.length < keyAt + length + SLACK) {
            keys = Arrays.copyOf(keys, Math.max(keyAt + length + SLACK, keys.length * 2));
        }
        if (values.length < newValueBytes) {
            values = Arrays.copyOf(values, Math.max(newValueBytes, values.length * 2));
        }
        System.arraycopy(key, offset, keys, keyAt, length);
        keyEnds[count] = keyAt + length;
        valueEnds[count] = newValueBytes;
        sequences[count] = sequence;
        kinds[count] = kind;
        count++;
    }

    /** The array for the value of the last added entry; may change with every {@link #add}. */
    public byte[] values() {
        return values;
    }

    public int valueAt() {
        return count == 1 ? 0 : valueEnds[count - 2];
    }

    /**
     * Encodes the block to {@code out}, which must have room for {@link #size()}, and empties the builder. The next
     * {@link #SLACK} bytes of the array may be overwritten.
     *
     * @return the index after the block
     */
    public int finish(byte[] out, int at) {
        boolean slack = out.length - at >= size() + SLACK;
        int deltaBytes = BlockFormat.bytesFor(maxSequence - minSequence);
        int front = putHeader(out, at, count, minSequence, deltaBytes, keys, 0, prefix);
        int startsAt = front + count * BlockFormat.HEAD_BYTES;
        int entriesAt = startsAt + count * BlockFormat.START_BYTES;
        int entryAt = entriesAt;
        int keyAt = 0;
        int valueAt = 0;
        for (int i = 0; i < count; i++) {
            int suffixAt = keyAt + prefix;
            keyAt = keyEnds[i];
            int suffixLength = keyAt - suffixAt;
            putHead(out, front + i * BlockFormat.HEAD_BYTES, keys, suffixAt, suffixLength);
            SHORT.set(out, startsAt + i * BlockFormat.START_BYTES, (short) (entryAt - entriesAt));
            entryAt = putMetaAndRest(out, entryAt, kinds[i], sequences[i], keys, suffixAt, suffixLength, slack);
            if (sequences[i] != 0) {
                entryAt = putNumber(out, entryAt, sequences[i] - minSequence, deltaBytes, slack);
            }
            int valueLength = valueEnds[i] - valueAt;
            System.arraycopy(values, valueAt, out, entryAt, valueLength);
            valueAt += valueLength;
            entryAt += valueLength;
        }
        reset();
        return entryAt;
    }

    /** Bytes that {@link #putLone} writes. */
    public static int loneSize(int keyLength, long sequence) {
        int prefix = Math.max(0, keyLength - BlockFormat.HEAD_BYTES);
        return size(1, prefix, metaAndRest(keyLength, prefix), sequence == 0 ? 0 : 1, sequence, sequence, 0);
    }

    /** Encodes a block of a single entry without its value. The caller adds the value at the end. @return the index after it */
    public static int putLone(byte[] out, int at, byte[] key, int offset, int length, long sequence, byte kind) {
        int prefix = Math.max(0, length - BlockFormat.HEAD_BYTES);
        int front = putHeader(out, at, 1, sequence, 0, key, offset, prefix);
        putHead(out, front, key, offset + prefix, length - prefix);
        int startAt = front + BlockFormat.HEAD_BYTES;
        out[startAt] = 0;
        out[startAt + 1] = 0;
        int entryAt = startAt + BlockFormat.START_BYTES;
        return putMetaAndRest(out, entryAt, kind, sequence, key, offset + prefix, length - prefix, false);
    }

    private void reset() {
        count = 0;
        mostBytes = 0;
        measured = false;
        numbered = 0;
        minSequence = 0;
        maxSequence = 0;
    }

    private int keyAt(int index) {
        return index == 0 ? 0 : keyEnds[index - 1];
    }

    private int valueBytes() {
        return count == 0 ? 0 : valueEnds[count - 1];
    }

    private int metaAndRestOfAll(int forPrefix) {
        int bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += metaAndRest(keyEnds[i] - keyAt(i), forPrefix);
        }
        return bytes;
    }

    private static int metaAndRest(int keyLength, int prefix) {
        int suffix = keyLength - prefix;
        return Varint.size(suffix << BlockFormat.SUFFIX_SHIFT) + Math.max(0, suffix - BlockFormat.HEAD_BYTES);
    }

    private static int size(int count, int prefix, int metaAndRest, int numbered, long min, long max, int valueBytes) {
        return BlockFormat.BASE_AT
                + BlockFormat.bytesFor(min)
                + Varint.size(prefix)
                + prefix
                + count * (BlockFormat.HEAD_BYTES + BlockFormat.START_BYTES)
                + metaAndRest
                + numbered * BlockFormat.bytesFor(max - min)
                + valueBytes;
    }

    private static int putHeader(
            byte[] out, int at, int count, long base, int deltaBytes, byte[] key, int keyAt, int prefix) {
        int baseBytes = BlockFormat.bytesFor(base);
        out[at] = (byte) (count >>> 8);
        out[at + 1] = (byte) count;
        out[at + BlockFormat.WIDTHS_AT] = (byte) (baseBytes << 4 | deltaBytes);
        int next = Varint.putInt(out, putNumber(out, at + BlockFormat.BASE_AT, base, baseBytes, false), prefix);
        System.arraycopy(key, keyAt, out, next, prefix);
        return next + prefix;
    }

    private static void putHead(byte[] out, int at, byte[] key, int suffixAt, int suffixLength) {
        int head = suffixLength >= BlockFormat.HEAD_BYTES
                ? (int) INT.get(key, suffixAt)
                : (int) (Slab.head(key, suffixAt, suffixLength) >>> 32);
        INT.set(out, at, head);
    }

    /**
     * @param slack whether a long may be written to {@code out} at every byte of an entry of the block, and be read from
     *     {@code key} there
     */
    private static int putMetaAndRest(
            byte[] out, int at, byte kind, long sequence, byte[] key, int suffixAt, int suffixLength, boolean slack) {
        int zero = sequence == 0 ? BlockFormat.ZERO_SEQUENCE : 0;
        int next = Varint.putInt(out, at, suffixLength << BlockFormat.SUFFIX_SHIFT | zero | kind);
        int rest = suffixLength - BlockFormat.HEAD_BYTES;
        if (rest <= 0) {
            return next;
        }
        int restAt = suffixAt + BlockFormat.HEAD_BYTES;
        if (slack && rest <= 2 * Long.BYTES) {
            LONG.set(out, next, (long) LONG.get(key, restAt));
            if (rest > Long.BYTES) {
                int last = rest - Long.BYTES;
                LONG.set(out, next + last, (long) LONG.get(key, restAt + last));
            }
        } else {
            System.arraycopy(key, restAt, out, next, rest);
        }
        return next + rest;
    }

    private static int putNumber(byte[] out, int at, long number, int bytes, boolean slack) {
        if (slack && bytes > 0) {
            LONG.set(out, at, number << (Long.SIZE - 8 * bytes));
            return at + bytes;
        }
        for (int i = bytes - 1; i >= 0; i--) {
            out[at + i] = (byte) number;
            number >>>= 8;
        }
        return at + bytes;
    }
}
