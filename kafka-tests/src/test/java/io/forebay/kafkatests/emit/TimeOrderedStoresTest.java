package io.forebay.kafkatests.emit;

import static io.forebay.kafkatests.emit.OperatorStore.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.DslStoreFormat;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.RocksDBDslStoreSuppliers;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.internals.TimeOrderedCachingWindowStore;
import org.apache.kafka.test.TestUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The stores of operators that emit what is closed, under the same calls on both engines: every read gives the same rows
 * in the same order, and the same changelog is written in the same order; also after a close, a restore, and the life and
 * promotion of a standby.
 */
class TimeOrderedStoresTest {
    static final long RETENTION = 150_000;
    static final long SIZE = 10_000;
    private static final int STEPS = 400;

    /** Both engines' stores, and what is done to both. */
    abstract static class Twins<S extends StateStore> {
        final Random random;
        final DslStoreFormat format;
        private final long cacheBytes;
        private final List<byte[]> keys = new ArrayList<>();
        private final List<KeyValue<byte[], byte[]>> changelog = new ArrayList<>();
        private File rocksDbDir = TestUtils.tempDirectory();
        private File forebayDir = TestUtils.tempDirectory();
        private OperatorStore<S> rocksDb;
        private OperatorStore<S> forebay;
        long now = 1_000_000;
        private long offset;

        /**
         * Of rows that are sorted by key RocksDB leaves some out of a range of keys when keys are prefixes of others; so with
         * {@code byKey} none is.
         */
        Twins(Random random, DslStoreFormat format, long cacheBytes, boolean byKey) {
            this.random = random;
            this.format = format;
            this.cacheBytes = cacheBytes;
            for (int i = 0; i < 10; i++) {
                byte[] key = new byte[byKey ? 3 : random.nextInt(4)];
                for (int at = 0; at < key.length; at++) {
                    key[at] = (byte) (random.nextInt(3) - 1);
                }
                keys.add(key);
            }
        }

        abstract StoreBuilder<?> builder(org.apache.kafka.streams.state.DslStoreSuppliers suppliers);

        abstract void write(S store, Bytes key, long time, int step, byte[] value);

        abstract void read();

        /** What Kafka lays over the store when it is cached. */
        Class<? extends StateStore> cache() {
            return TimeOrderedCachingWindowStore.class;
        }

        /** Whether RocksDB's store has its rows back after a restore. */
        boolean restores() {
            return true;
        }

        final boolean isCached() {
            return cacheBytes > 0;
        }

        void run() {
            open();
            for (int step = 0; step < STEPS; step++) {
                now += random.nextInt(step % 97 == 0 ? 400_000 : 4_000);
                int dice = random.nextInt(100);
                if (dice < 60) {
                    Bytes key = key();
                    long time = time();
                    byte[] value = dice < 8 ? null : value(step);
                    int thisStep = step;
                    offset++;
                    both(store -> {
                        store.processes(now, offset);
                        write(store.store(), key, time, thisStep, value);
                    });
                } else if (dice < 96) {
                    read();
                } else if (dice < 98) {
                    both(store -> store.commit(offset));
                } else {
                    close();
                    if (restores() && random.nextBoolean()) {
                        rocksDbDir = TestUtils.tempDirectory();
                        forebayDir = TestUtils.tempDirectory();
                        open();
                        restore();
                    } else {
                        open();
                    }
                    read();
                }
            }
            close();
        }

        /**
         * At once, as a task that restores, or by and by, as a standby, which answers queries meanwhile, commits and is opened
         * again; then it is promoted: what is written next goes to the store as it is.
         */
        private void restore() {
            boolean standby = random.nextBoolean();
            for (int from = 0; from < changelog.size(); ) {
                int to = standby ? Math.min(changelog.size(), from + 1 + random.nextInt(40)) : changelog.size();
                List<KeyValue<byte[], byte[]>> batch = changelog.subList(from, to);
                both(store -> store.restore(batch));
                from = to;
                if (standby && random.nextInt(4) == 0) {
                    read();
                }
                if (standby && random.nextInt(8) == 0) {
                    long restored = from;
                    both(store -> store.commit(restored));
                    if (random.nextBoolean()) {
                        both(OperatorStore::close);
                        open();
                    }
                }
            }
        }

