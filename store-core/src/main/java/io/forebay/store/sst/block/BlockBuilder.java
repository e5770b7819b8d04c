package io.forebay.store.sst.block;

import io.forebay.store.util.Varint;
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

    /** The longest header of a block, with positions and without the prefix. */
    private static final int MOST_HEADER =
            BlockFormat.BASE_AT + Long.BYTES + Varint.MAX_INT_BYTES + BlockFormat.MAX_HEAD_BYTES;
    /** A block of one entry has all of the key in its prefix. */
    private static final int LONE_SHAPE = 1;

    private final int limit;
    private final boolean prefixCounts;
    private final HeadPositions positions = new HeadPositions();
    private byte[] keys = new byte[1024];
    private byte[] values = new byte[4096];
    private int[] keyEnds = new int[64];
    private int[] valueEnds = new int[64];
    private long[] sequences = new long[64];
    private byte[] kinds = new byte[64];
    private int count;
    /** Length of the common prefix of all keys. */
    private int shared;
    /** An upper bound of the size. */
    private long mostBytes;

    /** Bytes of metas and rests of the first {@link #measured} entries with the prefix and the elided bytes that follow. */
    private int metaAndRestBytes;

    private int measured;
    private int measuredPrefix;
    private int measuredElided;

    private int numbered;
    private long minSequence;
    private long maxSequence;

    /** @param limit the most bytes that {@link #finish} writes, unless a single entry is larger; at most 65536 */
    public BlockBuilder(int limit) {
        this(limit, true);
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
        return count == 0 ? 0 : size(count, shared, numbered, minSequence, maxSequence) + valueBytes();
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
        boolean first = count == 0;
        int newShared = first ? length : Math.min(shared, sharedWithPrevious);
        int newNumbered = sequence == 0 ? numbered : numbered + 1;
        long newMin = sequence == 0 ? minSequence : numbered == 0 ? sequence : Math.min(minSequence, sequence);
        long newMax = sequence == 0 ? maxSequence : Math.max(maxSequence, sequence);
        int newValueBytes = valueBytes() + valueLength;
        long newMost = mostBytes + mostOfEntry(length, sequence) + valueLength + (first ? MOST_HEADER + length : 0);
        putKey(key, offset, length);
        if (!first) {
            positions.add(HeadPositions.of(key, offset, length, sharedWithPrevious));
            if (newMost > limit) {
                int newSize = size(count + 1, newShared, newNumbered, newMin, newMax) + newValueBytes;
                if (newSize - (prefixCounts ? 0 : newShared) > limit) {
                    positions.undo();
                    forgetMeasure();
                    return false;
                }
            }
        }
        shared = newShared;
        mostBytes = newMost;
        numbered = newNumbered;
        minSequence = newMin;
        maxSequence = newMax;
        if (values.length < newValueBytes) {
            values = Arrays.copyOf(values, Math.max(newValueBytes, values.length * 2));
        }
        valueEnds[count] = newValueBytes;
        sequences[count] = sequence;
        kinds[count] = kind;
        count++;
        return true;
    }

    /** The most bytes that an entry takes without its value. */
    private static int mostOfEntry(int keyLength, long sequence) {
        return BlockFormat.START_BYTES
                + BlockFormat.MAX_HEAD_BYTES
                + Varint.size(keyLength << BlockFormat.SUFFIX_SHIFT)
                + keyLength
                + (sequence == 0 ? 0 : Long.BYTES);
    }

    /** Copies a key behind the others. It does not belong to the block yet. */
    private void putKey(byte[] key, int offset, int length) {
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
        System.arraycopy(key, offset, keys, keyAt, length);
        keyEnds[count] = keyAt + length;
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
        int shape = positions.shape(shared);
        int deltaBytes = BlockFormat.bytesFor(maxSequence - minSequence);
        int prefixEnd = BlockEncoder.putHeader(out, at, count, shape, minSequence, deltaBytes, keys, 0, shared);
        int startsAt = putPositions(out, prefixEnd, shape);
        int headsAt = startsAt + count * BlockFormat.START_BYTES;
        int width = BlockFormat.headBytes(shape << 8);
        int elided = BlockFormat.elidedBytes(shape << 8);
        boolean gathered = elided == 0;
        int entriesAt = headsAt + count * width;
        int entryAt = entriesAt;
        int keyAt = 0;
        int valueAt = 0;
        for (int i = 0; i < count; i++) {
            int keyEnd = keyEnds[i];
            int suffixAt = keyAt + shared;
            int suffixLength = keyEnd - suffixAt;
            long head = gathered
                    ? positions.gather(keys, keyAt, keyEnd, width)
                    : BlockEncoder.firstBytes(keys, suffixAt, suffixLength);
            BlockEncoder.putHead(out, headsAt + i * width, head, width, entriesAt);
            BlockEncoder.putStart(out, startsAt + i * BlockFormat.START_BYTES, entryAt - entriesAt);
            long sequence = sequences[i];
            entryAt = BlockEncoder.putMeta(out, entryAt, suffixLength, sequence, kinds[i]);
            entryAt = BlockEncoder.putRest(out, entryAt, keys, suffixAt + elided, suffixLength - elided, slack);
            if (sequence != 0) {
                entryAt = BlockEncoder.putNumber(out, entryAt, sequence - minSequence, deltaBytes, slack);
            }
            int valueLength = valueEnds[i] - valueAt;
            System.arraycopy(values, valueAt, out, entryAt, valueLength);
            valueAt += valueLength;
            entryAt += valueLength;
            keyAt = keyEnd;
        }
        reset();
        return entryAt;
    }

    private int putPositions(byte[] out, int at, int shape) {
        int bytes = BlockFormat.positionBytes(shape << 8);
        for (int i = 0; i < bytes; i++) {
            out[at + i] = (byte) (positions.position(i) - shared);
        }
        return at + bytes;
    }

    /** Bytes that {@link #putLone} writes. */
    public static int loneSize(int keyLength, long sequence) {
        int numbered = sequence == 0 ? 0 : 1;
        return BlockEncoder.frameBytes(1, LONE_SHAPE, keyLength, numbered, sequence, sequence)
                + BlockEncoder.metaAndRest(0, 1);
    }

    /** Encodes a block of a single entry without its value. The caller adds the value at the end. @return the index after it */
    public static int putLone(byte[] out, int at, byte[] key, int offset, int length, long sequence, byte kind) {
        int startAt = BlockEncoder.putHeader(out, at, 1, LONE_SHAPE, sequence, 0, key, offset, length);
        int headAt = startAt + BlockFormat.START_BYTES;
        BlockEncoder.putStart(out, startAt, 0);
        out[headAt] = 0;
        return BlockEncoder.putMeta(out, headAt + 1, 0, sequence, kind);
    }

    private void reset() {
        count = 0;
        mostBytes = 0;
        numbered = 0;
        minSequence = 0;
        maxSequence = 0;
        positions.clear();
        forgetMeasure();
    }

    private int keyAt(int index) {
        return index == 0 ? 0 : keyEnds[index - 1];
    }

    private int valueBytes() {
        return count == 0 ? 0 : valueEnds[count - 1];
    }

    /** Bytes of a block of {@code entries} of the keys without values. */
    private int size(int entries, int prefix, int ofNumbered, long min, long max) {
        int shape = positions.shape(prefix);
        measure(entries, prefix, BlockFormat.elidedBytes(shape << 8));
        return BlockEncoder.frameBytes(entries, shape, prefix, ofNumbered, min, max) + metaAndRestBytes;
    }

    /** Brings {@link #metaAndRestBytes} up to date; cheap unless prefix or heads change. */
    private void measure(int entries, int prefix, int elided) {
        if (prefix != measuredPrefix || elided != measuredElided) {
            forgetMeasure();
            measuredPrefix = prefix;
            measuredElided = elided;
        }
        for (; measured < entries; measured++) {
            int suffixLength = keyEnds[measured] - keyAt(measured) - prefix;
            metaAndRestBytes += BlockEncoder.metaAndRest(suffixLength, elided);
        }
    }

    private void forgetMeasure() {
        measured = 0;
        metaAndRestBytes = 0;
    }
}
