package io.forebay.kafka.dsl;

import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.KeyValueIterator;

/**
 * What Kafka's time-ordered stores hold, as plainly as can be: a map sorted by time, start and key, from which spans of time
 * that are wholly before stream time less the retention are dropped.
 */
abstract class TimeOrderedModel implements StateStore {
    private final String name;
    private final long retention;
    private final long span;
    private final boolean keeps;
    private final TreeMap<Row, byte[]> rows = new TreeMap<>();
    private final Position position = Position.emptyPosition();
    private long streamTime = -1;
    private boolean open;

    /** With {@code keeps} nothing is dropped for its age. */
    TimeOrderedModel(String name, long retention, long span, boolean keeps) {
        this.name = name;
        this.retention = retention;
        this.span = span;
        this.keeps = keeps;
    }

    final boolean keeps() {
        return keeps;
    }

    /** {@code start} is 0 for windows. */
    record Row(long time, long start, Bytes key) implements Comparable<Row> {
        private static final Bytes LOWEST = Bytes.wrap(new byte[0]);

        @Override
        public int compareTo(Row other) {
            int byTime = Long.compare(time, other.time);
            int byStart = byTime != 0 ? byTime : Long.compare(start, other.start);
            return byStart != 0 ? byStart : key.compareTo(other.key);
        }
    }

    final void write(Row row, byte[] value) {
        streamTime = Math.max(streamTime, row.time);
        long firstLive = (streamTime - retention) / span;
        if (!keeps) {
            if (row.time / span < firstLive) {
                return;
            }
            rows.headMap(new Row(firstLive * span, 0, Row.LOWEST)).clear();
        }
        if (value == null) {
            rows.remove(row);
        } else {
            rows.put(row, value);
        }
    }

    final void delete(Row row) {
        streamTime = Math.max(streamTime, row.time);
        rows.remove(row);
    }

    final byte[] read(Row row) {
        return rows.get(row);
    }

    final NavigableMap<Row, byte[]> between(long timeFrom, long timeTo) {
        return timeTo < timeFrom
                ? new TreeMap<>()
                : rows.subMap(
                        new Row(timeFrom, 0, Row.LOWEST),
                        true,
                        new Row(timeTo == Long.MAX_VALUE ? timeTo : timeTo + 1, 0, Row.LOWEST),
                        false);
    }

    /** Stream time less the retention. */
    final long retainedFrom() {
        return streamTime - retention;
    }

    static <K> KeyValueIterator<K, byte[]> iterator(List<KeyValue<K, byte[]>> found) {
        return new ListIterator<>(found);
    }

    static final class ListIterator<K> implements KeyValueIterator<K, byte[]> {
        private final Iterator<KeyValue<K, byte[]>> rest;
        private KeyValue<K, byte[]> next;

        ListIterator(List<KeyValue<K, byte[]>> found) {
            rest = found.iterator();
            next = rest.hasNext() ? rest.next() : null;
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public K peekNextKey() {
            return next.key;
        }

        @Override
        public KeyValue<K, byte[]> next() {
            KeyValue<K, byte[]> row = next;
            next = rest.hasNext() ? rest.next() : null;
            return row;
        }

        @Override
        public void close() {}
    }

    static UnsupportedOperationException notModelled() {
        return new UnsupportedOperationException("no operator that puts out closed windows asks for this");
    }

    static KeyValueIterator<Windowed<Bytes>, byte[]> refuse() {
        throw notModelled();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        context.register(root, (key, value) -> {
            throw notModelled();
        });
        open = true;
    }

    @Override
    public Position getPosition() {
        return position;
    }

    @Override
    public boolean persistent() {
        return false;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
    }
}
