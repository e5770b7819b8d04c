package io.forebay.kafkatests.emit;

import static io.forebay.kafkatests.emit.OperatorStore.text;
import static io.forebay.kafkatests.emit.TimeOrderedStoresTest.RETENTION;

import java.time.Duration;
import java.util.Random;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.DslStoreFormat;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.state.DslSessionParams;
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The stores of sessions, over which Kafka lays no cache. */
final class SessionTwins extends TimeOrderedStoresTest.Twins<SessionStore<Bytes, byte[]>> {
    private final EmitStrategy emit;

    SessionTwins(Random random, DslStoreFormat format, EmitStrategy emit) {
        super(random, format, 0, true);
        this.emit = emit;
    }

    @Override
    StoreBuilder<?> builder(DslStoreSuppliers suppliers) {
        SessionBytesStoreSupplier supplier = suppliers.sessionStore(
                new DslSessionParams(OperatorStore.NAME, Duration.ofMillis(RETENTION), emit, format));
        return format == DslStoreFormat.HEADERS
                ? Stores.sessionStoreWithHeadersBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray())
                : Stores.sessionStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray());
    }

    /** Kafka 4.3.1 lays an adapter over RocksDB's store that has headers, and a restore passes it by. */
    @Override
    boolean restores() {
        return format != DslStoreFormat.HEADERS;
    }

    @Override
    void write(SessionStore<Bytes, byte[]> store, Bytes key, long end, int step, byte[] value) {
        Windowed<Bytes> session = new Windowed<>(key, new SessionWindow(Math.max(0, end - step % 7 * 5_000L), end));
        if (value == null && step % 2 == 0) {
            store.remove(session);
        } else {
            store.put(session, value);
        }
    }

    @Override
    void read() {
        Bytes key = key();
        Bytes keyFrom = keyOrNull();
        Bytes keyTo = random.nextInt(5) == 0 ? keyFrom : keyOrNull();
        long earliestEnd = bound(false);
        long latestStart = bound(true);
        long end = time();
        int reads =
                emit.type() == EmitStrategy.StrategyType.ON_WINDOW_CLOSE ? 6 : 5; // only these are read by end alone
        switch (random.nextInt(reads)) {
            case 0:
                same("fetchSession", store -> text(store.fetchSession(key, Math.max(0, end - 10_000), end)));
                break;
            case 1:
                same("findSessions", store -> rows(store.findSessions(key, earliestEnd, latestStart)));
                break;
            case 2:
                same("backwardFindSessions", store -> rows(store.backwardFindSessions(key, earliestEnd, latestStart)));
                break;
            case 3:
                same(
                        "findSessions of keys",
                        store -> rows(store.findSessions(keyFrom, keyTo, earliestEnd, latestStart)));
                same("fetch of keys", store -> rows(store.fetch(keyFrom, keyTo)));
                break;
            case 4:
                same(
                        "backwardFindSessions of keys",
                        store -> rows(store.backwardFindSessions(keyFrom, keyTo, earliestEnd, latestStart)));
                same("backwardFetch of keys", store -> rows(store.backwardFetch(keyFrom, keyTo)));
                break;
            default:
                // RocksDB's bound above the highest end of all is the lowest of all, and bounds the wrong way round
                // fail there
                long latestEnd = Math.max(earliestEnd, Math.min(latestStart, Long.MAX_VALUE - 1));
                same("findSessions by end", store -> rows(store.findSessions(earliestEnd, latestEnd)));
                break;
        }
    }
}
