package io.forebay.kafka;

import static io.forebay.kafka.StoreFlavour.bytes;
import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;
import static io.forebay.kafka.TestContexts.processing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.state.ForebayStateStore;
import java.io.File;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.serialization.BytesSerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.query.FailureReason;
import org.apache.kafka.streams.query.KeyQuery;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.query.RangeQuery;
import org.apache.kafka.streams.query.WindowKeyQuery;
import org.apache.kafka.streams.query.WindowRangeQuery;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Iterators, queries, and reads from other threads. */
@Tag("smoke")
class ReadsTest {
    private static final QueryConfig QUERY = new QueryConfig(true);

    @TempDir
    File dir;

    private InternalMockProcessorContext<Object, Object> context;

    @BeforeEach
    void makeContext() {
        context = logged(dir, "s");
    }

    private KeyValueStore<Bytes, byte[]> keyValue() {
        return open(ForebayStores.persistentKeyValueStore("s").get(), context);
    }

    private WindowStore<Bytes, byte[]> windows(boolean duplicates) {
        return open(
                ForebayStores.persistentWindowStore("s", Duration.ofHours(1), Duration.ofSeconds(1), duplicates)
                        .get(),
                context);
    }

    private SessionStore<Bytes, byte[]> sessions() {
        return open(
                ForebayStores.persistentSessionStore("s", Duration.ofHours(1)).get(), context);
    }

    private static byte[] value(int i) {
        return new byte[] {(byte) i};
    }

    private static <K> List<K> keys(KeyValueIterator<K, byte[]> rows) {
        try (rows) {
            List<K> keys = new ArrayList<>();
            rows.forEachRemaining(row -> keys.add(row.key));
            return keys;
        }
    }

