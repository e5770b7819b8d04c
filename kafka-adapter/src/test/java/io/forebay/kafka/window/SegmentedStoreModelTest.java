package io.forebay.kafka.window;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.TestContexts;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.state.EngineRows;
import io.forebay.kafka.state.TimeRow;
import io.forebay.kafka.window.SegmentedModel.Row;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreIterator;
import io.forebay.store.testing.Seeds;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.apache.kafka.test.TestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random puts, deletes, reads, commits and restarts against {@link SegmentedModel}, with keys that provoke mistakes. */
class SegmentedStoreModelTest {
    private static final long RETENTION = 150_000;
    private static final long WINDOW_SIZE = 10_000;
    private static final long SEGMENT = 75_000;

    private static final TopicPartition CHANGELOG = new TopicPartition("changelog", 0);

    enum Reads {
        BY_KEY,
        WHEN_CLOSED,
        SLIDING_WHEN_CLOSED
    }

    @ParameterizedTest
    @EnumSource
    void windows(Reads reads) {
        Seeds.run(getClass(), 5, seed -> new WindowRun(seed, false, reads).run());
    }

    @ParameterizedTest
    @EnumSource
    void windowsWithDuplicates(Reads reads) {
        Seeds.run(getClass(), 5, seed -> new WindowRun(seed, true, reads).run());
    }

    @Test
    void sessions() {
        Seeds.run(getClass(), 5, seed -> new SessionRun(seed, false).run());
    }

    @Test
    void sessionsThatAreReadWhenClosed() {
        Seeds.run(getClass(), 5, seed -> new SessionRun(seed, true).run());
    }

    private abstract static class Run<S extends SegmentedStore> {
        final Random random;
        final List<byte[]> keys = new ArrayList<>();
        final SegmentedModel model;
        final File dir = TestUtils.tempDirectory();
        InternalMockProcessorContext<Object, Object> context;
        S store;
        long now = 1_000_000;
        long offset;
        private int droppedBefore;

        Run(long seed, SegmentedModel model) {
            random = new Random(seed);
            this.model = model;
            for (int i = 0; i < 12; i++) {
                keys.add(NastyKeys.next(random));
            }
        }

        abstract S create();

        abstract void write(byte[] key, long time, String value);

        abstract void read();

        void reopened() {}

        void run() {
            open();
            for (int step = 0; step < 600; step++) {
                int dice = random.nextInt(100);
                now += random.nextInt(step % 97 == 0 ? 200_000 : 4_000);
                if (dice < 60) {
                    write(key(), time(), dice < 8 ? null : "v" + step);
                } else if (dice < 96) {
                    read();
                } else if (dice < 98) {
                    store.commit(Map.of(CHANGELOG, ++offset));
                    model.commit();
                } else {
                    restart();
                }
            }
            checkThatExpiredRowsAreGone();
            checkDropped();
            store.close();
        }

        private void open() {
            droppedBefore = model.dropped();
            context = TestContexts.unlogged(dir, Map.of("forebay.memtable.bytes", 4096));
            store = TestContexts.open(create(), context);
        }

        private void restart() {
            checkDropped();
            store.close();
            model.rollBack();
            open();
            reopened();
            assertThat(store.committedOffset(CHANGELOG)).isEqualTo(offset == 0 ? null : offset);
            assertThat(store.streamTime()).isEqualTo(model.streamTime());
        }

        private void checkDropped() {
            double dropped = context.metrics().metrics().values().stream()
                    .filter(metric -> metric.metricName().name().equals("dropped-records-total"))
                    .map(Metric::metricValue)
                    .mapToDouble(Double.class::cast)
                    .sum();
            assertThat(dropped).as("dropped records").isEqualTo(model.dropped() - droppedBefore);
        }

        private void checkThatExpiredRowsAreGone() {
            long live = now + 1_000_000;
            write(new byte[] {42}, live, "last");
            try (StoreIterator rows = EngineRows.of(store, KeyRange.all())) {
                for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                    byte[] row = rows.key();
                    boolean byTime = row[0] < 0;
                    long time = byTime
                            ? TimeRow.time(row)
                            : RowFormat.time(row, store.rowFormat().keyLength(row.length));
                    assertThat(time).as("lowest row in the engine").isGreaterThanOrEqualTo(model.liveFrom());
                }
            }
        }

        byte[] key() {
            return keys.get(random.nextInt(keys.size()));
        }

        /** Mostly near now, sometimes late, sometimes ahead. */
        long time() {
            int dice = random.nextInt(20);
            long time = dice == 0 ? now - random.nextInt(600_000) : dice == 1 ? now + random.nextInt(50_000) : now;
            return Math.max(0, time - random.nextInt(20_000));
        }

