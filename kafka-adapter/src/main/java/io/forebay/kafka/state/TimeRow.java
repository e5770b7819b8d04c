package io.forebay.kafka.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The bytes of the second row that a time-ordered store keeps for each of its rows, big-endian:
 *
 * <pre>
 * window  --&gt; time':8 key sequence:4        time = window start
 * session --&gt; time':8 start:8 key           time = session end
 * time'   --&gt; time with its highest bit set
 * </pre>
 *
 * The order is that of Kafka's own time-ordered stores, in which closed windows are emitted. The highest bit keeps these
 * rows apart from the rows in the order of keys, which start with the number of a segment. A time row holds the value as
 * well, so that a walk in either order is one iterator over one state of the store. Immutable.
 */
public enum TimeRow {
    WINDOW(0, 4),
    SESSION(8, 0);

    private static final int TIME_BYTES = 8;
    private static final long MARK = Long.MIN_VALUE;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private final int startBytes;
    private final int sequenceBytes;

    TimeRow(int startBytes, int sequenceBytes) {
        this.startBytes = startBytes;
        this.sequenceBytes = sequenceBytes;
    }

    /** Length of the row of a key of {@code keyLength} bytes: as long as the key in the changelog. */
    public int length(int keyLength) {
        return TIME_BYTES + startBytes + keyLength + sequenceBytes;
    }

    public int keyLength(int rowLength) {
        return rowLength - length(0);
    }

    /**
     * Writes a row.
     *
     * @param time not negative
     * @param last the sequence of a window row, the start of a session row
     */
    public void write(byte[] row, byte[] key, int keyOffset, int keyLength, long time, long last) {
        LONG.set(row, 0, time | MARK);
        int at = TIME_BYTES + startBytes;
        System.arraycopy(key, keyOffset, row, at, keyLength);
        if (this == WINDOW) {
            INT.set(row, at + keyLength, (int) last);
        } else {
            LONG.set(row, TIME_BYTES, last);
        }
    }

    /** Writes the row of a changelog key. A changelog key is the key, the time, and the sequence or the start. */
    public void write(byte[] row, byte[] changelogKey, int offset, int length) {
        int keyLength = keyLength(length);
        int time = offset + keyLength;
        long last = this == WINDOW
                ? (int) INT.get(changelogKey, time + TIME_BYTES)
                : (long) LONG.get(changelogKey, time + TIME_BYTES);
        write(row, changelogKey, offset, keyLength, (long) LONG.get(changelogKey, time), last);
    }

    public byte[] key(byte[] row, int rowLength) {
        int at = TIME_BYTES + startBytes;
        return Arrays.copyOfRange(row, at, at + keyLength(rowLength));
    }

    /** Compares the key of a row with another one, byte by byte, unsigned. */
    public int compareKey(byte[] row, int rowLength, byte[] key) {
        int at = TIME_BYTES + startBytes;
        return Arrays.compareUnsigned(row, at, at + keyLength(rowLength), key, 0, key.length);
    }

    public static long time(byte[] row) {
        return (long) LONG.get(row, 0) & ~MARK;
    }

    /** The start of a session row. */
    public static long start(byte[] row) {
        return (long) LONG.get(row, TIME_BYTES);
    }

    /** A bound at or below the rows from {@code time} on, and above the rows before {@code time}. */
    public static byte[] bound(long time) {
        byte[] bound = new byte[TIME_BYTES];
        LONG.set(bound, 0, time | MARK);
        return bound;
    }

    /** A bound above the rows up to {@code time}; null when only the end of the store is above them. */
    public static byte[] boundAbove(long time) {
        return time == Long.MAX_VALUE ? null : bound(time + 1);
    }
}
