package io.forebay.kafka.bridge;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.Query;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.state.HeadersBytesStore;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.TimestampedBytesStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.apache.kafka.streams.state.internals.WrappedStateStore;

/**
 * Forwards every call to a time-ordered window store, which it owns. Kafka takes this object for a time-ordered store of
 * its own: when Kafka asks for the wrapped store, it gets a {@link TimeOrderedStandIn}. The thread rules are those of the
 * store.
 */
class TimeOrderedWindowStore extends WrappedStateStore<WindowStore<Bytes, byte[]>, Bytes, byte[]>
        implements WindowStore<Bytes, byte[]>, TimestampedBytesStore {
    private final WindowStore<Bytes, byte[]> store;
    private final WindowStore<Bytes, byte[]> standIn;

    private TimeOrderedWindowStore(WindowStore<Bytes, byte[]> store, WindowStore<Bytes, byte[]> standIn) {
        super(store);
        this.store = store;
        this.standIn = standIn;
    }

    /**
     * Wraps {@code store}, whose values have timestamps, and may have headers. The result implements the same marker
     * interfaces.
     */
    static WindowStore<Bytes, byte[]> of(WindowStore<Bytes, byte[]> store, boolean indexed)
            throws ReflectiveOperationException {
        WindowStore<Bytes, byte[]> standIn = TimeOrderedStandIn.over(store, indexed);
        return store instanceof HeadersBytesStore
                ? new WithHeaders(store, standIn)
                : new TimeOrderedWindowStore(store, standIn);
    }

    private static final class WithHeaders extends TimeOrderedWindowStore implements HeadersBytesStore {
        WithHeaders(WindowStore<Bytes, byte[]> store, WindowStore<Bytes, byte[]> standIn) {
            super(store, standIn);
        }
    }

    @Override
    public WindowStore<Bytes, byte[]> wrapped() {
        return standIn;
    }

    @Override
    public String name() {
        return store.name();
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        store.init(context, root);
    }

    @Override
    public void commit(Map<TopicPartition, Long> changelogOffsets) {
        store.commit(changelogOffsets);
    }

    @Override
    public Long committedOffset(TopicPartition partition) {
        return store.committedOffset(partition);
    }

    @Override
    @SuppressWarnings("deprecation")
    public boolean managesOffsets() {
        return store.managesOffsets();
    }

    @Override
    public void close() {
        store.close();
    }

    @Override
    public boolean persistent() {
        return store.persistent();
    }

    @Override
    public boolean isOpen() {
        return store.isOpen();
    }

    @Override
    public Position getPosition() {
        return store.getPosition();
    }

    @Override
    public <R> QueryResult<R> query(Query<R> query, PositionBound bound, QueryConfig config) {
        return store.query(query, bound, config);
    }

    @Override
    public void put(Bytes key, byte[] value, long windowStart) {
        store.put(key, value, windowStart);
    }

    @Override
    public byte[] fetch(Bytes key, long time) {
        return store.fetch(key, time);
    }

    @Override
    public WindowStoreIterator<byte[]> fetch(Bytes key, long timeFrom, long timeTo) {
        return store.fetch(key, timeFrom, timeTo);
    }

    @Override
    public WindowStoreIterator<byte[]> backwardFetch(Bytes key, long timeFrom, long timeTo) {
        return store.backwardFetch(key, timeFrom, timeTo);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetch(Bytes keyFrom, Bytes keyTo, long timeFrom, long timeTo) {
        return store.fetch(keyFrom, keyTo, timeFrom, timeTo);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFetch(
            Bytes keyFrom, Bytes keyTo, long timeFrom, long timeTo) {
        return store.backwardFetch(keyFrom, keyTo, timeFrom, timeTo);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetchAll(long timeFrom, long timeTo) {
        return store.fetchAll(timeFrom, timeTo);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFetchAll(long timeFrom, long timeTo) {
        return store.backwardFetchAll(timeFrom, timeTo);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> all() {
        return store.all();
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardAll() {
        return store.backwardAll();
    }
}
