package io.forebay.kafka.window;

import java.util.Arrays;

/**
 * Which rows a fetch returns, and in which order: by segment, and within a segment by the bytes of the row. Immutable.
 *
 * @param keyFrom lowest key, null for none
 * @param keyTo highest key, included; null for none
 * @param timeFrom lowest time, not negative
 * @param timeTo highest time, included, not negative
 * @param startTo highest start of a session row; {@code Long.MAX_VALUE} for window rows
 * @param forward false for the descending order
 */
record RowQuery(byte[] keyFrom, byte[] keyTo, long timeFrom, long timeTo, long startTo, boolean forward) {
    static RowQuery oneKey(byte[] key, long timeFrom, long timeTo, long startTo, boolean forward) {
        return new RowQuery(key, key, timeFrom, timeTo, startTo, forward);
    }

    private boolean isOneKey() {
        return keyFrom != null && keyFrom == keyTo;
    }

    /** A bound at or below all rows that match, in segment 0. */
    byte[] lower(RowFormat format) {
        if (isOneKey()) {
            return format.lowestOf(keyFrom, timeFrom);
        }
        return keyFrom == null ? RowFormat.segmentPrefix(0) : format.lowestFrom(keyFrom);
    }

    /** A bound above all rows that match, in segment 0; null when only the end of the segment is such a bound. */
    byte[] upper(RowFormat format) {
        if (isOneKey()) {
            return format.aboveAllOf(keyTo, timeTo);
        }
        return keyTo == null ? null : format.aboveAllUpTo(keyTo, timeTo);
    }

    boolean matches(byte[] row, int rowLength, RowFormat format) {
        int keyLength = format.keyLength(rowLength);
        long time = RowFormat.time(row, keyLength);
        return time >= timeFrom
                && time <= timeTo
                && (startTo == Long.MAX_VALUE || RowFormat.start(row, keyLength) <= startTo)
                && matchesKey(row, keyLength);
    }

    private boolean matchesKey(byte[] row, int keyLength) {
        int from = RowFormat.SEGMENT_BYTES;
        int to = from + keyLength;
        if (isOneKey()) {
            return Arrays.equals(row, from, to, keyFrom, 0, keyFrom.length);
        }
        return (keyFrom == null || Arrays.compareUnsigned(row, from, to, keyFrom, 0, keyFrom.length) >= 0)
                && (keyTo == null || Arrays.compareUnsigned(row, from, to, keyTo, 0, keyTo.length) <= 0);
    }
}
