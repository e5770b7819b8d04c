package io.forebay.kafka.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.StoreFlavour;
import io.forebay.kafka.TestContexts;
import io.forebay.kafka.config.ForebayConfig;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.KeyRange;
import java.io.File;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.LogCaptureAppender;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Iterators that nobody has closed when their store is closed: they let go of the memory that all stores share. */
class OpenIteratorsTest {
    private static final int ROWS = 1000;
    /** An environment that no other test uses. */
    private static final Map<String, ?> SETTINGS = Map.of(ForebayConfig.MEMORY_BYTES_CONFIG, 9L << 20);

    @TempDir
    File dir;

    private SharedEnvironment lease;
    private InternalMockProcessorContext<Object, Object> context;

    @BeforeEach
    void keepTheEnvironment() {
        lease = SharedEnvironment.lease("test", ForebayConfig.from(SETTINGS));
        context = TestContexts.unlogged(dir, SETTINGS);
    }

    @AfterEach
    void returnTheEnvironment() {
        lease.close();
    }

    private StateStore withRows(StoreFlavour flavour) {
        StateStore store = TestContexts.open(flavour.create("s"), context);
        for (int i = 0; i < ROWS; i++) {
            flavour.put(store, "k" + i, "value");
        }
        return store;
    }

    @SuppressWarnings("unchecked")
    private static KeyValueIterator<?, byte[]> scan(StateStore store) {
        if (store instanceof KeyValueStore<?, ?> rows) {
            return ((KeyValueStore<Bytes, byte[]>) rows).all();
        }
        return store instanceof WindowStore<?, ?> windows
                ? ((WindowStore<Bytes, byte[]>) windows).all()
                : ((SessionStore<Bytes, byte[]>) store).findSessions(null, null, 0, Long.MAX_VALUE);
    }

    /** But for blocks in the cache, which give way to whatever else needs memory. */
    private void assertNothingIsHeld() {
        EnvironmentStatistics left = lease.environment().statistics();
        assertThat(left.memtableBytes()).isZero();
        assertThat(left.metadataBytes()).isZero();
        assertThat(left.memoryUsed()).isEqualTo(left.cacheBytes());
    }

    @ParameterizedTest
    @EnumSource
    void areClosedWithTheirStore(StoreFlavour flavour) {
        StateStore store = withRows(flavour);
        KeyValueIterator<?, byte[]> unused = scan(store);
        KeyValueIterator<?, byte[]> atFirst = scan(store);
        assertThat(atFirst.hasNext()).isTrue();
        KeyValueIterator<?, byte[]> underWay = scan(store);
        underWay.next();
        KeyValueIterator<?, byte[]> closed = scan(store);
        closed.next();
        closed.close();
        try (LogCaptureAppender log = LogCaptureAppender.createAndRegister()) {
            store.close();
            assertThat(log.getMessages()).noneMatch(message -> message.contains("is closed while"));
            assertThat(log.getMessages())
                    .anyMatch(message -> message.matches("Closing [23] open iterators for store s"));
        }
        assertNothingIsHeld();
        List.of(unused, atFirst, underWay, closed).forEach(KeyValueIterator::close);
        assertNothingIsHeld();
    }

    @Test
    void ofAKeyValueStoreFailAfterwards() {
        StateStore store = withRows(StoreFlavour.KEY_VALUE);
        KeyValueIterator<?, byte[]> unused = scan(store);
        KeyValueIterator<?, byte[]> onRow = scan(store);
        assertThat(onRow.hasNext()).isTrue();
        store.close();
        for (KeyValueIterator<?, byte[]> rows : List.of(unused, onRow)) {
            assertThatThrownBy(rows::hasNext).isInstanceOf(InvalidStateStoreException.class);
            assertThatThrownBy(rows::next).isInstanceOf(InvalidStateStoreException.class);
            assertThatThrownBy(rows::peekNextKey).isInstanceOf(InvalidStateStoreException.class);
        }
    }

    /** Whoever was told of a row gets it: the store may have been closed by another thread in between. */
    @ParameterizedTest
    @EnumSource(names = {"WINDOW", "SESSION"})
    void ofASegmentedStoreEndBehindTheRowTheyHaveFound(StoreFlavour flavour) {
        StateStore store = withRows(flavour);
        KeyValueIterator<?, byte[]> onRow = scan(store);
        assertThat(onRow.hasNext()).isTrue();
        store.close();
        assertThat(onRow.hasNext()).isFalse();
        assertThat(onRow.next().value).isEqualTo("value".getBytes(UTF_8));
        assertThat(onRow.hasNext()).isFalse();
        assertThatThrownBy(onRow::next).isInstanceOf(NoSuchElementException.class);
    }