        /** Bounds of a read: all magnitudes, negative ones too. */
        long bound(boolean upper) {
            switch (random.nextInt(6)) {
                case 0:
                    return upper ? Long.MAX_VALUE : 0;
                case 1:
                    return random.nextInt(1000) - 500L;
                default:
                    return now - random.nextInt(300_000) + 50_000;
            }
        }

        byte[] keyOrNull() {
            return random.nextInt(4) == 0 ? null : key();
        }

        static boolean within(byte[] key, byte[] from, byte[] to) {
            return (from == null || Arrays.compareUnsigned(key, from) >= 0)
                    && (to == null || Arrays.compareUnsigned(key, to) <= 0);
        }

        static byte[] bytes(String value) {
            return value == null ? null : value.getBytes(UTF_8);
        }

        static String string(byte[] value) {
            return value == null ? null : new String(value, UTF_8);
        }

        static Bytes wrap(byte[] key) {
            return key == null ? null : Bytes.wrap(key);
        }
    }

    private static final class WindowRun extends Run<ForebayWindowStore> {
        private final boolean duplicates;
        private final Reads reads;
        private int sequence;

        WindowRun(long seed, boolean duplicates, Reads reads) {
            super(
                    seed,
                    new SegmentedModel(
                            RowFormat.WINDOW, RETENTION, SEGMENT, reads == Reads.BY_KEY ? RETENTION - 1 : RETENTION));
            this.duplicates = duplicates;
            this.reads = reads;
        }

        @Override
        ForebayWindowStore create() {
            WindowBytesStoreSupplier supplier = reads == Reads.BY_KEY
                    ? WindowSupplier.of("s", ValueFormat.PLAIN, RETENTION, WINDOW_SIZE, duplicates)
                    : WindowSupplier.readWhenClosed(
                            "s",
                            ValueFormat.PLAIN,
                            RETENTION,
                            WINDOW_SIZE,
                            duplicates,
                            reads == Reads.SLIDING_WHEN_CLOSED);
            assertThat(supplier.segmentIntervalMs()).isEqualTo(SEGMENT);
            return ForebayWindows.in(supplier.get());
        }

        @Override
        void reopened() {
            sequence = 0;
        }

        @Override
        void write(byte[] key, long time, String value) {
            store.put(Bytes.wrap(key), bytes(value), time);
            if (duplicates && value == null) {
                return;
            }
            sequence += duplicates ? 1 : 0;
            model.put(key, time, sequence, value);
        }

        @Override
        void read() {
            byte[] key = key();
            long from = bound(false);
            long to = bound(true);
            boolean forward = random.nextBoolean();
            switch (random.nextInt(4)) {
                case 0:
                    long time = time();
                    assertThat(string(store.fetch(Bytes.wrap(key), time))).isEqualTo(model.get(key, time, sequence));
                    break;
                case 1:
                    List<String> expected = new ArrayList<>();
                    for (Row row : model.find(
                            r -> Arrays.equals(r.key(), key) && r.time() >= from && r.time() <= to, forward)) {
                        expected.add(row.time() + "=" + row.value());
                    }
                    List<String> found = new ArrayList<>();
                    try (WindowStoreIterator<byte[]> rows = forward
                            ? store.fetch(Bytes.wrap(key), from, to)
                            : store.backwardFetch(Bytes.wrap(key), from, to)) {
                        rows.forEachRemaining(row -> found.add(row.key + "=" + string(row.value)));
                    }
                    assertThat(found).isEqualTo(expected);
                    break;
                case 2:
                    byte[] keyFrom = keyOrNull();
                    byte[] keyTo = random.nextInt(5) == 0 ? keyFrom : keyOrNull();
                    Predicate<Row> ofKeys = r -> within(r.key(), keyFrom, keyTo) && r.time() >= from && r.time() <= to;
                    check(
                            forward
                                    ? store.fetch(wrap(keyFrom), wrap(keyTo), from, to)
                                    : store.backwardFetch(wrap(keyFrom), wrap(keyTo), from, to),
                            reads == Reads.WHEN_CLOSED
                                    ? model.findByTime(ofKeys, forward)
                                    : model.find(ofKeys, forward));
                    break;
                default:
                    boolean all = random.nextBoolean();
                    Predicate<Row> wanted = r -> all || r.time() >= from && r.time() <= to;
                    check(
                            all
                                    ? (forward ? store.all() : store.backwardAll())
                                    : forward ? store.fetchAll(from, to) : store.backwardFetchAll(from, to),
                            reads == Reads.BY_KEY ? model.find(wanted, forward) : model.findByTime(wanted, forward));
                    break;
            }
        }

        private void check(KeyValueIterator<Windowed<Bytes>, byte[]> rows, List<Row> expected) {
            try (rows) {
                for (Row row : expected) {
                    assertThat(rows.hasNext()).as("%s expected", row).isTrue();
                    assertThat(rows.peekNextKey().key().get()).isEqualTo(row.key());
                    var found = rows.next();
                    assertThat(found.key.key().get()).isEqualTo(row.key());
                    assertThat(found.key.window().start()).isEqualTo(row.time());
                    assertThat(found.key.window().end()).isEqualTo(row.time() + WINDOW_SIZE);
                    assertThat(string(found.value)).isEqualTo(row.value());
                }
                assertThat(rows.hasNext()).isFalse();
            }
        }
    }

    private static final class SessionRun extends Run<ForebaySessionStore> {
        private final boolean closing;

        SessionRun(long seed, boolean closing) {
            super(seed, new SegmentedModel(RowFormat.SESSION, RETENTION, SEGMENT, RETENTION - 1));
            this.closing = closing;
        }

        @Override
        ForebaySessionStore create() {
            SessionBytesStoreSupplier supplier = closing
                    ? SessionSupplier.readWhenClosed("s", ValueFormat.PLAIN, RETENTION)
                    : SessionSupplier.of("s", ValueFormat.PLAIN, RETENTION);
            assertThat(supplier.segmentIntervalMs()).isEqualTo(SEGMENT);
            return (ForebaySessionStore) supplier.get();
        }

        @Override
        void write(byte[] key, long end, String value) {
            long start = end - random.nextInt((int) Math.min(end + 1, 30_000));
            Windowed<Bytes> session = new Windowed<>(Bytes.wrap(key), new SessionWindow(start, end));
            if (value == null && random.nextBoolean()) {
                store.remove(session);
                model.remove(key, end, start);
            } else {
                store.put(session, bytes(value));
                model.put(key, end, start, value);
            }
        }

        @Override
        void read() {
            byte[] key = key();
            long earliestEnd = bound(false);
            long latestStart = bound(true);
            boolean forward = random.nextBoolean();
            switch (random.nextInt(5)) {
                case 0:
                    for (Row row : model.find(r -> Arrays.equals(r.key(), key), true)) {
                        assertThat(string(store.fetchSession(Bytes.wrap(key), row.last(), row.time())))
                                .isEqualTo(row.value());
                    }
                    assertThat(store.fetchSession(Bytes.wrap(key), 0, 1)).isNull();
                    break;
                case 1:
                    check(
                            forward
                                    ? store.findSessions(Bytes.wrap(key), earliestEnd, latestStart)
                                    : store.backwardFindSessions(Bytes.wrap(key), earliestEnd, latestStart),
                            model.find(
                                    r -> Arrays.equals(r.key(), key)
                                            && r.time() >= earliestEnd
                                            && r.last() <= latestStart,
                                    forward));
                    break;
                case 2:
                    byte[] keyFrom = keyOrNull();
                    byte[] keyTo = keyOrNull();
                    check(
                            forward
                                    ? store.findSessions(wrap(keyFrom), wrap(keyTo), earliestEnd, latestStart)
                                    : store.backwardFindSessions(wrap(keyFrom), wrap(keyTo), earliestEnd, latestStart),
                            model.find(
                                    r -> within(r.key(), keyFrom, keyTo)
                                            && r.time() >= earliestEnd
                                            && r.last() <= latestStart,
                                    forward));
                    break;
                case 3:
                    if (closing) {
                        check(store.findSessions(earliestEnd, latestStart), model.findByEnd(earliestEnd, latestStart));
                    } else {
                        assertThatThrownBy(() -> store.findSessions(earliestEnd, latestStart))
                                .isInstanceOf(UnsupportedOperationException.class)
                                .hasMessageContaining("ForebayDslStoreSuppliers");
                    }
                    break;
                default:
                    check(
                            forward ? store.fetch(Bytes.wrap(key)) : store.backwardFetch(Bytes.wrap(key)),
                            model.find(r -> Arrays.equals(r.key(), key), forward));
                    break;
            }
        }

        private void check(KeyValueIterator<Windowed<Bytes>, byte[]> rows, List<Row> expected) {
            try (rows) {
                for (Row row : expected) {
                    assertThat(rows.hasNext()).as("%s expected", row).isTrue();
                    var found = rows.next();
                    assertThat(found.key.key().get()).isEqualTo(row.key());
                    assertThat(found.key.window().start()).isEqualTo(row.last());
                    assertThat(found.key.window().end()).isEqualTo(row.time());
                    assertThat(string(found.value)).isEqualTo(row.value());
                }
                assertThat(rows.hasNext()).isFalse();
            }
        }
    }
}
