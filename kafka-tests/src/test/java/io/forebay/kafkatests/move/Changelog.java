package io.forebay.kafkatests.move;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.streams.KeyValue;

/** A compacted topic of one partition. */
final class Changelog {
    private record Entry(String key, String value) {}

    private final TreeMap<Long, Entry> entries = new TreeMap<>();
    private long end;

    /** Appends a row; a null value deletes. */
    void append(String key, String value) {
        entries.put(end++, new Entry(key, value));
    }

    /** The offset of the next record. */
    long end() {
        return end;
    }

    /**
     * Leaves the last value of each key, and no deletions before {@code horizon}: they are older than {@code
     * delete.retention.ms}.
     */
    void compact(long horizon) {
        Map<String, Long> last = new TreeMap<>();
        entries.forEach((offset, entry) -> last.put(entry.key, offset));
        entries.entrySet()
                .removeIf(entry -> last.get(entry.getValue().key) > entry.getKey()
                        || entry.getValue().value == null && entry.getKey() < horizon);
    }

    /** Records behind {@code offset}, as a restore gets them. */
    List<KeyValue<byte[], byte[]>> after(long offset, Kind kind) {
        List<KeyValue<byte[], byte[]>> records = new ArrayList<>();
        entries.tailMap(offset, false)
                .values()
                .forEach(entry -> records.add(KeyValue.pair(
                        kind.changelogKey(entry.key),
                        entry.value == null ? null : entry.value.getBytes(StandardCharsets.UTF_8))));
        return records;
    }

    /** What a store that read everything holds. */
    Map<String, String> rows() {
        Map<String, String> rows = new TreeMap<>();
        for (Entry entry : entries.values()) {
            if (entry.value == null) {
                rows.remove(entry.key);
            } else {
                rows.put(entry.key, entry.value);
            }
        }
        return rows;
    }
}
