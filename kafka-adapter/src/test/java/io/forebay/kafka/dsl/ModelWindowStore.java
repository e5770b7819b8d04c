package io.forebay.kafka.dsl;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.TimeWindow;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** Windows are shown while they begin at or after stream time less the retention, in the order of time. */
final class ModelWindowStore extends TimeOrderedModel implements WindowStore<Bytes, byte[]> {
    private final long windowSize;

    ModelWindowStore(String name, long retention, long span, long windowSize, boolean keeps) {
        super(name, retention, span, keeps);
        this.windowSize = windowSize;
    }

    @Override
    public void put(Bytes key, byte[] value, long windowStart) {
        write(new Row(windowStart, 0, key), value);
    }

    @Override
    public byte[] fetch(Bytes key, long time) {
        return time < retainedFrom() ? null : read(new Row(time, 0, key));
    }

    private NavigableMap<Row, byte[]> visible(long timeFrom, long timeTo) {
        return between(Math.max(timeFrom, Math.max(0, retainedFrom())), timeTo);
    }

    private List<KeyValue<Windowed<Bytes>, byte[]>> list(Iterable<Map.Entry<Row, byte[]>> rows, Bytes onlyKey) {
        List<KeyValue<Windowed<Bytes>, byte[]>> found = new ArrayList<>();
        for (Map.Entry<Row, byte[]> row : rows) {
            if (onlyKey == null || onlyKey.equals(row.getKey().key())) {
                long start = row.getKey().time();
                found.add(KeyValue.pair(
                        new Windowed<>(row.getKey().key(), new TimeWindow(start, start + windowSize)), row.getValue()));
            }
        }
        return found;
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetchAll(long timeFrom, long timeTo) {
        return iterator(list((keeps() ? between(timeFrom, timeTo) : visible(timeFrom, timeTo)).entrySet(), null));
    }

    /** As of one key: sliding windows give the same key twice. */
    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetch(Bytes keyFrom, Bytes keyTo, long timeFrom, long timeTo) {
        if (!keyFrom.equals(keyTo)) {
            throw notModelled();
        }
        return iterator(list(visible(timeFrom, timeTo).entrySet(), keyFrom));
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFetch(
            Bytes keyFrom, Bytes keyTo, long timeFrom, long timeTo) {
        if (!keyFrom.equals(keyTo)) {
            throw notModelled();
        }
        return iterator(list(visible(timeFrom, timeTo).descendingMap().entrySet(), keyFrom));
    }

    /** Asked for to see whether it is there. */
    @Override
    public WindowStoreIterator<byte[]> backwardFetch(Bytes key, long timeFrom, long timeTo) {
        return new WindowStoreIterator<>() {
            @Override
            public void close() {}

            @Override
            public Long peekNextKey() {
                throw notModelled();
            }

            @Override
            public boolean hasNext() {
                throw notModelled();
            }

            @Override
            public KeyValue<Long, byte[]> next() {
                throw notModelled();
            }
        };
    }

    @Override
    public WindowStoreIterator<byte[]> fetch(Bytes key, long timeFrom, long timeTo) {
        throw notModelled();
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> all() {
        return refuse();
    }
}
