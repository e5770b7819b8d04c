package io.forebay.kafka.window;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What a window or session store must show, in the plainest form: a sorted map of rows in the order of (segment, key as in
 * the changelog), of which the expired ones are hidden.
 */
final class SegmentedModel {
    private final RowFormat format;
    private final long retention;
    private final long interval;
    private final long span;
    private final int spansKept;
    private TreeMap<byte[], Row> rows = new TreeMap<>(Arrays::compareUnsigned);
    private long streamTime = -1;
    private int dropped;

    private TreeMap<byte[], Row> committedRows = new TreeMap<>(Arrays::compareUnsigned);
    private long committedStreamTime = -1;

    /** Segments of {@code interval}, which expire together in spans; {@code spansKept} expired ones are kept. */
    SegmentedModel(RowFormat format, long retention, long interval, long span, int spansKept) {
        this.format = format;
        this.retention = retention;
        this.interval = interval;
        this.span = span;
        this.spansKept = spansKept;
    }

    /** One row; {@code last} is the sequence of a window row and the start of a session row. */
    record Row(byte[] key, long time, long last, String value) {
        @Override
        public String toString() {
            return Arrays.toString(key) + "@" + time + "/" + last + "=" + value;
        }
    }

    void put(byte[] key, long time, long last, String value) {
        streamTime = Math.max(streamTime, time);
        if (time / span < (streamTime - retention) / span - spansKept) {
            dropped++;
            return;
        }
        byte[] row = bytes(key, time, last);
        if (value == null) {
            rows.remove(row);
        } else {
            rows.put(row, new Row(key, time, last, value));
        }
    }

    void remove(byte[] key, long time, long last) {
        streamTime = Math.max(streamTime, time);
        rows.remove(bytes(key, time, last));
    }

    String get(byte[] key, long time, long last) {
        Row row = rows.get(bytes(key, time, last));
        return row == null || time < visibleFrom() ? null : row.value;
    }

    List<Row> find(Predicate<Row> wanted, boolean forward) {
        List<Row> found = new ArrayList<>();
        for (Map.Entry<byte[], Row> entry : rows.entrySet()) {
            if (entry.getValue().time >= visibleFrom() && wanted.test(entry.getValue())) {
                found.add(entry.getValue());
            }
        }
        if (!forward) {
            Collections.reverse(found);
        }
        return found;
    }

    void commit() {
        committedRows = new TreeMap<>(rows);
        committedStreamTime = streamTime;
    }

    void rollBack() {
        rows = new TreeMap<>(committedRows);
        streamTime = committedStreamTime;
    }

    int dropped() {
        return dropped;
    }

    long streamTime() {
        return streamTime;
    }

    /** The lowest segment of which the store may still hold rows after a put. */
    long firstLiveSegment() {
        return ((streamTime - retention) / span - spansKept) * (span / interval);
    }

    long visibleFrom() {
        return streamTime - retention + 1;
    }

    private byte[] bytes(byte[] key, long time, long last) {
        byte[] row = new byte[format.rowLength(key.length)];
        format.write(row, time / interval, key, time, last);
        return row;
    }
}