    @Test
    void prefixScansEndWhereThePrefixEnds() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        Bytes ff = Bytes.wrap(new byte[] {(byte) 0xFF});
        Bytes ffff = Bytes.wrap(new byte[] {(byte) 0xFF, (byte) 0xFF});
        Bytes zero = Bytes.wrap(new byte[] {0});
        Bytes empty = Bytes.wrap(new byte[0]);
        for (Bytes key : List.of(empty, zero, bytes("a"), bytes("aa"), bytes("ab"), bytes("b"), ff, ffff)) {
            store.put(key, value(1));
        }
        assertThat(keys(store.prefixScan(bytes("a"), new BytesSerializer())))
                .containsExactly(bytes("a"), bytes("aa"), bytes("ab"));
        assertThat(keys(store.prefixScan(ff, new BytesSerializer()))).containsExactly(ff, ffff);
        assertThat(keys(store.prefixScan(zero, new BytesSerializer()))).containsExactly(zero);
        assertThat(keys(store.prefixScan(bytes("c"), new BytesSerializer()))).isEmpty();
        assertThat(keys(store.prefixScan(empty, new BytesSerializer()))).hasSize(8);
        assertThat(keys(store.range(ff, ff))).containsExactly(ff);
        assertThat(keys(store.reverseRange(empty, zero))).containsExactly(zero, empty);
        store.close();
    }

    @Test
    void putAllIsOneStepAndLaterEntriesWin() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.put(bytes("x"), value(0));
        store.putAll(List.of(
                KeyValue.pair(bytes("a"), value(1)),
                KeyValue.pair(bytes("x"), null),
                KeyValue.pair(bytes("a"), value(2))));
        assertThat(store.get(bytes("a"))).containsExactly(2);
        assertThat(store.get(bytes("x"))).isNull();
        List<KeyValue<Bytes, byte[]>> withNullKey = new ArrayList<>();
        withNullKey.add(KeyValue.pair(bytes("b"), value(1)));
        withNullKey.add(KeyValue.pair(null, value(1)));
        assertThatThrownBy(() -> store.putAll(withNullKey)).isInstanceOf(NullPointerException.class);
        assertThat(store.get(bytes("b")))
                .as("nothing of a batch that is refused")
                .isNull();
        store.close();
    }

    @Test
    void putAllAndRestoreMoveThePositionOnce() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        processing(context, "in", 3, 17);
        store.putAll(List.of(KeyValue.pair(bytes("a"), value(1)), KeyValue.pair(bytes("b"), value(2))));
        assertThat(store.getPosition()).isEqualTo(Position.emptyPosition().withComponent("in", 3, 17));
        store.close();
    }

    @Test
    void aKeyValueIteratorSeesTheStoreAsItWas() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.put(bytes("a"), value(1));
        store.put(bytes("c"), value(3));
        try (KeyValueIterator<Bytes, byte[]> rows = store.all()) {
            store.put(bytes("a"), value(9));
            store.put(bytes("b"), value(9));
            store.delete(bytes("c"));
            assertThat(rows.peekNextKey()).isEqualTo(bytes("a"));
            assertThat(rows.next().value).containsExactly(1);
            assertThat(rows.next().key).isEqualTo(bytes("c"));
            assertThat(rows.hasNext()).isFalse();
            assertThatThrownBy(rows::next).isInstanceOf(NoSuchElementException.class);
            assertThatThrownBy(rows::peekNextKey).isInstanceOf(NoSuchElementException.class);
        }
        store.close();
    }

    @Test
    void aKeyValueIteratorThatOutlivesTheStoreFailsAndCloses() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.put(bytes("a"), value(1));
        store.put(bytes("b"), value(1));
        KeyValueIterator<Bytes, byte[]> used = store.all();
        used.next();
        KeyValueIterator<Bytes, byte[]> fresh = store.reverseAll();
        store.close();
        assertThatThrownBy(used::hasNext).isInstanceOf(InvalidStateStoreException.class);
        assertThatThrownBy(fresh::next).isInstanceOf(InvalidStateStoreException.class);
        used.close();
        fresh.close();
        assertThatThrownBy(used::hasNext).isInstanceOf(InvalidStateStoreException.class);
    }

    @Test
    void windowAndSessionIteratorsThatOutliveTheStoreEnd() {
        WindowStore<Bytes, byte[]> windows = windows(false);
        windows.put(bytes("a"), value(1), 10);
        windows.put(bytes("a"), value(2), 20);
        WindowStoreIterator<byte[]> used = windows.fetch(bytes("a"), 0, 100);
        used.next();
        KeyValueIterator<Windowed<Bytes>, byte[]> fresh = windows.all();
        windows.close();
        assertThat(used.hasNext()).isFalse();
        assertThat(fresh.hasNext()).isFalse();
        assertThatThrownBy(used::next).isInstanceOf(NoSuchElementException.class);
        used.close();
        fresh.close();
    }

    @Test
    void anIteratorThatIsNotClosedDoesNotKeepTheStoreFromClosingAndOpening() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.put(bytes("a"), value(1));
        store.commit(Map.of());
        KeyValueIterator<Bytes, byte[]> leaked = store.all();
        assertThat(leaked.hasNext()).isTrue();
        store.close();
        KeyValueStore<Bytes, byte[]> again = keyValue();
        assertThat(again.get(bytes("a"))).containsExactly(1);
        again.close();
    }

    @Test
    void duplicatesAreKeptApartAndCannotBeDeleted() {
        WindowStore<Bytes, byte[]> store = windows(true);
        store.put(bytes("a"), value(1), 10);
        store.put(bytes("a"), value(2), 10);
        store.put(bytes("a"), null, 10);
        store.put(bytes("a"), value(3), 10);
        List<Integer> values = new ArrayList<>();
        try (WindowStoreIterator<byte[]> rows = store.fetch(bytes("a"), 10, 10)) {
            rows.forEachRemaining(row -> values.add((int) row.value[0]));
        }
        assertThat(values).containsExactly(1, 2, 3);
        try (WindowStoreIterator<byte[]> rows = store.backwardFetch(bytes("a"), 10, 10)) {
            assertThat(rows.next().value).containsExactly(3);
        }
        store.close();
    }

    @Test
    void aWindowThatWouldEndAfterTheEndOfTimeEndsThere() {
        WindowStore<Bytes, byte[]> store = open(
                ForebayStores.persistentWindowStore(
                                "s", Duration.ofMillis(Long.MAX_VALUE), Duration.ofMillis(Long.MAX_VALUE), false)
                        .get(),
                context);
        store.put(bytes("a"), value(1), 5);
        assertThat(keys(store.all()).get(0).window().end()).isEqualTo(Long.MAX_VALUE);
        store.close();
    }

    @Test
    void keyAndRangeQueries() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        processing(context, "in", 0, 5);
        store.put(bytes("a"), value(1));
        store.put(bytes("b"), value(2));
        QueryResult<byte[]> one = store.query(KeyQuery.withKey(bytes("a")), PositionBound.unbounded(), QUERY);
        assertThat(one.getResult()).containsExactly(1);
        assertThat(one.getPosition()).isEqualTo(Position.emptyPosition().withComponent("in", 0, 5));
        assertThat(one.getExecutionInfo()).isNotEmpty();
        RangeQuery<Bytes, byte[]> all = RangeQuery.withNoBounds();
        assertThat(keys(store.query(all, PositionBound.unbounded(), QUERY).getResult()))
                .containsExactly(bytes("a"), bytes("b"));
        RangeQuery<Bytes, byte[]> descending =
                RangeQuery.<Bytes, byte[]>withUpperBound(bytes("b")).withDescendingKeys();
        assertThat(keys(store.query(descending, PositionBound.unbounded(), QUERY)
                        .getResult()))
                .containsExactly(bytes("b"), bytes("a"));
        store.close();
    }

    @Test
    void aQueryWaitsForNoPositionThatIsNotThereYet() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        processing(context, "in", 0, 5);
        store.put(bytes("a"), value(1));
        Position reached = Position.emptyPosition().withComponent("in", 0, 5);
        Position ahead = Position.emptyPosition().withComponent("in", 0, 6);
        assertThat(store.query(KeyQuery.withKey(bytes("a")), PositionBound.at(reached), QUERY)
                        .isSuccess())
                .isTrue();
        QueryResult<byte[]> early = store.query(KeyQuery.withKey(bytes("a")), PositionBound.at(ahead), QUERY);
        assertThat(early.isFailure()).isTrue();
        assertThat(early.getFailureReason()).isEqualTo(FailureReason.NOT_UP_TO_BOUND);
        store.close();
    }

    /** Through Kafka's metered store, because a window key query swaps its bounds each time it is made from another. */
    @Test
    void windowKeyAndWindowRangeQueries() {
        WindowStore<Bytes, byte[]> store = open(
                Stores.windowStoreBuilder(
                                ForebayStores.persistentWindowStore(
                                        "s", Duration.ofHours(1), Duration.ofSeconds(1), false),
                                Serdes.Bytes(),
                                Serdes.ByteArray())
                        .withLoggingDisabled()
                        .build(),
                context);
        store.put(bytes("a"), value(1), 10);
        store.put(bytes("a"), value(2), 20);
        store.put(bytes("b"), value(3), 20);
        WindowKeyQuery<Bytes, byte[]> ofKey = WindowKeyQuery.withKeyAndWindowStartRange(
                bytes("a"), Instant.ofEpochMilli(0), Instant.ofEpochMilli(15));
        try (WindowStoreIterator<byte[]> rows =
                store.query(ofKey, PositionBound.unbounded(), QUERY).getResult()) {
            assertThat(rows.next().key).isEqualTo(10);
            assertThat(rows.hasNext()).isFalse();
        }
        WindowRangeQuery<Bytes, byte[]> range =
                WindowRangeQuery.withWindowStartRange(Instant.ofEpochMilli(20), Instant.ofEpochMilli(30));
        assertThat(keys(store.query(range, PositionBound.unbounded(), QUERY).getResult()))
                .extracting(Windowed::key)
                .containsExactly(bytes("a"), bytes("b"));
        QueryResult<byte[]> unknown = store.query(KeyQuery.withKey(bytes("a")), PositionBound.unbounded(), QUERY);
        assertThat(unknown.getFailureReason()).isEqualTo(FailureReason.UNKNOWN_QUERY_TYPE);
        store.close();
    }

    @Test
    void sessionRangeQueries() {
        SessionStore<Bytes, byte[]> store = sessions();
        store.put(new Windowed<>(bytes("a"), new SessionWindow(0, 10)), value(1));
        store.put(new Windowed<>(bytes("b"), new SessionWindow(0, 10)), value(2));
        WindowRangeQuery<Bytes, byte[]> ofKey = WindowRangeQuery.withKey(bytes("a"));
        assertThat(keys(store.query(ofKey, PositionBound.unbounded(), QUERY).getResult()))
                .extracting(Windowed::key)
                .containsExactly(bytes("a"));
        store.close();
    }

    @Test
    void aQueryOnAClosedStoreFails() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.close();
        QueryResult<byte[]> result = store.query(KeyQuery.withKey(bytes("a")), PositionBound.unbounded(), QUERY);
        assertThat(result.getFailureReason()).isEqualTo(FailureReason.STORE_EXCEPTION);
        assertThat(result.getFailureMessage()).contains("Store s is currently closed");
    }

    /** Readers never see a row go back, and end with the exception that Kafka expects when the store closes under them. */
    @ParameterizedTest
    @EnumSource
    void otherThreadsReadWhileTheStoreIsWrittenCommittedAndClosed(StoreFlavour flavour) throws Exception {
        context = TestContexts.unlogged(dir, Map.of("forebay.memtable.bytes", 16 << 10));
        ForebayStateStore store = (ForebayStateStore) open(flavour.create("s"), context);
        for (int key = 0; key < 50; key++) {
            flavour.put(store, "k" + key, "0");
        }
        ExecutorService readers = Executors.newFixedThreadPool(3);
        CountDownLatch reading = new CountDownLatch(3);
        List<Future<Long>> results = new ArrayList<>();
        for (int r = 0; r < 3; r++) {
            Callable<Long> reader = () -> {
                int[] seen = new int[50];
                for (long reads = 0; ; reads++) {
                    int key = (int) (reads % 50);
                    String value;
                    try {
                        value = flavour.get(store, "k" + key);
                    } catch (InvalidStateStoreException e) {
                        assertThat(e).hasMessage("Store s is currently closed");
                        return reads;
                    }
                    int round = Integer.parseInt(value);
                    assertThat(round).isGreaterThanOrEqualTo(seen[key]);
                    seen[key] = round;
                    if (reads == 200) {
                        reading.countDown();
                    }
                }
            };
            results.add(readers.submit(reader));
        }
        assertThat(reading.await(5, TimeUnit.MINUTES)).isTrue();
        for (int round = 1; round <= 300; round++) {
            for (int key = 0; key < 50; key++) {
                flavour.put(store, "k" + key, String.valueOf(round));
            }
            if (round % 20 == 0) {
                store.commit(Map.of());
            }
        }
        store.close();
        for (Future<Long> result : results) {
            assertThat(result.get(5, TimeUnit.MINUTES)).isGreaterThan(200);
        }
        readers.shutdown();
    }

    /** A scan from another thread sees every row exactly once, whatever is flushed or compacted meanwhile. */
    @Test
    void otherThreadsScanWhileTheStoreIsWritten() throws Exception {
        context = TestContexts.unlogged(dir, Map.of("forebay.memtable.bytes", 16 << 10));
        KeyValueStore<Bytes, byte[]> store = keyValue();
        for (int key = 0; key < 500; key++) {
            store.put(bytes("k" + (1000 + key)), value(0));
        }
        ExecutorService scanner = Executors.newSingleThreadExecutor();
        CountDownLatch scanning = new CountDownLatch(1);
        Future<Integer> scans = scanner.submit(() -> {
            for (int done = 0; ; done++) {
                int rows = 0;
                try (KeyValueIterator<Bytes, byte[]> all = done % 2 == 0 ? store.all() : store.reverseAll()) {
                    for (; all.hasNext(); rows++) {
                        all.next();
                    }
                } catch (InvalidStateStoreException e) {
                    return done;
                }
                assertThat(rows).isEqualTo(500);
                scanning.countDown();
            }
        });
        assertThat(scanning.await(5, TimeUnit.MINUTES)).isTrue();
        for (int round = 1; round <= 100; round++) {
            for (int key = 0; key < 500; key++) {
                store.put(bytes("k" + (1000 + key)), value(round));
            }
        }
        store.close();
        assertThat(scans.get(5, TimeUnit.MINUTES)).isPositive();
        scanner.shutdown();
    }
}
