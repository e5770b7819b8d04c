package io.forebay.kafka.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.TestContexts;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.store.testing.Seeds;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.TimeOrderedCachingWindowStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.apache.kafka.test.TestUtils;
import org.junit.jupiter.api.Test;

/**
 * Kafka's record cache over Forebay: an iterator merges entries of the cache with rows of the store and pairs up equal keys
 * by their order. If the store sorted its rows otherwise, a row would come twice, once with an outdated value.
 */
class RecordCacheTest {
    private static final long RETENTION = 600_000;
    private static final long NOW = 1_000_000;

    /** The order of Kafka's cache: segment, then key and time as one byte string. */
    private static final class Model extends TreeMap<byte[], Integer> {
        private static final long serialVersionUID = 1L;

        Model() {
            super(Arrays::compareUnsigned);
        }

        static byte[] order(byte[] key, long time, long last, boolean session) {
            return ByteBuffer.allocate(8 + key.length + (session ? 16 : 8))
                    .putLong(time / Segments.plain(RETENTION).interval())
                    .put(key)
                    .putLong(time)
                    .put(session ? ByteBuffer.allocate(8).putLong(last).array() : new byte[0])
                    .array();
        }

        void set(byte[] row, Integer value) {
            if (value == null) {
                remove(row);
            } else {
                put(row, value);
            }
        }

        List<Integer> inOrder(boolean forward) {
            return new ArrayList<>((forward ? this : descendingMap()).values());
        }
    }

