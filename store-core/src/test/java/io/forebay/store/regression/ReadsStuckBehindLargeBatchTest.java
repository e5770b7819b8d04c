package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.CompactionFilter;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A compaction filter that read its store, and a merge function that got another key, stopped the store for good beside
 * a batch that needs most of the budget: they waited at the gate for the batch, and it for them. Other readers waited
 * for the whole batch, and a read that it overtook changed the length of the buffer of its caller.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReadsStuckBehindLargeBatchTest {
    private static final int KEYS = 1_500;
    private static final int BUDGET = 1 << 20;

    private static byte[] key(int i) {
        return ("k" + i).getBytes(UTF_8);
    }

    private static byte[] value(int round) {
        return ByteBuffer.allocate(600).putInt(0, round).array();
    }

    private static int round(byte[] value) {
        return value == null ? 0 : ByteBuffer.wrap(value).getInt(0);
    }

    /** Sets all keys to the round: about nine tenths of the budget. */
    private static WriteBatch batch(int round) {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < KEYS; i++) {
            batch.put(key(i), value(round));
        }
        return batch;
    }

    /** The round that two keys are of, or a failure when they are not of one moment. */
    private static int same(byte[] first, byte[] second) {
        assertThat(round(first)).isEqualTo(round(second));
        return round(first);
    }

    private static int throughSnapshot(Store store) {
        try (Snapshot snapshot = store.snapshot()) {
            return same(snapshot.get(key(1)), snapshot.get(key(KEYS - 1)));
        }
    }

    private static int throughIterator(Store store) {
        int[] rounds = new int[2];
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            int[] keys = {1, KEYS - 1};
            for (int i = 0; i < keys.length; i++) {
                iterator.seek(key(keys[i]));
                if (iterator.isValid() && Arrays.equals(iterator.key(), key(keys[i]))) {
                    rounds[i] = round(iterator.value());
                }
            }
        }
        assertThat(rounds[0]).isEqualTo(rounds[1]);
        return rounds[0];
    }

    private static int throughMultiGet(Store store) {
        List<byte[]> values = store.multiGet(List.of(key(1), key(KEYS - 1)));
        return same(values.get(0), values.get(1));
    }

    /** A filter reads in every flush that a batch waits for, on the thread that writes it. */
    private static void aFilterReads(ToIntFunction<Store> read) {
        AtomicReference<Store> store = new AtomicReference<>();
        AtomicInteger written = new AtomicInteger();
        AtomicBoolean writing = new AtomicBoolean();
        AtomicInteger readsBeside = new AtomicInteger();
        CompactionFilter filter = (key, keyLength, value, valueLength) -> {
            if (store.get() != null && key[1] == '7') {
                int round = read.applyAsInt(store.get());
                if (writing.get() && round == written.get()) {
                    readsBeside.incrementAndGet();
                } else {
                    assertThat(round).isIn(written.get(), writing.get() ? written.get() + 1 : written.get());
                }
            }
            return false;
        };
        try (SteppedEnvironment stepped = new SteppedEnvironment(BUDGET)) {
            FileStore files = FileStores.inMemory();
            store.set(stepped.open(files, StoreOptions.builder().compactionFilter(filter)));
            for (int round = 1; round <= 10; round++) {
                writing.set(true);
                store.get().write(batch(round));
                written.set(round);
                writing.set(false);
            }
            store.get().put(key(0), value(11));
            assertThat(store.get().statistics().readOnlyCause()).isNull();
            store.get().commitDurably(new byte[] {1});
            store.set(null);
        }
        assertThat(readsBeside).hasPositiveValue();
    }

    @Test
    void aFilterMayGet() {
        aFilterReads(store -> round(store.get(key(7))));
    }

    @Test
    void aFilterMayMultiGet() {
        aFilterReads(ReadsStuckBehindLargeBatchTest::throughMultiGet);
    }

    @Test
    void aFilterMayOpenASnapshot() {
        aFilterReads(ReadsStuckBehindLargeBatchTest::throughSnapshot);
    }

    @Test
    void aFilterMayOpenAnIterator() {
        aFilterReads(ReadsStuckBehindLargeBatchTest::throughIterator);
    }

    /** As above, with threads: a filter may be at the gate already when the batch begins to wait. */
    @Test
    void aFilterMayReadOnItsThread() {
        List<ToIntFunction<Store>> ways = List.of(
                store -> round(store.get(key(7))),
                ReadsStuckBehindLargeBatchTest::throughMultiGet,
                ReadsStuckBehindLargeBatchTest::throughSnapshot,
                ReadsStuckBehindLargeBatchTest::throughIterator);
        AtomicReference<Store> place = new AtomicReference<>();
        AtomicInteger asked = new AtomicInteger();
        CompactionFilter filter = (key, keyLength, value, valueLength) -> {
            Store store = place.get();
            if (store != null) {
                ToIntFunction<Store> way = ways.get(asked.getAndIncrement() % ways.size());
                assertThat(way.applyAsInt(store)).isBetween(0, 30);
            }
            return false;
        };
        try (Environment environment = Environment.builder()
                .memoryBytes(BUDGET)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(
                    FileStores.inMemory(),
                    StoreOptions.builder().compactionFilter(filter).build());
            place.set(store);
            for (int round = 1; round <= 30; round++) {
                store.write(batch(round));
            }
            store.put(key(0), value(31));
            assertThat(store.statistics().readOnlyCause()).isNull();
            place.set(null);
        }
        assertThat(asked).hasPositiveValue();
    }

    /** A read holds its memtables while its merge function runs, so that must not wait for a batch that waits for them. */
    @Test
    void aMergeFunctionMayGet() throws Exception {
        AtomicReference<Store> store = new AtomicReference<>();
        MergeFunction merge = new MergeFunction() {
            @Override
            public String name() {
                return "getting";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                Store present = store.get();
                if (present != null) {
                    present.get(key(7));
                }
                return values.get(values.size() - 1);
            }
        };
        beside(
                merge,
                store,
                present -> assertThat(present.get("m".getBytes(UTF_8))).isEqualTo(new byte[] {2}));
    }

    /** The batch deletes the key, and ends while the read has its answer already, which does not count then. */
    @Test
    void aReadThatTheBatchOvertakesLeavesTheBufferAlone() throws Exception {
        byte[] read = "read".getBytes(UTF_8);
        byte[] written = "written".getBytes(UTF_8);
        CountDownLatch underWay = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        AtomicReference<Future<?>> write = new AtomicReference<>();
        MergeFunction merge = new MergeFunction() {
            @Override
            public String name() {
                return "meeting";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                try {
                    if (Arrays.equals(key, written) && underWay.getCount() > 0) {
                        underWay.countDown();
                        answered.await();
                    } else if (Arrays.equals(key, read) && write.get() != null) {
                        answered.countDown();
                        write.get().get();
                    }
                } catch (InterruptedException | ExecutionException e) {
                    throw new IllegalStateException(e);
                }
                return new byte[77];
            }
        };
        ExecutorService threads = Executors.newCachedThreadPool();
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store =
                    stepped.open(FileStores.inMemory(), StoreOptions.builder().mergeFunction(merge));
            store.put(read, new byte[] {1});
            Snapshot apart = store.snapshot();
            store.merge(read, new byte[] {2});
            WriteBatch large = new WriteBatch();
            large.put(key(1), new byte[5 << 20]);
            large.delete(read);
            large.merge(written, new byte[] {1});
            large.merge(written, new byte[] {2});
            Future<?> writing = threads.submit(() -> store.write(large));
            underWay.await();
            write.set(writing);
            ValueBuffer into = new ValueBuffer();
            into.reset(5);
            assertThat(store.get(read, 0, read.length, into)).isFalse();
            assertThat(answered.getCount()).isZero();
            assertThat(into.length()).isEqualTo(5);
            apart.close();
        } finally {
            answered.countDown();
            threads.shutdownNow();
        }
    }

    /** Of one moment, each and in order, whatever batches and small writes come in between. */
    @Test
    void readersSeeWholeBatchesInOrder() throws Exception {
        List<ToIntFunction<Store>> ways = List.of(
                present -> round(present.get(key(7))),
                ReadsStuckBehindLargeBatchTest::throughMultiGet,
                ReadsStuckBehindLargeBatchTest::throughSnapshot,
                ReadsStuckBehindLargeBatchTest::throughIterator);
        ThreadLocal<Integer> last = ThreadLocal.withInitial(() -> 0);
        beside(MergeFunction.append((byte) ','), new AtomicReference<>(), present -> {
            for (ToIntFunction<Store> way : ways) {
                int round = way.applyAsInt(present);
                assertThat(round).isGreaterThanOrEqualTo(last.get());
                last.set(round);
            }
        });
    }

    private static void beside(MergeFunction merge, AtomicReference<Store> place, Consumer<Store> read)
            throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Environment environment = Environment.builder()
                .memoryBytes(BUDGET)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(
                    FileStores.inMemory(),
                    StoreOptions.builder().mergeFunction(merge).build());
            byte[] merged = "m".getBytes(UTF_8);
            store.put(merged, new byte[] {1});
            Snapshot apart = store.snapshot();
            store.merge(merged, new byte[] {2});
            place.set(store);
            AtomicBoolean end = new AtomicBoolean();
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                readers.add(threads.submit(() -> {
                    while (!end.get()) {
                        read.accept(store);
                    }
                }));
            }
            for (int round = 1; round <= 15; round++) {
                store.write(batch(round));
                for (int i = 0; i < 50; i++) {
                    store.put(key(i), value(round));
                }
            }
            end.set(true);
            for (Future<?> reader : readers) {
                reader.get();
            }
            apart.close();
            place.set(null);
        } finally {
            threads.shutdownNow();
        }
    }
}