    @ParameterizedTest
    @EnumSource
    void thatAreClosedOrAtTheirEndAreForgotten(StoreFlavour flavour) {
        StateStore store = withRows(flavour);
        scan(store).close();
        KeyValueIterator<?, byte[]> closed = scan(store);
        closed.next();
        closed.close();
        closed.close();
        scan(store).forEachRemaining(row -> {});
        try (LogCaptureAppender log = LogCaptureAppender.createAndRegister()) {
            store.close();
            assertThat(log.getMessages()).noneMatch(message -> message.contains("open"));
        }
        assertNothingIsHeld();
    }

    @ParameterizedTest
    @EnumSource
    void ofAStoreThatIsOpenedAgainStayClosed(StoreFlavour flavour) {
        StateStore store = withRows(flavour);
        store.commit(Map.of());
        KeyValueIterator<?, byte[]> old = scan(store);
        old.next();
        store.close();
        TestContexts.open(store, context);
        if (flavour == StoreFlavour.KEY_VALUE) {
            assertThatThrownBy(old::hasNext).isInstanceOf(InvalidStateStoreException.class);
        } else {
            assertThat(old.hasNext()).isFalse();
        }
        assertThat(scan(store).hasNext()).isTrue();
        store.close();
        assertNothingIsHeld();
    }

    @ParameterizedTest
    @EnumSource
    void mayBeUsedByOtherThreadsMeanwhile(StoreFlavour flavour) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        for (int round = 0; round < 20; round++) {
            StateStore store = withRows(flavour);
            List<CountDownLatch> scanning = List.of(new CountDownLatch(1), new CountDownLatch(1));
            List<Future<Integer>> scans = scanning.stream()
                    .map(started -> threads.submit(() -> scanUntilClosed(store, started)))
                    .toList();
            for (CountDownLatch started : scanning) {
                assertThat(started.await(5, TimeUnit.MINUTES)).isTrue();
            }
            store.close();
            for (Future<Integer> scan : scans) {
                assertThat(scan.get(5, TimeUnit.MINUTES)).isPositive();
            }
            assertNothingIsHeld();
        }
        threads.shutdown();
    }

    /** Leaves most iterators open: some are being opened, some stepped when the store is closed. @return rows read */
    private static int scanUntilClosed(StateStore store, CountDownLatch started) {
        int read = 0;
        try {
            for (int wanted = 1; store.isOpen(); wanted = wanted % 50 + 1) {
                KeyValueIterator<?, byte[]> rows = scan(store);
                for (int i = 0; i < wanted && rows.hasNext(); i++) {
                    assertThat(rows.next().value).isEqualTo("value".getBytes(UTF_8));
                    read++;
                }
                if (wanted % 10 == 0) {
                    rows.close();
                }
                started.countDown();
            }
        } catch (InvalidStateStoreException e) {
            assertThat(store.isOpen()).isFalse();
        }
        return read;
    }

    /** A step that lasts until it is let go. */
    private static final class SlowRows extends StoreRows<Bytes> {
        final CountDownLatch stepping = new CountDownLatch(1);
        final CountDownLatch goOn = new CountDownLatch(1);

        SlowRows(ForebayStateStore store) {
            super(store);
            open(KeyRange.all());
        }

        @Override
        protected KeyValue<Bytes, byte[]> read() {
            stepping.countDown();
            try {
                assertThat(goOn.await(5, TimeUnit.MINUTES)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            rows().seekToFirst();
            return KeyValue.pair(Bytes.wrap(rows().key()), rows().value());
        }
    }

    @Test
    void areClosedBehindAStepThatIsUnderWay() throws Exception {
        ForebayStateStore store = (ForebayStateStore) withRows(StoreFlavour.KEY_VALUE);
        SlowRows rows = new SlowRows(store);
        ExecutorService reader = Executors.newSingleThreadExecutor();
        Future<KeyValue<Bytes, byte[]>> row = reader.submit(rows::next);
        assertThat(rows.stepping.await(5, TimeUnit.MINUTES)).isTrue();
        Thread closer = new Thread(store::close);
        closer.start();
        while (closer.getState() != Thread.State.BLOCKED) {
            assertThat(closer.isAlive()).isTrue();
            Thread.onSpinWait();
        }
        rows.goOn.countDown();
        assertThat(row.get(5, TimeUnit.MINUTES).key).isEqualTo(Bytes.wrap("k0".getBytes(UTF_8)));
        closer.join();
        assertNothingIsHeld();
        reader.shutdown();
    }

    @Test
    void ofRangesAndPrefixesAreClosedToo() {
        KeyValueStore<Bytes, byte[]> store =
                TestContexts.open(ForebayStores.persistentKeyValueStore("s").get(), context);
        store.put(Bytes.wrap(new byte[] {'a'}), new byte[] {1});
        List<KeyValueIterator<Bytes, byte[]>> open = List.of(
                store.range(null, null),
                store.reverseRange(null, null),
                store.reverseAll(),
                store.prefixScan("a", new StringSerializer()));
        store.close();
        open.forEach(rows -> assertThatThrownBy(rows::next).isInstanceOf(InvalidStateStoreException.class));
        assertNothingIsHeld();
    }
}
