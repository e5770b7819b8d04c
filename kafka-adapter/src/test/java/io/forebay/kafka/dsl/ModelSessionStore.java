package io.forebay.kafka.dsl;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.SessionStore;

/**
 * Sessions are found by key while they end after stream time less the retention, and by their end for as long as they are
 * there.
 */
final class ModelSessionStore extends TimeOrderedModel implements SessionStore<Bytes, byte[]> {
    ModelSessionStore(String name, long retention, long span, boolean keeps) {
        super(name, retention, span, keeps);
    }

    private static Row row(Windowed<Bytes> session) {
        return new Row(session.window().end(), session.window().start(), session.key());
    }

    @Override
    public void put(Windowed<Bytes> session, byte[] aggregate) {
        write(row(session), aggregate);
    }

    @Override
    public void remove(Windowed<Bytes> session) {
        delete(row(session));
    }

    private KeyValueIterator<Windowed<Bytes>, byte[]> find(long earliestEnd, long latestEnd, Predicate<Row> wanted) {
        List<KeyValue<Windowed<Bytes>, byte[]>> found = new ArrayList<>();
        between(Math.max(0, earliestEnd), latestEnd).forEach((row, value) -> {
            if (wanted.test(row)) {
                found.add(KeyValue.pair(new Windowed<>(row.key(), new SessionWindow(row.start(), row.time())), value));
            }
        });
        return iterator(found);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> findSessions(long earliestEnd, long latestEnd) {
        return find(earliestEnd, latestEnd, row -> true);
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> findSessions(Bytes key, long earliestEnd, long latestStart) {
        return find(
                Math.max(earliestEnd, retainedFrom() + 1),
                Long.MAX_VALUE,
                row -> row.key().equals(key) && row.start() <= latestStart);
    }

    @Override
    public byte[] fetchSession(Bytes key, long start, long end) {
        return end <= retainedFrom() ? null : read(new Row(end, start, key));
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> findSessions(
            Bytes keyFrom, Bytes keyTo, long earliestEnd, long latestStart) {
        return refuse();
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetch(Bytes key) {
        return refuse();
    }

    @Override
    public KeyValueIterator<Windowed<Bytes>, byte[]> fetch(Bytes keyFrom, Bytes keyTo) {
        return refuse();
    }
}
