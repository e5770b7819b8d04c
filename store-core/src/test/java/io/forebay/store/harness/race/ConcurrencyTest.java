package io.forebay.store.harness.race;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.HeapSlabs;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One writer, and everything else at the same time. Every round of the writer puts one number to all keys, in one batch or
 * one by one, so that each reader can tell a state that never was.
 */
@Timeout(600)
@Tag("smoke")
class ConcurrencyTest {
    private static final int KEYS = 40;
    private static final int ROUNDS = 3_000;
    private static final byte[] NONE = {};

    private final AtomicBoolean done = new AtomicBoolean();
    /** Those that have looked at least once. */
    private final Set<Thread> looked = ConcurrentHashMap.newKeySet();

    private final AtomicLong finishedRounds = new AtomicLong(-1);

    @Test
    void readersSnapshotsAndCheckpointsBesideAWriter() throws Exception {
        HeapSlabs slabs = new HeapSlabs();
        FileStore files = FileStores.inMemory();
        try (Environment environment =
                Environment.builder().memoryBytes(4 << 20).allocator(slabs).build()) {
            Store store = environment.open(
                    files,
                    StoreOptions.builder()
                            .memtableBytes(32 << 10)
                            .blockBytes(512)
                            .targetFileBytes(16 << 10)
                            .build());
            List<Callable<Void>> readers = List.of(
                    () -> gets(store),
                    () -> multiGets(store),
                    () -> scans(store, true),
                    () -> scans(store, false),
                    () -> snapshots(store),
                    () -> checkpoints(environment, files, store));
            ExecutorService threads = Executors.newFixedThreadPool(readers.size());
            try {
                List<Future<Void>> running = new ArrayList<>();
                readers.forEach(reader -> running.add(threads.submit(reader)));
                try {
                    write(store, 0, 50);
                    while (looked.size() < readers.size() && running.stream().noneMatch(Future::isDone)) {
                        assertThat(Thread.interrupted()).as("out of time").isFalse();
                        Thread.yield();
                    }
                    write(store, 50, ROUNDS);
                } finally {
                    done.set(true);
                }
                for (Future<Void> reader : running) {
                    reader.get();
                }
                assertThat(environment.statistics().memoryPeak()).isLessThanOrEqualTo(4 << 20);
                assertThat(store.statistics().openIterators()).isZero();
                assertThat(store.statistics().openSnapshots()).isZero();
            } finally {
                threads.shutdownNow();
            }
        }
        assertThat(slabs.outstanding()).isZero();
    }

    @Test
    void readersMeetACleanEndWhenTheStoreIsClosed() throws Exception {
        try (Environment environment = Environment.builder().build()) {
            for (int i = 0; i < 20; i++) {
                Store store = environment.open(
                        FileStores.inMemory(),
                        StoreOptions.builder().memtableBytes(8 << 10).build());
                done.set(false);
                write(store, 0, 50);
                CountDownLatch started = new CountDownLatch(3);
                ExecutorService threads = Executors.newFixedThreadPool(3);
                List<Future<Void>> readers = List.of(
                        threads.submit(() -> untilClosed(started, () -> gets(store))),
                        threads.submit(() -> untilClosed(started, () -> scans(store, true))),
                        threads.submit(() -> untilClosed(started, () -> snapshots(store))));
                started.await();
                store.close();
                for (Future<Void> reader : readers) {
                    reader.get();
                }
                threads.shutdown();
            }
        }
    }

    private static Void untilClosed(CountDownLatch started, Callable<Void> reader) throws Exception {
        started.countDown();
        try {
            reader.call();
            throw new AssertionError("The reader ended before the store was closed");
        } catch (StoreClosedException e) {
            return null;
        }
    }

