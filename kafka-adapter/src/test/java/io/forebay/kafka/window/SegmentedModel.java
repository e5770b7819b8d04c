package io.forebay.kafka.window;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What a window or session store must show, in the plainest form: a sorted map of rows in the order of (segment, key as in
 * the changelog), of which those that are too old are hidden; the order of time is sorted out of it when it is asked for.
 */
final class SegmentedModel {
    private final RowFormat format;
    private final long retention;
    private final long interval;
    private final long shownFor;
    private TreeMap<byte[], Row> rows = new TreeMap<>(Arrays::compareUnsigned);
    private long streamTime = -1;
    /** Stream time as it was seen since the store was opened. */
    private long seenTime = -1;

    private int dropped;

    private TreeMap<byte[], Row> committedRows = new TreeMap<>(Arrays::compareUnsigned);
    private long committedStreamTime = -1;

    /** Segments of {@code interval}; rows are hidden when more than {@code shownFor} behind. */
    SegmentedModel(RowFormat format, long retention, long interval, long shownFor) {
        this.format = format;
        this.retention = retention;
        this.interval = interval;
        this.shownFor = shownFor;
    }

    /** One row; {@code last} is the sequence of a window row and the start of a session row. */
    record Row(byte[] key, long time, long last, String value) {
        @Override
        public String toString() {
            return Arrays.toString(key) + "@" + time + "/" + last + "=" + value;
        }
    }

    void put(byte[] key, long time, long last, String value) {
        advance(time);
        if (time / interval < firstLiveSegment()) {
            dropped++;
            return;
        }
        rows.values().removeIf(row -> row.time / interval < firstLiveSegment());
        byte[] row = bytes(key, time, last);
        if (value == null) {
            rows.remove(row);
        } else {
            rows.put(row, new Row(key, time, last, value));
        }
    }

    void remove(byte[] key, long time, long last) {
        advance(time);
        rows.remove(bytes(key, time, last));
    }

    String get(byte[] key, long time, long last) {
        Row row = rows.get(bytes(key, time, last));
        return row == null || time < visibleFrom() ? null : row.value;
    }

    /** By segment, key and time. */
    List<Row> find(Predicate<Row> wanted, boolean forward) {
        return select(row -> row.time >= visibleFrom() && wanted.test(row), Comparator.comparing(row -> 0), forward);
    }

    /** By time, key and sequence, or by end, start and key. */
    List<Row> findByTime(Predicate<Row> wanted, boolean forward) {
        return select(row -> row.time >= visibleFrom() && wanted.test(row), byTime(), forward);
    }

    /** Sessions by end, start and key, also those that are hidden from other reads. */
    List<Row> findByEnd(long earliest, long latest) {
        return select(row -> row.time >= earliest && row.time <= latest, byTime(), true);
    }

    private List<Row> select(Predicate<Row> wanted, Comparator<Row> order, boolean forward) {
        List<Row> found = new ArrayList<>();
        for (Map.Entry<byte[], Row> entry : rows.entrySet()) {
            if (wanted.test(entry.getValue())) {
                found.add(entry.getValue());
            }
        }
        found.sort(order);
        if (!forward) {
            Collections.reverse(found);
        }
        return found;
    }

    private Comparator<Row> byTime() {
        Comparator<Row> byTime = Comparator.comparingLong(Row::time);
        return format == RowFormat.SESSION
                ? byTime.thenComparingLong(Row::last).thenComparing(Row::key, Arrays::compareUnsigned)
                : byTime.thenComparing(SegmentedModel::keyAndSequence, Arrays::compareUnsigned);
    }

    private static byte[] keyAndSequence(Row row) {
        return ByteBuffer.allocate(row.key.length + 4)
                .put(row.key)
                .putInt((int) row.last)
                .array();
    }

    void commit() {
        committedRows = new TreeMap<>(rows);
        committedStreamTime = streamTime;
    }

    void rollBack() {
        rows = new TreeMap<>(committedRows);
        streamTime = committedStreamTime;
        seenTime = -1;
    }

    int dropped() {
        return dropped;
    }

    long streamTime() {
        return streamTime;
    }

    private void advance(long time) {
        seenTime = Math.max(seenTime, time);
        streamTime = Math.max(streamTime, time);
    }

    private long firstLiveSegment() {
        return (seenTime - retention) / interval;
    }

    /** No row from before this time is in the store any more after a put that was not dropped. */
    long liveFrom() {
        return firstLiveSegment() * interval;
    }

    long visibleFrom() {
        return seenTime - shownFor;
    }

    private byte[] bytes(byte[] key, long time, long last) {
        byte[] row = new byte[format.rowLength(key.length)];
        format.write(row, time / interval, key, time, last);
        return row;
    }
}
