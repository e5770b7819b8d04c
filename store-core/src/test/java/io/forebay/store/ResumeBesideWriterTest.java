package io.forebay.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A store takes writes again, and its writer is inside the gate before the thread that repaired it has gone on. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ResumeBesideWriterTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private final AtomicReference<Runnable> onCompaction = new AtomicReference<>();
    private final CountDownLatch inside = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);

    /** Blocks inside the gate. */
    private final MergeFunction merging = new MergeFunction() {
        @Override
        public String name() {
            return "blocks";
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> values) {
            inside.countDown();
            await(go);
            return values.get(0);
        }
    };

    /** Does something else when a compaction is handed in, which is after a repair and before its end. */
    private final BackgroundExecutor executor = new BackgroundExecutor() {
        @Override
        public void execute(Kind kind, Runnable work) {
            stepped.execute(kind, work);
            Runnable due = kind == Kind.COMPACTION ? onCompaction.getAndSet(null) : null;
            if (due != null) {
                due.run();
            }
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            return stepped.schedule(delayNanos, work);
        }

        @Override
        public boolean help() {
            return stepped.help();
        }

        @Override
        public void close() {
            stepped.close();
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
                            .mergeFunction(merging)
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
                    await(inside);
                }
            });
            store.resume();
            assertThat(compacting.getCount()).as("the writer is inside").isZero();
            assertThat(writer.isAlive()).isTrue();
            go.countDown();
            writer.join();
            clock.advance(1_000_000_000L);
            stepped.drain();
            assertThat(store.durablePayload()).containsExactly(2);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