    private static List<byte[]> keys(Random random) {
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            keys.add(NastyKeys.next(random));
        }
        return keys;
    }

    /** Walking backwards, Kafka's merge also hands out deletions that only the cache has (4.3.1). */
    private static List<Integer> backwardValues(KeyValueIterator<?, Integer> rows) {
        List<Integer> values = values(rows);
        values.removeIf(Objects::isNull);
        return values;
    }

    private static List<Integer> values(KeyValueIterator<?, Integer> rows) {
        try (rows) {
            List<Integer> values = new ArrayList<>();
            rows.forEachRemaining(row -> values.add(row.value));
            return values;
        }
    }

    @Test
    void windows() {
        Seeds.run(getClass(), 10, seed -> {
            Random random = new Random(seed);
            InternalMockProcessorContext<Object, Object> context =
                    TestContexts.unlogged(TestUtils.tempDirectory(), Map.of());
            TestContexts.processing(context, "in", 0, 0);
            WindowStore<Bytes, Integer> store = TestContexts.open(
                    Stores.windowStoreBuilder(
                                    ForebayStores.persistentWindowStore(
                                            "s", Duration.ofMillis(RETENTION), Duration.ofMillis(10), false),
                                    Serdes.Bytes(),
                                    Serdes.Integer())
                            .withCachingEnabled()
                            .withLoggingDisabled()
                            .build(),
                    context);
            List<byte[]> keys = keys(random);
            Model model = new Model();
            for (int step = 0; step < 400; step++) {
                byte[] key = keys.get(random.nextInt(keys.size()));
                long time = NOW + random.nextInt(40) * 10_000;
                Integer value = random.nextInt(6) == 0 ? null : step;
                store.put(Bytes.wrap(key), value, time);
                model.set(Model.order(key, time, 0, false), value);
                if (random.nextInt(10) == 0) {
                    context.cache().flush("0_0-s");
                }
                if (step % 10 == 0) {
                    assertThat(values(store.all())).isEqualTo(model.inOrder(true));
                    assertThat(backwardValues(store.backwardAll())).isEqualTo(model.inOrder(false));
                    assertThat(values(store.fetchAll(0, Long.MAX_VALUE))).isEqualTo(model.inOrder(true));
                }
            }
            store.close();
        });
    }

    @Test
    void sessions() {
        Seeds.run(getClass(), 10, seed -> {
            Random random = new Random(seed);
            InternalMockProcessorContext<Object, Object> context =
                    TestContexts.unlogged(TestUtils.tempDirectory(), Map.of());
            TestContexts.processing(context, "in", 0, 0);
            SessionStore<Bytes, Integer> store = TestContexts.open(
                    Stores.sessionStoreBuilder(
                                    ForebayStores.persistentSessionStore("s", Duration.ofMillis(RETENTION)),
                                    Serdes.Bytes(),
                                    Serdes.Integer())
                            .withCachingEnabled()
                            .withLoggingDisabled()
                            .build(),
                    context);
            List<byte[]> keys = keys(random);
            Map<Bytes, Model> models = new TreeMap<>();
            for (int step = 0; step < 400; step++) {
                byte[] key = keys.get(random.nextInt(keys.size()));
                long end = NOW + random.nextInt(40) * 10_000;
                long start = end - random.nextInt(3) * 5_000;
                Integer value = random.nextInt(6) == 0 ? null : step;
                store.put(new Windowed<>(Bytes.wrap(key), new SessionWindow(start, end)), value);
                models.computeIfAbsent(Bytes.wrap(key), k -> new Model())
                        .set(Model.order(key, end, start, true), value);
                if (random.nextInt(10) == 0) {
                    context.cache().flush("0_0-s");
                }
                if (step % 10 == 0) {
                    models.forEach((k, model) -> {
                        assertThat(values(store.fetch(k))).isEqualTo(model.inOrder(true));
                        assertThat(backwardValues(store.backwardFetch(k))).isEqualTo(model.inOrder(false));
                    });
                }
            }
            store.close();
        });
    }

    private static void openTimeOrdered(StoreBuilder<?> builder) {
        TestContexts.open(
                        builder.withLoggingDisabled().build(),
                        TestContexts.unlogged(TestUtils.tempDirectory(), Map.of()))
                .close();
    }

    private static WindowBytesStoreSupplier timeOrdered(ValueFormat format, boolean slidingWindows) {
        return WindowSupplier.readWhenClosed("counts", format, RETENTION, 10_000, false, slidingWindows);
    }

    /** Kafka's DSL never builds this one: it keeps a timestamp with each value. */
    @Test
    void aTimeOrderedStoreUnderTheCacheThatSortsByKeyIsRefusedByName() {
        StoreBuilder<?> builder =
                Stores.windowStoreBuilder(timeOrdered(ValueFormat.PLAIN, false), Serdes.Bytes(), Serdes.Integer());
        openTimeOrdered(builder);
        assertThatThrownBy(() -> openTimeOrdered(builder.withCachingEnabled()))
                .isInstanceOf(StreamsException.class)
                .hasMessageContaining("Store counts ")
                .hasMessageContaining("Materialized.withCachingDisabled()");
    }

    @Test
    void kafkaLaysTheCacheThatKeepsTheOrderOfTimeOverATimeOrderedStore() {
        StoreBuilder<?> timestamped = Stores.timestampedWindowStoreBuilder(
                timeOrdered(ValueFormat.TIMESTAMPED, false), Serdes.Bytes(), Serdes.Integer());
        StoreBuilder<?> headers = Stores.timestampedWindowStoreWithHeadersBuilder(
                timeOrdered(ValueFormat.HEADERS, false), Serdes.Bytes(), Serdes.Integer());
        StoreBuilder<?> sliding = Stores.timestampedWindowStoreBuilder(
                timeOrdered(ValueFormat.TIMESTAMPED, true), Serdes.Bytes(), Serdes.Integer());
        for (StoreBuilder<?> builder : List.of(timestamped, headers, sliding)) {
            openTimeOrdered(builder);
            openTimeOrdered(builder.withCachingEnabled());
            assertThat(((WrappedStateStore<?, ?, ?>) builder.build()).findInner(TimeOrderedCachingWindowStore.class))
                    .isNotNull();
            assertThat(((WrappedStateStore<?, ?, ?>) builder.build()).findInner(ForebayWindowStore.class))
                    .isNotNull();
        }
    }
}
