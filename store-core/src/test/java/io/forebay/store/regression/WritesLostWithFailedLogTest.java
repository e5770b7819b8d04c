package io.forebay.store.regression;

import static io.forebay.store.testing.TestThreads.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashChoice.Names;
import io.forebay.store.testing.CrashChoice.Tails;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.FaultInjector.Operation;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A write-ahead log that failed while its store was being repaired left the store open with a dead log. One that failed
 * before or beside a close, a discard or the end of a repair lost acknowledged writes, or kept half of a batch.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WritesLostWithFailedLogTest {
    private static final int BUDGET = 1 << 20;

    private final CrashFileStore disk = new CrashFileStore();
    private final FaultInjector faults = new FaultInjector();
    /** Run once, when the next SST is made. */
    private final AtomicReference<Runnable> onSst = new AtomicReference<>();

    /** Run once, before the next sync of a log. */
    private final AtomicReference<Runnable> onLogSync = new AtomicReference<>();

    private final FileStore files = new ForwardingFileStore(new FaultFileStore(disk, faults)) {
        @Override
        public WritableFile create(String name) throws IOException {
            if (name.endsWith(".sst")) {
                runOnce(onSst);
            }
            WritableFile file = super.create(name);
            return !name.startsWith("WAL")
                    ? file
                    : new Writer(file) {
                        @Override
                        public void sync() throws IOException {
                            runOnce(onLogSync);
                            super.sync();
                        }
                    };
        }
    };

    private static void runOnce(AtomicReference<Runnable> hook) {
        Runnable due = hook.getAndSet(null);
        if (due != null) {
            due.run();
        }
    }

    private final SteppedEnvironment stepped = new SteppedEnvironment(BUDGET);
    private final Store store = stepped.open(files, options());

    @AfterEach
    void closeEverything() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
        assertThat(faults.violations()).isEmpty();
        assertThat(faults.open()).isZero();
    }

    @Test
    void aFailureDuringARepairKeepsTheStoreReadOnly() {
        put(store, "a");
        faults.arm(Fault.DISK_FULL, 1, true);
        assertThatThrownBy(store::flush).isInstanceOf(ReadOnlyStoreException.class);
        assertThat(faults.struck()).endsWith(".sst");
        faults.heal();
        // The log is whole as the repair begins, and fails in its middle.
        onSst.set(() -> elsewhere(this::failSync));
        assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
        assertThat(onSst.get()).as("what a repair makes").isNull();
        assertThatThrownBy(() -> put(store, "b")).isInstanceOf(ReadOnlyStoreException.class);
        store.resume();
        put(store, "c");
        store.sync();
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            assertHas(other.open(afterPowerLoss(), options()), "a", "c");
        }
    }

    @Test
    void aFailureDuringARepairIsTriedAgainByItself() {
        put(store, "a");
        faults.arm(Fault.DISK_FULL, 1, true);
        assertThatThrownBy(store::flush).isInstanceOf(ReadOnlyStoreException.class);
        faults.heal();
        onSst.set(() -> elsewhere(this::failSync));
        assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
        stepped.clock.advance(60_000_000_000L);
        stepped.executor.drain();
        put(store, "b");
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    @Test
    void aFailureBeforeACloseLosesNothing() {
        put(store, "a");
        put(store, "b");
        failSync();
        store.close();
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            assertHas(other.open(afterPowerLoss(), options()), "a", "b");
        }
    }

    @Test
    void aFailureInTheCloseItselfIsToldAndLosesNothing() {
        put(store, "a");
        put(store, "b");
        faults.arm(Fault.FAILED_SYNC, 1, false);
        assertThatThrownBy(store::close).isInstanceOf(StoreIoException.class);
        assertThat(faults.struck()).contains("WAL-");
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            assertHas(other.open(afterPowerLoss(), options()), "a", "b");
        }
    }

    /** The close has the memtables only, and in them a part of the batch. */
    @Test
    void aBatchThatFailedInItsMiddleIsNotThere() {
        put(store, "a");
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 32; i++) {
            batch.put(bytes("b" + i), new byte[BUDGET / 16]);
        }
        faults.arm(Fault.DISK_FULL, 1, true);
        assertThatThrownBy(() -> store.write(batch)).isInstanceOf(ReadOnlyStoreException.class);
        assertThat(faults.struck()).endsWith(".sst");
        failSync();
        store.close();
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            Store reopened = other.open(afterPowerLoss(), options());
            assertHas(reopened, "a");
            for (int i = 0; i < 32; i++) {
                assertThat(reopened.get(bytes("b" + i))).as("operation %d", i).isNull();
            }
            assertThat(reopened.verify().isClean()).isTrue();
        }
    }

    /** The checkpoint makes the repair flush twice; the store ends during the first time, and then the second is not done. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoreThatEndsDuringTheRepairLosesNothing(boolean discard) throws InterruptedException {
        put(store, "a");
        Checkpoint checkpoint = store.checkpoint(new byte[0]);
        put(store, "b");
        store.commitDurably(bytes("payload"));
        put(store, "c");
        failSync();
        Thread ending = new Thread(discard ? store::discard : store::close, "end of the store");
        onSst.set(() -> startAndAwait(ending, Thread.State.WAITING));
        assertThatThrownBy(store::resume).isInstanceOf(StoreClosedException.class);
        ending.join();
        assertThat(onSst.get()).as("what the repair makes").isNull();
        checkpoint.close();
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            Store reopened = other.open(afterPowerLoss(), options());
            assertHas(reopened, "a", "b");
            assertThat(reopened.committedPayload()).isEqualTo(bytes("payload"));
            if (!discard) {
                assertHas(reopened, "c");
            }
        }
    }

    /** The repair waits for the flush of a memtable, and another memtable is left behind it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoreThatEndsBeforeTheRepairHasBegunLosesNothing(boolean discard) throws InterruptedException {
        put(store, "a");
        Checkpoint checkpoint = store.checkpoint(new byte[0]);
        CountDownLatch flushing = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        onSst.set(() -> {
            flushing.countDown();
            await(go);
        });
        Thread flush = new Thread(stepped.executor::step, "flush");
        flush.start();
        flushing.await();
        put(store, "b");
        store.commitDurably(bytes("payload"));
        put(store, "c");
        failSync();
        AtomicReference<Throwable> told = new AtomicReference<>();
        Thread repair = new Thread(() -> told.set(catchThrowable(store::resume)), "repair");
        startAndAwait(repair, Thread.State.BLOCKED);
        Thread ending = new Thread(discard ? store::discard : store::close, "end of the store");
        startAndAwait(ending, Thread.State.WAITING);
        go.countDown();
        for (Thread thread : List.of(flush, repair, ending)) {
            thread.join();
        }
        checkpoint.close();
        assertThat(told.get()).isInstanceOf(StoreClosedException.class);
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            Store reopened = other.open(afterPowerLoss(), options());
            assertHas(reopened, "a", "b");
            assertThat(reopened.committedPayload()).isEqualTo(bytes("payload"));
            if (!discard) {
                assertHas(reopened, "c");
            }
        }
    }

    /** The close comes while another thread syncs, and hears from the log what that one has not told yet. */
    @Test
    void aFailedSyncBesideACloseLosesNothing() throws InterruptedException {
        put(store, "a");
        put(store, "b");
        Thread closing = new Thread(store::close, "close");
        AtomicReference<Throwable> failure = new AtomicReference<>();
        closing.setUncaughtExceptionHandler((who, e) -> failure.set(e));
        onLogSync.set(() -> {
            startAndAwait(closing, Thread.State.WAITING);
            faults.arm(Fault.FAILED_SYNC, 1, false);
        });
        assertThatThrownBy(store::sync)
                .isInstanceOf(StoreException.class)
                .hasRootCauseMessage("Input/output error (injected in the sync of WAL-0000000000000001)");
        closing.join();
        assertThat(failure.get()).isNull();
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            assertHas(other.open(afterPowerLoss(), options()), "a", "b");
        }
    }

    /** Nothing of what the log was given since its last sync is on the disk. */
    private void failSync() {
        faults.arm(Fault.FAILED_SYNC, 1, false);
        assertThatThrownBy(store::sync).isInstanceOf(ReadOnlyStoreException.class);
        assertThat(faults.struck()).startsWith(Operation.SYNC + " WAL-");
    }

    /** Returns when the thread waits for what is under way on another one. */
    private static void startAndAwait(Thread thread, Thread.State waiting) {
        thread.start();
        while (thread.getState() != waiting) {
            assertThat(thread.isAlive()).as("%s waits", thread.getName()).isTrue();
            Thread.yield();
        }
    }

    /** As another thread would. */
    private static void elsewhere(Runnable work) {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(work, "meanwhile");
        thread.setUncaughtExceptionHandler((who, e) -> failure.set(e));
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    private CrashFileStore afterPowerLoss() {
        return disk.afterCrash(new CrashChoice(Names.NONE, Tails.NONE, new Random(1)));
    }

    private static void assertHas(Store store, String... keys) {
        for (String key : keys) {
            assertThat(store.get(bytes(key))).as(key).isEqualTo(bytes(key));
        }
    }

    private static void put(Store store, String key) {
        store.put(bytes(key), bytes(key));
    }

    private static StoreOptions.Builder options() {
        return StoreOptions.builder().durability(Durability.BUFFERED);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