        private void open() {
            rocksDb = new OperatorStore<>(builder(new RocksDBDslStoreSuppliers()), rocksDbDir, cacheBytes);
            forebay = new OperatorStore<>(builder(new ForebayDslStoreSuppliers()), forebayDir, cacheBytes);
            assertThat(forebay.contains(cache())).isEqualTo(isCached());
            assertThat(rocksDb.contains(cache())).isEqualTo(isCached());
        }

        private void close() {
            both(store -> store.commit(offset));
            both(OperatorStore::close);
            changelog.addAll(rocksDb.changelog());
            assertThat(texts(forebay.changelog())).isEqualTo(texts(rocksDb.changelog()));
        }

        private static List<String> texts(List<KeyValue<byte[], byte[]>> changelog) {
            return changelog.stream()
                    .map(row -> text(row.key) + "=" + text(row.value))
                    .toList();
        }

        private void both(Consumer<OperatorStore<S>> action) {
            action.accept(rocksDb);
            action.accept(forebay);
        }

        final void same(String what, Function<S, Object> read) {
            assertThat(answer(read, forebay)).as(what).isEqualTo(answer(read, rocksDb));
        }

        /** Kafka's cache refuses some reads whose bounds are the wrong way round. */
        private Object answer(Function<S, Object> read, OperatorStore<S> store) {
            try {
                return read.apply(store.store());
            } catch (IllegalStateException e) {
                return e.getMessage();
            }
        }

        static List<String> rows(KeyValueIterator<Windowed<Bytes>, byte[]> iterator) {
            List<String> rows = new ArrayList<>();
            try (iterator) {
                iterator.forEachRemaining(
                        row -> rows.add(text(row.key.key().get()) + row.key.window() + text(row.value)));
            }
            return rows;
        }

        final Bytes key() {
            return Bytes.wrap(keys.get(random.nextInt(keys.size())));
        }

        final Bytes keyOrNull() {
            return random.nextInt(4) == 0 ? null : key();
        }

        /** Windows begin at whole seconds, mostly near now, sometimes late, sometimes ahead. */
        final long time() {
            int dice = random.nextInt(20);
            long time = dice == 0 ? now - random.nextInt(600_000) : dice == 1 ? now + random.nextInt(50_000) : now;
            return Math.max(0, time - random.nextInt(20_000)) / 1_000 * 1_000;
        }

        final long bound(boolean upper) {
            return random.nextInt(5) == 0
                    ? upper ? Long.MAX_VALUE : 0
                    : Math.max(0, now - random.nextInt(300_000) + 50_000);
        }

        /** In the format of the store: no headers, if it has them; a timestamp, if it has one; a number. */
        private byte[] value(int step) {
            ByteBuffer value = ByteBuffer.allocate(13);
            if (format == DslStoreFormat.HEADERS) {
                value.put((byte) 0);
            }
            return java.util.Arrays.copyOf(value.putLong(now).putInt(step).array(), value.position());
        }
    }

    @ParameterizedTest(name = "format {0}, a cache of {1} bytes")
    @CsvSource({"TIMESTAMPED, 0", "TIMESTAMPED, 3000", "TIMESTAMPED, 1000000", "HEADERS, 0", "HEADERS, 3000"})
    void windows(DslStoreFormat format, long cacheBytes) {
        SeededRuns.run(
                getClass(),
                2,
                seed -> WindowTwins.putOutWhenClosed(new Random(seed), format, cacheBytes, false)
                        .run());
    }

    @ParameterizedTest
    @EnumSource(names = {"TIMESTAMPED", "HEADERS"})
    void slidingWindows(DslStoreFormat format) {
        SeededRuns.run(
                getClass(),
                2,
                seed -> WindowTwins.putOutWhenClosed(new Random(seed), format, 0, true)
                        .run());
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "HEADERS"})
    void sessions(DslStoreFormat format) {
        SeededRuns.run(
                getClass(), 2, seed -> new SessionTwins(new Random(seed), format, EmitStrategy.onWindowClose()).run());
    }
}
