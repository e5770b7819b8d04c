package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Clock;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.SteppedExecutor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Versions and deletes that merges keep for snapshots and iterators go when these are closed, also when nobody writes any more; and nothing is
 * rewritten for them before.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OldVersionsTest {
    private static final int ROWS = 200;
    private static final int VALUE_BYTES = 2000;
    private static final int VERSIONS = 6;

    private final FileStore files = new MemoryFileStore();
    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final Random random = new Random(3);
    private final List<AutoCloseable> readers = new ArrayList<>();
    private Store store;

    @AfterEach
    void close() {
        stepped.close();
    }

    private void open(int valueFileThreshold) {
        store = stepped.open(
                files,
                StoreOptions.builder()
                        .targetFileBytes(128 << 10)
                        .mergeFunction(MergeFunction.append((byte) ','))
                        .valueFileThreshold(valueFileThreshold));
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(8).putLong(number).array();
    }

    private byte[] value() {
        byte[] value = new byte[VALUE_BYTES];
        random.nextBytes(value);
        return value;
    }

    private void putAll() {
        for (int i = 0; i < ROWS; i++) {
            store.put(key(i), value());
        }
        store.commitDurably(new byte[0]);
    }

    private void settle(boolean compact) {
        if (compact) {
            store.compact();
        }
        stepped.executor.drain();
    }

    private void closeReaders() throws Exception {
        for (AutoCloseable reader : readers) {
            reader.close();
        }
        readers.clear();
        stepped.executor.drain();
    }

    private StoreIterator iterator() {
        StoreIterator iterator = store.iterator(KeyRange.all());
        iterator.seekToFirst();
        return iterator;
    }

    /** All files, for each byte of keys and values. */
    private double space() throws IOException {
        long user = 0;
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                user += iterator.keyLength() + iterator.valueLength();
            }
        }
        stepped.executor.drain(); // the end of the iterator may be heard as well
        long all = 0;
        for (String name : files.list()) {
            try (ReadableFile file = files.open(name)) {
                all += file.size();
            }
        }
        return (double) all / user;
    }

    private void assertCounted() {
        assertThat(store.verify().findings()).isEmpty();
    }

    /** Nothing is due: what readers open and close now brings no work. */
    private void assertSettled() throws IOException {
        store.put(key(0), value());
        store.commitDurably(new byte[0]);
        stepped.executor.drain(); // comes to an end
        long before = store.statistics().compactions();
        for (int i = 0; i < 20; i++) {
            store.snapshot().close();
            iterator().close();
            stepped.executor.drain();
        }
        assertThat(store.statistics().compactions()).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({"0, true", "0, false", "1000, true", "1000, false"})
    void versionsGoWithTheLastSnapshot(int threshold, boolean compact) throws Exception {
        open(threshold);
        for (int i = 0; i < VERSIONS; i++) {
            putAll();
            readers.add(store.snapshot());
            settle(compact);
        }
        putAll();
        settle(compact);
        assertCounted();
        assertThat(space()).isGreaterThan(VERSIONS);
        assertSettled();
        closeReaders();
        assertThat(space()).isLessThan(1.3);
        assertCounted();
        assertSettled();
    }

    /** Also of two readers the one that is closed last, and one that another was made of. */
    @ParameterizedTest
    @CsvSource({"0", "1000"})
    void versionsGoWithTheLastIterator(int threshold) throws Exception {
        open(threshold);
        putAll();
        readers.add(iterator());
        putAll();
        Snapshot snapshot = store.snapshot();
        readers.add(snapshot.iterator(KeyRange.all()));
        snapshot.close();
        putAll();
        settle(true);
        assertThat(space()).isGreaterThan(2.9);
        readers.remove(1).close();
        stepped.executor.drain();
        assertThat(space()).as("the older one needs two versions").isGreaterThan(1.9);
        closeReaders();
        assertThat(space()).isLessThan(1.1);
        assertSettled();
    }

    @ParameterizedTest
    @CsvSource({"0", "1000"})
    void whatARangeDeleteHidesGoesWithTheSnapshot(int threshold) throws Exception {
        open(threshold);
        putAll();
        readers.add(store.snapshot());
        store.deleteRange(key(10), key(ROWS));
        store.commitDurably(new byte[0]);
        settle(true);
        assertCounted();
        assertThat(space()).isGreaterThan(15);
        assertSettled();
        closeReaders();
        assertThat(space()).isLessThan(1.7);
        assertCounted();
    }

    @Test
    void aFullCompactionLeavesNothingOfIt() throws Exception {
        open(0);
        putAll();
        Snapshot snapshot = store.snapshot();
        for (int i = 0; i < ROWS; i += 20) {
            store.put(key(i), value());
        }
        store.commitDurably(new byte[0]);
        settle(true);
        snapshot.close();
        stepped.executor.drain();
        assertThat(store.statistics().estimatedEntries())
                .as("too few for a rewriting by itself")
                .isGreaterThan(ROWS);
        settle(true);
        assertThat(store.statistics().estimatedEntries()).isEqualTo(ROWS);
    }

    /** The last reader goes while the scheduler looks, and has not said yet what it waits for. */
    @Test
    void noEndOfAReaderIsMissed() throws Exception {
        ManualClock time = new ManualClock();
        Runnable[] meanwhile = {() -> {}};
        Clock clock = new Clock() {
            @Override
            public long nanoTime() {
                boolean looks = StackWalker.getInstance()
                        .walk(frames ->
                                frames.anyMatch(frame -> frame.getMethodName().equals("awaitNext")));
                if (looks) {
                    meanwhile[0].run();
                }
                return time.nanoTime();
            }

            @Override
            public long currentTimeMillis() {
                return time.currentTimeMillis();
            }
        };
        SteppedExecutor executor = new SteppedExecutor(time);
        try (Environment environment = Environment.builder()
                .memoryBytes(16 << 20)
                .clock(clock)
                .executor(executor)
                .build()) {
            store = environment.open(
                    files,
                    StoreOptions.builder()
                            .compactionFilter((key, keyLength, value, valueLength) -> false)
                            .build());
            putAll();
            Snapshot snapshot = store.snapshot();
            putAll();
            executor.drain();
            store.compact(); // ends with one look, which is still to come
            boolean[] closed = {false};
            meanwhile[0] = () -> {
                closed[0] = true;
                snapshot.close();
            };
            executor.drain();
            assertThat(closed[0]).isTrue();
            assertThat(store.statistics().estimatedEntries()).isEqualTo(ROWS);
        }
    }

    /** Puts, merges, deletes, range deletes, readers and merges at random: counts are exact, and in the end nothing is left. */
    @Test
    void countsAreExactAndNothingIsLeft() throws Exception {
        Seeds.run(getClass(), 10, seed -> {
            Random choice = new Random(seed);
            try (SteppedEnvironment own = new SteppedEnvironment()) {
                StoreOptions.Builder options = StoreOptions.builder()
                        .targetFileBytes(64 << 10)
                        .mergeFunction(MergeFunction.append((byte) ','))
                        .valueFileThreshold(choice.nextBoolean() ? 0 : 300);
                Store any = own.open(new MemoryFileStore(), options);
                List<Snapshot> snapshots = new ArrayList<>();
                for (int round = 0; round < 25; round++) {
                    for (int i = 0; i < 100; i++) {
                        byte[] key = key(choice.nextInt(300));
                        int what = choice.nextInt(20);
                        if (what < 12) {
                            any.put(key, new byte[choice.nextInt(1000)]);
                        } else if (what < 15) {
                            any.merge(key, new byte[choice.nextInt(100)]);
                        } else if (what < 19) {
                            any.delete(key);
                        } else {
                            any.deleteRange(key, key(choice.nextInt(300) + 300));
                        }
                        if (choice.nextInt(50) == 0) {
                            snapshots.add(any.snapshot());
                        }
                    }
                    any.commitDurably(new byte[0]);
                    if (choice.nextInt(3) == 0) {
                        any.compact();
                    }
                    if (snapshots.size() > 3) {
                        snapshots.remove(choice.nextInt(snapshots.size())).close();
                    }
                    own.executor.drain();
                    assertThat(any.verify().findings()).isEmpty();
                }
                snapshots.forEach(Snapshot::close);
                own.executor.drain();
                any.compact();
                long live = 0;
                try (StoreIterator iterator = any.iterator(KeyRange.all())) {
                    for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                        live++;
                    }
                }
                assertThat(any.statistics().estimatedEntries()).isEqualTo(live);
                assertThat(any.verify().findings()).isEmpty();
            }
        });
    }
}
