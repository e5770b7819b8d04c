package io.forebay.store.wal;

import static io.forebay.store.testing.TestThreads.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.FaultInjector.Operation;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Logs that cannot be written, and threads that wait for them together. */
@Timeout(300)
class WalFaultTest {
    private final CrashFileStore disk = new CrashFileStore();
    private final FaultInjector faults = new FaultInjector();
    private final FaultFileStore files = new FaultFileStore(disk, faults);

    @Test
    void oneSyncServesAllWhoWait() throws InterruptedException {
        int threads = 8;
        try (Environment environment =
                Environment.builder().memoryBytes(16 << 20).build()) {
            Store store = environment.open(files, options(Durability.SYNCED).build());
            long before = store.statistics().walSyncs();
            CountDownLatch syncing = new CountDownLatch(1);
            CountDownLatch allEncoded = new CountDownLatch(1);
            AtomicBoolean first = new AtomicBoolean(true);
            faults.onSlow(operation -> {
                if (operation == Operation.SYNC && first.getAndSet(false)) {
                    syncing.countDown();
                    await(allEncoded);
                }
            });
            faults.arm(Fault.SLOW, 1, true);
            List<Thread> writers = new ArrayList<>();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            for (int i = 0; i < threads; i++) {
                byte[] key = bytes("key" + i);
                Thread writer = new Thread(() -> store.put(key, key));
                writer.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
                writers.add(writer);
                writer.start();
                if (i == 0) {
                    syncing.await();
                }
            }
            while (store.statistics().lastSequence() < threads) {
                assertThat(failure.get()).isNull();
                assertThat(Thread.interrupted()).as("out of time").isFalse();
                Thread.yield();
            }
            assertThat(store.get(bytes("key7"))).isEqualTo(bytes("key7"));
            allEncoded.countDown();
            for (Thread writer : writers) {
                writer.join();
            }
            assertThat(failure.get()).isNull();
            assertThat(store.statistics().walSyncs()).isEqualTo(before + 2);
        }
    }

