package io.forebay.store.regression;

import static io.forebay.store.testing.TestThreads.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Environment;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.Halt;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The thread that had repaired a store waited at the gate for a writer whose large batch waited for a flush by that
 * thread.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RepairWaitsForWriterTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private final AtomicReference<Runnable> onCompaction = new AtomicReference<>();
    /** Inside the gate. */
    private final Halt merge = new Halt();

    /** Does something else when a compaction is handed in, which is after a repair and before its end. */
    private final BackgroundExecutor executor = new ForwardingExecutor(stepped) {
        @Override
        public void execute(Kind kind, Runnable work) {
            super.execute(kind, work);
            Runnable due = kind == Kind.COMPACTION ? onCompaction.getAndSet(null) : null;
            if (due != null) {
                due.run();
            }
        }
    };

    @Test
    void theRepairDoesNotWaitForTheWriter() throws Exception {
        FaultInjector faults = new FaultInjector();
        try (Environment environment = Environment.builder()
                .memoryBytes(16 << 20)
                .clock(clock)
                .executor(executor)
                .build()) {
            Store store = environment.open(
                    new FaultFileStore(new CrashFileStore(), faults),
                    StoreOptions.builder()
                            .mergeFunction(merge.atMerges())
                            .commitInterval(Duration.ZERO)
                            .build());
            stepped.drain();
            store.put(KEY, KEY);
            faults.arm(Fault.DISK_FULL, 1, true);
            assertThatThrownBy(() -> store.commitDurably(new byte[] {1})).isInstanceOf(ReadOnlyStoreException.class);
            faults.heal();
            Thread writer = new Thread(() -> {
                store.put(KEY, KEY);
                store.commit(new byte[] {2});
                store.put(KEY, KEY);
                store.merge(KEY, KEY);
            });
            CountDownLatch compacting = new CountDownLatch(1);
            onCompaction.set(() -> {
                if (store.statistics().readOnlyCause() == null) {
                    compacting.countDown();
                    writer.start();
                    await(merge.reached);
                }
            });
            store.resume();
            assertThat(compacting.getCount()).as("the writer is inside").isZero();
            assertThat(writer.isAlive()).isTrue();
            merge.release.countDown();
            writer.join();
            clock.advance(1_000_000_000L);
            stepped.drain();
            assertThat(store.durablePayload()).containsExactly(2);
        }
    }
}
