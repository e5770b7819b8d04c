package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.Environment;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A discard that met a flush of several memtables left those that the flush had opened in memory for good. A {@code
 * flush()} that a close or a discard overtook returned as if its rows were in files.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlushCutOffByDiscardTest {
    private static final int KEYS = 5_000;

    private final ManualClock time = new ManualClock();
    private final SteppedExecutor executor = new SteppedExecutor(time);
    private final HeapSlabs slabs = new HeapSlabs();
    /** Run once, when a flush looks at the clock, which it does before it opens anything. */
    private final AtomicReference<Runnable> onLook = new AtomicReference<>();

    private final Clock clock = new Clock() {
        @Override
        public long nanoTime() {
            Runnable due = onLook.getAndSet(null);
            if (due != null) {
                due.run();
            }
            return time.nanoTime();
        }

        @Override
        public long currentTimeMillis() {
            return time.currentTimeMillis();
        }
    };

    @Test
    void whatItHasOpenedIsLetGo() throws Exception {
        try (Environment environment = Environment.builder()
                .memoryBytes(16 << 20)
                .clock(clock)
                .executor(executor)
                .allocator(slabs)
                .build()) {
            Store store = environment.open(
                    new CrashFileStore(),
                    StoreOptions.builder().commitInterval(Duration.ZERO).build());
            fill(store);
            store.commit(new byte[] {1});
            // One key needs no ordering, so the newer memtable is opened; ordering the older one meets the discard.
            store.put(new byte[] {1}, new byte[10]);
            store.commit(new byte[] {2});
            assertThat(store.statistics().immutableMemtables()).isEqualTo(2);
            Thread discarding = new Thread(store::discard);
            onLook.set(() -> {
                discarding.start();
                while (isOpen(store)) {
                    Thread.onSpinWait();
                }
            });
            executor.step();
            assertThat(onLook.get()).as("what a flush looks at").isNull();
            discarding.join();
            EnvironmentStatistics statistics = environment.statistics();
            assertThat(statistics.memtableBytes()).isZero();
            assertThat(slabs.outstanding()).isZero();
        }
    }

    /** What a close drops has left the memtables as well, but it is in no file. */
    @Test
    void aFlushThatADiscardOvertakesSaysSo() throws Exception {
        try (Environment environment =
                Environment.builder().clock(clock).executor(executor).build()) {
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            store.put(new byte[] {1}, new byte[10]);
            executor.execute(BackgroundExecutor.Kind.FLUSH, store::discard);
            assertThatThrownBy(store::flush).isInstanceOf(StoreClosedException.class);
        }
    }

    private static boolean isOpen(Store store) {
        try {
            store.get(new byte[] {1});
            return true;
        } catch (StoreClosedException e) {
            return false;
        }
    }

    private static void fill(Store store) {
        for (int i = 0; i < KEYS; i++) {
            store.put(String.format("key %08d", i * 7919 % KEYS).getBytes(UTF_8), new byte[10]);
        }
    }
}
