package io.forebay.kafka.window;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.state.InvalidRange;
import io.forebay.kafka.state.TimeRow;
import java.util.Arrays;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/**
 * A window store. The time of a row is the start of its window. An iterator sees the store as it is at the first use of the
 * iterator. Threads: as in the base class.
 *
 * <p>With duplicates retained, each put gets a number of its own. The numbers go on when the object is closed and opened
 * again, as Kafka does with the stores of a task that it revives. In a new process they start with 1. Both are as with the
 * numbers that Kafka writes to the changelog.
 *
 * <p>Rows are returned by segment, then by key; the rows of one key in the order of time. In a time-ordered store, reads
 * without keys return rows in the order of time, then of key; {@link Segments#indexed} says which order reads of a range of
 * keys have. Kafka's record cache relies on these orders.
 */
public class ForebayWindowStore extends SegmentedStore implements WindowStore<Bytes, byte[]> {
    private final long windowSize;
    private final boolean retainDuplicates;

    /** The number of the last put; 0 before the first, and without duplicates. */
    // Written by the writer, read with acquire
    private volatile int sequence;

    ForebayWindowStore(String name, ValueFormat format, Segments segments, long windowSize, boolean retainDuplicates) {
        super(name, RowFormat.WINDOW, format, segments);
        this.windowSize = windowSize;
        this.retainDuplicates = retainDuplicates;
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        if (isTimeOrdered() && KafkaInternals.isCachedByKey(root)) {
            throw new StreamsException("Store " + name()
                    + " keeps windows that are emitted when they close, and Kafka has laid the record cache "
                    + "over it that sorts by key: the windows would be emitted in a wrong order, some of them twice. "
                    + "Materialized.withCachingDisabled() switches the cache off");
        }
        super.init(context, root);
    }

    @Override
    public void put(Bytes key, byte[] value, long windowStartTimestamp) {
        Objects.requireNonNull(key, "key cannot be null");
        if (retainDuplicates) {
            if (value == null) {
                return; // it is not known which of the duplicates to delete
            }
            sequence = (sequence + 1) & 0x7FFFFFFF;
        }
        putRow(key, windowStartTimestamp, sequence, value);
    }

    @Override
    public byte[] fetch(Bytes key, long time) {
        Objects.requireNonNull(key, "key cannot be null");
        return getRow(key, time, sequence);
    }

    @Override
    public WindowStoreIterator<byte[]> fetch(Bytes key, long timeFrom, long timeTo) {
        return fetch(key, timeFrom, timeTo, true);
    }

    @Override
    public WindowStoreIterator<byte[]> backwardFetch(Bytes key, long timeFrom, long timeTo) {
        return fetch(key, timeFrom, timeTo, false);
    }

    private WindowStoreIterator<byte[]> fetch(Bytes key, long timeFrom, long timeTo, boolean forward) {
        Objects.requireNonNull(key, "key cannot be null");
        store();
        return new Values(this, RowQuery.oneKey(key.get(), visibleFrom(timeFrom), timeTo, Long.MAX_VALUE, forward));
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetch(Bytes keyFrom, Bytes keyTo, long timeFrom, long timeTo) {
        return fetch(keyFrom, keyTo, timeFrom, timeTo, true);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFetch(
            Bytes keyFrom, Bytes keyTo, long timeFrom, long timeTo) {
        return fetch(keyFrom, keyTo, timeFrom, timeTo, false);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetchAll(long timeFrom, long timeTo) {
        return fetchAll(timeFrom, timeTo, true);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFetchAll(long timeFrom, long timeTo) {
        return fetchAll(timeFrom, timeTo, false);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> all() {
        return fetchAll(0, Long.MAX_VALUE, true);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardAll() {
        return fetchAll(0, Long.MAX_VALUE, false);
    }

    private KeyValueIterator<Windowed<Bytes>, byte[]> fetchAll(long timeFrom, long timeTo, boolean forward) {
        long visibleFrom = visibleFrom(timeFrom, timeTo);
        store();
        return isTimeOrdered()
                ? new WindowsByTime(this, null, null, visibleFrom, timeTo, forward, windowSize)
                : new Windows(this, new RowQuery(null, null, visibleFrom, timeTo, Long.MAX_VALUE, forward), windowSize);
    }

    private KeyValueIterator<Windowed<Bytes>, byte[]> fetch(
            Bytes keyFrom, Bytes keyTo, long timeFrom, long timeTo, boolean forward) {
        if (InvalidRange.warnIfInverted(keyFrom, keyTo)) {
            return InvalidRange.empty();
        }
        store();
        byte[] from = keyFrom == null ? null : keyFrom.get();
        byte[] to = keyTo == null ? null : keyTo.get();
        long visibleFrom = visibleFrom(timeFrom);
        if (from != null && Arrays.equals(from, to)) {
            return new Windows(this, RowQuery.oneKey(from, visibleFrom, timeTo, Long.MAX_VALUE, forward), windowSize);
        }
        return isIndexed()
                ? new Windows(this, new RowQuery(from, to, visibleFrom, timeTo, Long.MAX_VALUE, forward), windowSize)
                : new WindowsByTime(this, from, to, visibleFrom, timeTo, forward, windowSize);
    }

    private static final class Values extends RowIterator<Long> implements WindowStoreIterator<byte[]> {
        Values(SegmentedStore store, RowQuery query) {
            super(store, query);
        }

        @Override
        Long toKey(byte[] row, int keyLength) {
            return RowFormat.time(row, keyLength);
        }
    }

    private static final class Windows extends RowIterator<Windowed<Bytes>> {
        private final long windowSize;

        Windows(SegmentedStore store, RowQuery query, long windowSize) {
            super(store, query);
            this.windowSize = windowSize;
        }

        @Override
        Windowed<Bytes> toKey(byte[] row, int keyLength) {
            return KafkaInternals.timeWindowed(
                    Bytes.wrap(RowFormat.key(row, keyLength)), RowFormat.time(row, keyLength), windowSize);
        }
    }

    private static final class WindowsByTime extends TimeRowIterator<Windowed<Bytes>> {
        private final long windowSize;

        WindowsByTime(
                SegmentedStore store,
                byte[] keyFrom,
                byte[] keyTo,
                long timeFrom,
                long timeTo,
                boolean forward,
                long windowSize) {
            super(store, TimeRow.WINDOW, keyFrom, keyTo, timeFrom, timeTo, forward);
            this.windowSize = windowSize;
        }

        @Override
        Windowed<Bytes> toKey(byte[] row, int rowLength) {
            return KafkaInternals.timeWindowed(
                    Bytes.wrap(TimeRow.WINDOW.key(row, rowLength)), TimeRow.time(row), windowSize);
        }
    }
}