    @Test
    void manyThreadsWriteAtOnce() throws InterruptedException {
        int threads = 4;
        int writes = 500;
        try (Environment environment =
                Environment.builder().memoryBytes(16 << 20).build()) {
            Store store = environment.open(
                    disk, options(Durability.SYNCED).memtableBytes(16 << 10).build());
            List<Thread> writers = new ArrayList<>();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            for (int i = 0; i < threads; i++) {
                int number = i;
                Thread writer = new Thread(() -> {
                    for (int n = 0; n < writes; n++) {
                        byte[] value = bytes(number + "-" + n);
                        switch (n % 4) {
                            case 0 -> store.put(bytes("own" + number), value);
                            case 1 ->
                                store.write(
                                        new WriteBatch().put(bytes("x"), value).put(bytes("y"), value));
                            case 2 -> store.commit(value);
                            default -> store.merge(bytes("sum" + number), bytes("" + n));
                        }
                    }
                });
                writer.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
                writers.add(writer);
                writer.start();
            }
            for (Thread writer : writers) {
                writer.join();
            }
            assertThat(failure.get()).isNull();
            assertThat(store.statistics().walSyncs()).isLessThanOrEqualTo(2L * threads * writes);
            assertThat(store.committedPayload()).isEqualTo(store.durablePayload());
            assertThat(store.statistics().writes()).isEqualTo(threads * writes / 4 * 4L);
            CrashFileStore left = disk.afterCrash(new Random(1));
            try (SteppedEnvironment stepped = new SteppedEnvironment()) {
                Store reopened = stepped.open(left, options(Durability.SYNCED));
                assertThat(reopened.committedPayload()).isEqualTo(store.committedPayload());
                assertThat(reopened.get(bytes("x")))
                        .isEqualTo(reopened.get(bytes("y")))
                        .isEqualTo(store.get(bytes("x")));
                for (int i = 0; i < threads; i++) {
                    assertThat(reopened.get(bytes("own" + i))).isEqualTo(bytes(i + "-" + (writes - 4)));
                    assertThat(reopened.get(bytes("sum" + i))).isEqualTo(store.get(bytes("sum" + i)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"APPEND", "SYNC"})
    void afterAFailureTheStoreTakesNoWritesUntilItResumes(Operation operation) {
        SteppedEnvironment stepped = new SteppedEnvironment();
        Store store = stepped.open(files, options(Durability.SYNCED));
        store.put(bytes("a"), bytes("1"));
        faults.arm(operation == Operation.SYNC ? Fault.FAILED_SYNC : Fault.SHORT_WRITE, 1, true);
        assertThatThrownBy(() -> store.put(bytes("b"), bytes("2")))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasRootCauseInstanceOf(IOException.class);
        String struck = faults.struck();
        assertThat(struck).contains("WAL-");
        assertThatThrownBy(() -> store.put(bytes("c"), bytes("3"))).isInstanceOf(ReadOnlyStoreException.class);
        assertThatThrownBy(store::sync).isInstanceOf(ReadOnlyStoreException.class);
        assertThat(store.get(bytes("a"))).isEqualTo(bytes("1"));
        assertThat(store.durablePayload()).isEmpty();
        assertThatThrownBy(store::resume).isInstanceOf(StoreException.class);
        faults.heal();
        store.resume();
        store.put(bytes("d"), bytes("4"));
        store.commit(bytes("after"));
        assertThat(faults.violations()).isEmpty();
        for (int seed = 0; seed < 10; seed++) {
            try (SteppedEnvironment other = new SteppedEnvironment()) {
                Store reopened = other.open(disk.afterCrash(new Random(seed)), options(Durability.SYNCED));
                assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("1"));
                assertThat(reopened.get(bytes("b"))).isEqualTo(store.get(bytes("b")));
                assertThat(reopened.get(bytes("c"))).isNull();
                assertThat(reopened.get(bytes("d"))).isEqualTo(bytes("4"));
                assertThat(reopened.committedPayload()).isEqualTo(bytes("after"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            mode = Mode.INCLUDE,
            names = {"IO_ERROR", "LATE_ERROR", "DISK_FULL", "SHORT_WRITE", "FAILED_SYNC"})
    void nothingAcknowledgedIsLostWhateverFails(Fault fault) {
        for (Durability durability : List.of(Durability.BUFFERED, Durability.SYNCED)) {
            int nth = 1;
            while (new Sweep(fault, nth, durability).strikes()) {
                nth++;
            }
            assertThat(nth).isGreaterThan(10);
        }
    }

    /** Writes of different keys with one fault among them; after each failure the store resumes, or is opened again. */
    private static final class Sweep {
        private static final int WRITES = 24;

        private final Fault fault;
        private final int nth;
        private final Durability durability;
        private final CrashFileStore disk = new CrashFileStore();
        private final FaultInjector faults = new FaultInjector();
        private final SteppedEnvironment stepped = new SteppedEnvironment(1 << 20, new Random(5));
        private final List<Integer> acknowledged = new ArrayList<>();
        private int lastCommit = -1;

        Sweep(Fault fault, int nth, Durability durability) {
            this.fault = fault;
            this.nth = nth;
            this.durability = durability;
        }

        /** @return false when there was nothing left to fail */
        boolean strikes() {
            faults.arm(fault, nth, false);
            Store store = open();
            for (int i = 0; i < WRITES; i++) {
                try {
                    write(store, i);
                } catch (StoreException e) {
                    assertThat(faults.struck())
                            .as("failure of write %d: %s", i, e)
                            .isNotNull();
                    store = goOn(store, i);
                }
            }
            boolean struck = faults.struck() != null;
            String where = durability + ", " + fault + " of " + faults.struck();
            assertThat(faults.violations()).as(where).isEmpty();
            check(disk.afterKill(), where);
            if (durability == Durability.SYNCED) {
                check(disk.afterCrash(new Random(nth)), where);
            }
            faults.heal();
            stepped.close();
            return struck;
        }

        private Store open() {
            StoreOptions.Builder options = options(durability).memtableBytes(1024);
            FaultFileStore files = new FaultFileStore(disk, faults);
            try {
                return stepped.open(files, options);
            } catch (StoreException e) {
                assertThat(faults.struck()).isNotNull();
                return stepped.open(files, options);
            }
        }

        private Store goOn(Store store, int i) {
            if (i % 2 == 0) {
                store.resume();
                return store;
            }
            try {
                store.close();
            } catch (StoreException e) {
                // says so again
            }
            return open();
        }

        private void write(Store store, int i) {
            byte[] value = new byte[200];
            value[0] = (byte) i;
            store.put(bytes("key" + i), value);
            acknowledged.add(i);
            if (i % 5 == 4) {
                store.commit(bytes("" + i));
                lastCommit = i;
            }
            if (i % 7 == 6) {
                store.flush();
            }
            if (i % 11 == 10) {
                stepped.executor.drain();
            }
        }

        private void check(CrashFileStore left, String where) {
            try (SteppedEnvironment other = new SteppedEnvironment(1 << 20, new Random(6))) {
                Store store = other.open(left, options(Durability.BUFFERED));
                for (int i : acknowledged) {
                    byte[] value = store.get(bytes("key" + i));
                    assertThat(value).as("%s: write %d", where, i).isNotNull();
                    assertThat(value[0]).isEqualTo((byte) i);
                }
                String payload = new String(store.committedPayload(), UTF_8);
                assertThat(payload.isEmpty() ? -1 : Integer.parseInt(payload))
                        .as(where)
                        .isGreaterThanOrEqualTo(lastCommit);
            }
        }
    }

    /** There is no store yet that could be read-only, or be resumed: whatever fails is an error of the open. */
    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"IO_ERROR", "DISK_FULL"})
    void aReplayThatFailsIsAnErrorOfTheOpen(Fault fault) {
        try (SteppedEnvironment stepped = new SteppedEnvironment(1 << 20, new Random(5))) {
            Store store = stepped.open(files, options(Durability.SYNCED));
            for (int i = 0; i < 20; i++) {
                store.put(bytes("key" + i), bytes("value"));
            }
        }
        CrashFileStore left = disk.afterKill();
        for (int nth = 1; ; nth++) {
            FaultInjector injector = new FaultInjector();
            FaultFileStore faulty = new FaultFileStore(left.afterKill(), injector);
            injector.arm(fault, nth, true);
            try (SteppedEnvironment stepped = new SteppedEnvironment(1 << 20, new Random(5))) {
                assertThatCode(() -> stepped.open(faulty, options(Durability.SYNCED)))
                        .as("%d: %s", nth, injector.struck())
                        .satisfiesAnyOf(
                                e -> assertThat(e).isNull(), e -> assertThat(e).isInstanceOf(StoreIoException.class));
                injector.heal();
            }
            if (injector.struck() == null) {
                assertThat(nth).isGreaterThan(10);
                return;
            }
        }
    }

    private static StoreOptions.Builder options(Durability durability) {
        return StoreOptions.builder().durability(durability).mergeFunction(MergeFunction.append((byte) ','));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