    private void write(Store store, int from, int to) {
        WriteBatch batch = new WriteBatch();
        for (int round = from; round < to; round++) {
            batch.clear();
            if (round % 50 == 7) {
                batch.deleteRange(key(0), key(KEYS));
            }
            for (int i = 0; i < KEYS; i++) {
                batch.put(key(i), value(round));
            }
            store.write(batch);
            finishedRounds.set(round);
            if (round % 10 == 0) {
                store.commit(value(round));
            }
        }
    }

    private Void gets(Store store) {
        Random random = new Random(1);
        ValueBuffer buffer = new ValueBuffer();
        long[] seen = new long[KEYS];
        while (!done.get()) {
            long before = finishedRounds.get();
            int i = random.nextInt(KEYS);
            byte[] key = key(i);
            if (store.get(key, 0, key.length, buffer)) {
                long round = round(buffer.toByteArray());
                assertThat(round).isGreaterThanOrEqualTo(Math.max(before, seen[i]));
                seen[i] = round;
            } else {
                assertThat(before).isNegative();
            }
            looked.add(Thread.currentThread());
        }
        return null;
    }

    private Void multiGets(Store store) {
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            keys.add(key(i));
        }
        while (!done.get()) {
            long before = finishedRounds.get();
            assertOneRound(store.multiGet(keys), before);
            looked.add(Thread.currentThread());
        }
        return null;
    }

    private Void scans(Store store, boolean forward) {
        while (!done.get()) {
            long before = finishedRounds.get();
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                List<byte[]> values = new ArrayList<>();
                if (forward) {
                    for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                        values.add(iterator.value());
                    }
                } else {
                    for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
                        values.add(iterator.value());
                    }
                }
                assertOneRound(values, before);
            }
            looked.add(Thread.currentThread());
        }
        return null;
    }

    private Void snapshots(Store store) {
        Random random = new Random(2);
        while (!done.get()) {
            try (Snapshot snapshot = store.snapshot()) {
                byte[] first = snapshot.get(key(0));
                for (int i = 0; i < 200; i++) {
                    assertThat(snapshot.get(key(random.nextInt(KEYS)))).isEqualTo(first);
                }
                try (StoreIterator iterator = snapshot.iterator(KeyRange.all())) {
                    for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                        assertThat(iterator.value()).isEqualTo(first);
                    }
                }
            }
            looked.add(Thread.currentThread());
        }
        return null;
    }

    private Void checkpoints(Environment environment, FileStore files, Store store) throws Exception {
        while (!done.get()) {
            long before = finishedRounds.get();
            try (Checkpoint checkpoint = store.checkpoint(NONE)) {
                checkpoint.completion().get();
                RestoreSource source = new RestoreSource(files, checkpoint.metadata(), KeyRange.all());
                try (Store restored =
                        environment.restore(FileStores.inMemory(), StoreOptions.defaults(), List.of(source), NONE)) {
                    List<byte[]> values = new ArrayList<>();
                    try (StoreIterator iterator = restored.iterator(KeyRange.all())) {
                        for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                            values.add(iterator.value());
                        }
                    }
                    assertOneRound(values, before);
                }
            }
            looked.add(Thread.currentThread());
        }
        return null;
    }

    private static void assertOneRound(List<byte[]> values, long atLeast) {
        if (values.isEmpty() || values.get(0) == null) {
            assertThat(atLeast).isNegative();
            return;
        }
        assertThat(values).hasSize(KEYS);
        byte[] first = values.get(0);
        for (byte[] value : values) {
            assertThat(value).isEqualTo(first);
        }
        assertThat(round(first)).isGreaterThanOrEqualTo(atLeast);
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(4).putInt(i).array();
    }

    private static byte[] value(int round) {
        byte[] value = new byte[20 + round % 13];
        ByteBuffer.wrap(value).putInt(round);
        return value;
    }

    private static long round(byte[] value) {
        assertThat(value).hasSizeGreaterThanOrEqualTo(20);
        int round = ByteBuffer.wrap(value).getInt();
        assertThat(value).isEqualTo(Arrays.copyOf(value(round), value.length));
        return round;
    }
}
