package io.forebay.kafkatests.emit;

import static io.forebay.kafkatests.emit.OpenStore.text;
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
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** The stores of tumbling, hopping and sliding windows; Kafka lays no cache over the last. */
final class WindowTwins extends TimeOrderedStoresTest.Twins<WindowStore<Bytes, byte[]>> {
    private final boolean sliding;

    WindowTwins(Random random, DslStoreFormat format, long cacheBytes, boolean sliding) {
        super(random, format, cacheBytes, sliding || format == DslStoreFormat.HEADERS);
        this.sliding = sliding;
    }

    @Override
    StoreBuilder<?> builder(DslStoreSuppliers suppliers) {
        WindowBytesStoreSupplier supplier = suppliers.windowStore(new DslWindowParams(
                OpenStore.NAME,
                Duration.ofMillis(RETENTION),
                Duration.ofMillis(SIZE),
                false,
                EmitStrategy.onWindowClose(),
                sliding,
                format));
        StoreBuilder<?> builder = format == DslStoreFormat.HEADERS
                ? Stores.timestampedWindowStoreWithHeadersBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray())
                : Stores.timestampedWindowStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray());
        return isCached() ? builder.withCachingEnabled() : builder.withCachingDisabled();
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
