package io.forebay.kafka.window;

import io.forebay.kafka.offsets.StoreKind;
import io.forebay.kafka.state.TimeRow;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The bytes of a row key, big-endian:
 *
 * <pre>
 * window row  --&gt; segment:8 key time:8 sequence:4        time = window start
 * session row --&gt; segment:8 key time:8 start:8           time = session end
 * segment     --&gt; time / segment interval
 * </pre>
 *
 * What follows the segment is the key in the changelog of the store, byte for byte. Two things depend on that. A restore
 * needs no decoding. And Kafka's record cache, which sorts by segment and then by the same bytes, can merge its entries
 * with the rows only if both have the same order. The price: if one key is a prefix of another key, rows of the longer
 * key may lie between those of the shorter one. No row is ambiguous, because the suffix has a fixed length and is cut off
 * from the end. But a read has to check the key of every row inside its bounds. Immutable.
 */
enum RowFormat {
    WINDOW(StoreKind.WINDOW, StoreKind.TIME_ORDERED_WINDOW, TimeRow.WINDOW, 12),
    SESSION(StoreKind.SESSION, StoreKind.TIME_ORDERED_SESSION, TimeRow.SESSION, 16);

    static final int SEGMENT_BYTES = 8;
    private static final int TIME_BYTES = 8;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private final StoreKind kind;
    private final StoreKind timeOrderedKind;
    final TimeRow timeRow;
    private final int suffixBytes;

    RowFormat(StoreKind kind, StoreKind timeOrderedKind, TimeRow timeRow, int suffixBytes) {
        this.kind = kind;
        this.timeOrderedKind = timeOrderedKind;
        this.timeRow = timeRow;
        this.suffixBytes = suffixBytes;
    }

    StoreKind kind(boolean timeOrdered) {
        return timeOrdered ? timeOrderedKind : kind;
    }

    /** Length of the row of a key of {@code keyLength} bytes. */
    int rowLength(int keyLength) {
        return SEGMENT_BYTES + keyLength + suffixBytes;
    }

    /**
     * Writes a row.
     *
     * @param last the sequence of a window row, the start of a session row
     */
    void write(byte[] row, long segment, byte[] key, long time, long last) {
        LONG.set(row, 0, segment);
        System.arraycopy(key, 0, row, SEGMENT_BYTES, key.length);
        int at = SEGMENT_BYTES + key.length;
        LONG.set(row, at, time);
        if (this == WINDOW) {
            INT.set(row, at + TIME_BYTES, (int) last);
        } else {
            LONG.set(row, at + TIME_BYTES, last);
        }
    }

    /** Writes the row of a changelog key. */
    static void write(byte[] row, long segment, byte[] changelogKey) {
        LONG.set(row, 0, segment);
        System.arraycopy(changelogKey, 0, row, SEGMENT_BYTES, changelogKey.length);
    }

    /** The time in a changelog key. */
    long changelogTime(byte[] changelogKey) {
        return (long) LONG.get(changelogKey, changelogKey.length - suffixBytes);
    }

    static byte[] segmentPrefix(long segment) {
        byte[] prefix = new byte[SEGMENT_BYTES];
        LONG.set(prefix, 0, segment);
        return prefix;
    }

    static long segment(byte[] row) {
        return (long) LONG.get(row, 0);
    }

    static void setSegment(byte[] row, long segment) {
        LONG.set(row, 0, segment);
    }

    int keyLength(int rowLength) {
        return rowLength - SEGMENT_BYTES - suffixBytes;
    }

    static byte[] key(byte[] row, int keyLength) {
        return Arrays.copyOfRange(row, SEGMENT_BYTES, SEGMENT_BYTES + keyLength);
    }

    static long time(byte[] row, int keyLength) {
        return (long) LONG.get(row, SEGMENT_BYTES + keyLength);
    }

    /** The start of a session row. */
    static long start(byte[] row, int keyLength) {
        return (long) LONG.get(row, SEGMENT_BYTES + keyLength + TIME_BYTES);
    }

    /** A bound at or below the rows of one key from {@code timeFrom} on, in segment 0. */
    byte[] lowestOf(byte[] key, long timeFrom) {
        byte[] bound = new byte[SEGMENT_BYTES + key.length + TIME_BYTES];
        System.arraycopy(key, 0, bound, SEGMENT_BYTES, key.length);
        LONG.set(bound, SEGMENT_BYTES + key.length, timeFrom);
        return bound;
    }

    /** A bound at or below the rows of all keys from {@code keyFrom} on, in segment 0. */
    byte[] lowestFrom(byte[] keyFrom) {
        byte[] bound = new byte[SEGMENT_BYTES + keyFrom.length];
        System.arraycopy(keyFrom, 0, bound, SEGMENT_BYTES, keyFrom.length);
        return bound;
    }

    /** A bound above the rows of one key up to {@code timeTo}, in segment 0. */
    byte[] aboveAllOf(byte[] key, long timeTo) {
        return aboveAll(key, key.length, timeTo);
    }

    /**
     * A bound above the rows of all keys up to and including {@code keyTo}, up to {@code timeTo}, in segment 0. The
     * highest of these rows need not be a row of {@code keyTo}: the time that follows a shorter key may be higher than the
     * bytes that follow the same prefix in {@code keyTo}. So the bound is the highest over all prefixes of {@code keyTo}.
     */
    byte[] aboveAllUpTo(byte[] keyTo, long timeTo) {
        byte[] suffix = aboveAll(keyTo, 0, timeTo);
        int best = keyTo.length;
        for (int length = keyTo.length - 1; length >= 0; length--) {
            if (suffixIsHigher(suffix, keyTo, length, best)) {
                best = length;
            }
        }
        return aboveAll(keyTo, best, timeTo);
    }

    /**
     * True when {@code suffix} is higher than the bytes of the key from {@code at} to {@code end} followed by the suffix.
     */
    private static boolean suffixIsHigher(byte[] suffix, byte[] key, int at, int end) {
        int common = Math.min(suffix.length - SEGMENT_BYTES, end - at);
        int order = Arrays.compareUnsigned(suffix, SEGMENT_BYTES, SEGMENT_BYTES + common, key, at, at + common);
        if (order != 0 || common < end - at) {
            return order > 0;
        }
        return Arrays.compareUnsigned(
                        suffix, SEGMENT_BYTES + common, suffix.length, suffix, SEGMENT_BYTES, suffix.length)
                > 0;
    }

    private byte[] aboveAll(byte[] key, int keyLength, long timeTo) {
        byte[] bound = new byte[rowLength(keyLength)];
        System.arraycopy(key, 0, bound, SEGMENT_BYTES, keyLength);
        int at = SEGMENT_BYTES + keyLength;
        LONG.set(bound, at, timeTo);
        Arrays.fill(bound, at + TIME_BYTES, bound.length, (byte) 0xFF);
        return bound;
    }
}
