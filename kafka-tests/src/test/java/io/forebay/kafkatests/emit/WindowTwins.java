package io.forebay.kafkatests.emit;

import static io.forebay.kafkatests.emit.OperatorStore.text;
import static io.forebay.kafkatests.emit.TimeOrderedStoresTest.RETENTION;
import static io.forebay.kafkatests.emit.TimeOrderedStoresTest.SIZE;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.DslStoreFormat;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.apache.kafka.streams.state.internals.CachingWindowStore;

/** The stores of tumbling, hopping and sliding windows, and of joins; Kafka lays no cache over those of sliding windows. */
final class WindowTwins extends TimeOrderedStoresTest.Twins<WindowStore<Bytes, byte[]>> {
    private final EmitStrategy emit;
    private final boolean sliding;
    private final boolean duplicates;

    private WindowTwins(
            Random random,
            DslStoreFormat format,
            long cacheBytes,
            EmitStrategy emit,
            boolean sliding,
            boolean duplicates,
            boolean byKey) {
        super(random, format, cacheBytes, byKey);
        this.emit = emit;
        this.sliding = sliding;
        this.duplicates = duplicates;
    }

    static WindowTwins putOutWhenClosed(Random random, DslStoreFormat format, long cacheBytes, boolean sliding) {
        boolean byKey = sliding || format == DslStoreFormat.HEADERS;
        return new WindowTwins(random, format, cacheBytes, EmitStrategy.onWindowClose(), sliding, false, byKey);
    }

    static WindowTwins putOutAtOnce(Random random, DslStoreFormat format, long cacheBytes) {
        return new WindowTwins(random, format, cacheBytes, EmitStrategy.onWindowUpdate(), false, false, true);
    }

    static WindowTwins joined(Random random) {
        return new WindowTwins(random, DslStoreFormat.PLAIN, 0, EmitStrategy.onWindowUpdate(), false, true, true);
    }

    @Override
    StoreBuilder<?> builder(DslStoreSuppliers suppliers) {
        WindowBytesStoreSupplier supplier = suppliers.windowStore(new DslWindowParams(
                OperatorStore.NAME,
                Duration.ofMillis(RETENTION),
                Duration.ofMillis(SIZE),
                duplicates,
                emit,
                sliding,
                format));
        StoreBuilder<?> builder = switch (format) {
            case PLAIN -> Stores.windowStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray());
            case TIMESTAMPED -> Stores.timestampedWindowStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray());
            case HEADERS ->
                Stores.timestampedWindowStoreWithHeadersBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray());
        };
        return isCached() ? builder.withCachingEnabled() : builder.withCachingDisabled();
    }

    @Override
    Class<? extends StateStore> cache() {
        return emit.type() == EmitStrategy.StrategyType.ON_WINDOW_CLOSE ? super.cache() : CachingWindowStore.class;
    }

    @Override
    void write(WindowStore<Bytes, byte[]> store, Bytes key, long time, int step, byte[] value) {
        store.put(key, value, time);
    }

    @Override
    void read() {
        Bytes key = key();
        Bytes keyFrom = keyOrNull();
        Bytes keyTo = random.nextInt(5) == 0 ? keyFrom : keyOrNull();
        long from = bound(false);
        long to = bound(true);
        long time = time();
        switch (random.nextInt(7)) {
            case 0:
                same("fetch", store -> text(store.fetch(key, time)));
                break;
            case 1:
                same("fetch", store -> values(store.fetch(key, from, to)));
                break;
            case 2:
                same("backwardFetch", store -> values(store.backwardFetch(key, from, to)));
                break;
            case 3:
                same("fetch of keys", store -> rows(store.fetch(keyFrom, keyTo, from, to)));
                break;
            case 4:
                same("backwardFetch of keys", store -> rows(store.backwardFetch(keyFrom, keyTo, from, to)));
                break;
            case 5:
                same("fetchAll", store -> rows(store.fetchAll(from, to)));
                same("all", store -> rows(store.all()));
                break;
            default:
                same("backwardFetchAll", store -> rows(store.backwardFetchAll(from, to)));
                same("backwardAll", store -> rows(store.backwardAll()));
                break;
        }
    }

    private static List<String> values(WindowStoreIterator<byte[]> iterator) {
        List<String> rows = new ArrayList<>();
        try (iterator) {
            iterator.forEachRemaining(row -> rows.add(row.key + "=" + text(row.value)));
        }
        return rows;
    }
}
