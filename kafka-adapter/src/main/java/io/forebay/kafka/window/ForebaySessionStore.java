package io.forebay.kafka.window;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.state.InvalidRange;
import io.forebay.kafka.state.TimeRow;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.SessionStore;

/**
 * A session store. The time of a row is the end of its session. An iterator sees the store as it is at the first use of the
 * iterator. On a closed store, an iterator finds nothing, as in Kafka's own stores. Threads: as in the base class.
 */
public class ForebaySessionStore extends SegmentedStore implements SessionStore<Bytes, byte[]> {
    ForebaySessionStore(String name, Segments segments) {
        this(name, ValueFormat.PLAIN, segments);
    }

    ForebaySessionStore(String name, ValueFormat format, Segments segments) {
        super(name, RowFormat.SESSION, format, segments);
    }

    @Override
    public void put(Windowed<Bytes> sessionKey, byte[] aggregate) {
        putRow(sessionKey.key(), sessionKey.window().end(), sessionKey.window().start(), aggregate);
    }

    @Override
    public void remove(Windowed<Bytes> sessionKey) {
        removeRow(
                sessionKey.key(), sessionKey.window().end(), sessionKey.window().start());
    }

    @Override
    public byte[] fetchSession(Bytes key, long sessionStartTime, long sessionEndTime) {
        Objects.requireNonNull(key, "key cannot be null");
        return getRow(key, sessionEndTime, sessionStartTime);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> findSessions(
            Bytes key, long earliestSessionEndTime, long latestSessionStartTime) {
        return find(key, earliestSessionEndTime, latestSessionStartTime, true);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFindSessions(
            Bytes key, long earliestSessionEndTime, long latestSessionStartTime) {
        return find(key, earliestSessionEndTime, latestSessionStartTime, false);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> findSessions(
            Bytes keyFrom, Bytes keyTo, long earliestSessionEndTime, long latestSessionStartTime) {
        return find(keyFrom, keyTo, earliestSessionEndTime, latestSessionStartTime, true);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFindSessions(
            Bytes keyFrom, Bytes keyTo, long earliestSessionEndTime, long latestSessionStartTime) {
        return find(keyFrom, keyTo, earliestSessionEndTime, latestSessionStartTime, false);
    }

    /**
     * All sessions that end within the bounds, both included, in the order of end, start and key. Kafka finds closed
     * sessions in this way. Old sessions are shown for as long as they are in the store.
     *
     * @throws UnsupportedOperationException when the store is not time-ordered; Kafka's own stores throw the same
     */
    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> findSessions(
            long earliestSessionEndTime, long latestSessionEndTime) {
        if (!isTimeOrdered()) {
            throw new UnsupportedOperationException("Session store " + name()
                    + " is not time-ordered, so it cannot be used for sessions that are emitted when they close. The stores of"
                    + " ForebayDslStoreSuppliers can: leave the choice of the store to the DSL");
        }
        readUpTo(latestSessionEndTime);
        return new SessionsByTime(this, Math.max(0, earliestSessionEndTime), latestSessionEndTime);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetch(Bytes key) {
        return find(key, 0, Long.MAX_VALUE, true);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFetch(Bytes key) {
        return find(key, 0, Long.MAX_VALUE, false);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetch(Bytes keyFrom, Bytes keyTo) {
        return find(keyFrom, keyTo, 0, Long.MAX_VALUE, true);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> backwardFetch(Bytes keyFrom, Bytes keyTo) {
        return find(keyFrom, keyTo, 0, Long.MAX_VALUE, false);
    }

    private KeyValueIterator<Windowed<Bytes>, byte[]> find(
            Bytes key, long earliestEnd, long latestStart, boolean forward) {
        Objects.requireNonNull(key, "key cannot be null");
        return new Sessions(
                this, RowQuery.oneKey(key.get(), visibleFrom(earliestEnd), Long.MAX_VALUE, latestStart, forward));
    }

    private KeyValueIterator<Windowed<Bytes>, byte[]> find(
            Bytes keyFrom, Bytes keyTo, long earliestEnd, long latestStart, boolean forward) {
        if (InvalidRange.warnIfInverted(keyFrom, keyTo)) {
            return InvalidRange.empty();
        }
        return new Sessions(
                this,
                new RowQuery(
                        keyFrom == null ? null : keyFrom.get(),
                        keyTo == null ? null : keyTo.get(),
                        visibleFrom(earliestEnd),
                        Long.MAX_VALUE,
                        latestStart,
                        forward));
    }

    private static final class Sessions extends RowIterator<Windowed<Bytes>> {
        Sessions(SegmentedStore store, RowQuery query) {
            super(store, query);
        }

        @Override
        Windowed<Bytes> toKey(byte[] row, int keyLength) {
            return KafkaInternals.sessionWindowed(
                    Bytes.wrap(RowFormat.key(row, keyLength)),
                    RowFormat.start(row, keyLength),
                    RowFormat.time(row, keyLength));
        }
    }

    private static final class SessionsByTime extends TimeRowIterator<Windowed<Bytes>> {
        SessionsByTime(SegmentedStore store, long earliestEnd, long latestEnd) {
            super(store, TimeRow.SESSION, null, null, earliestEnd, latestEnd, true);
        }

        @Override
        Windowed<Bytes> toKey(byte[] row, int rowLength) {
            return KafkaInternals.sessionWindowed(
                    Bytes.wrap(TimeRow.SESSION.key(row, rowLength)), TimeRow.start(row), TimeRow.time(row));
        }
    }
}
