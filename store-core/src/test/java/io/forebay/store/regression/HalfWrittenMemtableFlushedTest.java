package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.Durability;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A write that an error of the JVM cut off in the memtable, while a close or a repair waited for it to leave, was
 * flushed as far as it had come: the close returned normally, and after the repair an open left the file out and lost
 * durable commits.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HalfWrittenMemtableFlushedTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static ErrorAgent agent;

    private Runnable inTheWrite = () -> {};

    @BeforeAll
    static void instrument() {
        agent = new ErrorAgent(List.of("io.forebay.store.db"));
    }

    @AfterAll
    static void restore() {
        agent.close();
    }

    private final MergeFunction merging = new MergeFunction() {
        @Override
        public String name() {
            return "last";
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> values) {
            inTheWrite.run();
            return values.get(values.size() - 1);
        }
    };

    @Test
    void aCloseWritesNothingOfIt() throws InterruptedException {
        CrashFileStore disk = new CrashFileStore();
        StoreOptions.Builder options = StoreOptions.builder().mergeFunction(merging);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(disk, options);
            store.commitDurably(new byte[] {1});
            store.put(KEY, KEY);
            store.commit(new byte[] {2});
            store.put(KEY, KEY);
            AtomicReference<Throwable> told = new AtomicReference<>();
            Thread closing = new Thread(() -> told.set(catchThrowable(store::close)), "close");
            inTheWrite = () -> {
                startAndAwaitItsWait(closing);
                JvmErrors.armAt("WritePath.publish", 1);
            };
            assertThatThrownBy(() -> store.merge(KEY, KEY)).isInstanceOf(OutOfMemoryError.class);
            JvmErrors.disarm();
            closing.join();
            assertThat(told.get()).isInstanceOf(ReadOnlyStoreException.class);
            inTheWrite = () -> {};
            Store again = stepped.open(disk, options);
            assertThat(again.durablePayload()).containsExactly(1);
            assertThat(again.get(KEY)).isNull();
        }
    }

    /** A file with a row that is not counted would be left out by an open, with all that was acknowledged before it. */
    @Test
    void aRepairWritesNothingOfIt() throws InterruptedException {
        CrashFileStore disk = new CrashFileStore();
        FaultInjector faults = new FaultInjector();
        StoreOptions.Builder options =
                StoreOptions.builder().mergeFunction(merging).durability(Durability.BUFFERED);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(new FaultFileStore(disk, faults), options);
            store.put(KEY, KEY);
            store.commitDurably(new byte[] {1});
            store.put(new byte[] {2}, KEY);
            AtomicReference<Throwable> told = new AtomicReference<>();
            Thread repair = new Thread(
                    () -> {
                        faults.arm(Fault.FAILED_SYNC, 1, false);
                        assertThatThrownBy(store::sync).isInstanceOf(ReadOnlyStoreException.class);
                        told.set(catchThrowable(store::resume));
                    },
                    "repair");
            inTheWrite = () -> {
                startAndAwaitItsWait(repair);
                JvmErrors.armAt("WritePath.publish", 1);
            };
            assertThatThrownBy(() -> store.merge(KEY, KEY)).isInstanceOf(OutOfMemoryError.class);
            JvmErrors.disarm();
            repair.join();
            assertThat(told.get()).isInstanceOf(ReadOnlyStoreException.class);
            inTheWrite = () -> {};
            store.discard();
            Store again = stepped.open(disk, options);
            assertThat(again.get(KEY)).isEqualTo(KEY);
            assertThat(again.durablePayload()).containsExactly(1);
        }
    }

    /** At the gate. */
    private static void startAndAwaitItsWait(Thread thread) {
        thread.start();
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            assertThat(thread.isAlive()).isTrue();
            Thread.yield();
        }
    }
}
