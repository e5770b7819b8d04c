package io.forebay.store.regression;

import static io.forebay.store.testing.TestThreads.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.Halt;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The error about two threads that write opened the gate under the second one. */
@Timeout(300)
class GateOpenedUnderWriterTest {
    private static final int BUDGET = 1 << 20;
    /** So many entries of a thousand bytes leave the memtable a little below the size at which it is flushed. */
    private static final int SMALL = 200;

    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final byte[] LARGE = "large".getBytes(UTF_8);

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private final AtomicReference<Runnable> onHelp = new AtomicReference<>(() -> {});
    /** Inside the gate. */
    private final Halt merge = new Halt();

    /** Lets another writer begin when the work that a thread has helped with is done. */
    private final BackgroundExecutor executor = new ForwardingExecutor(stepped) {
        @Override
        public boolean help() {
            boolean helped = super.help();
            onHelp.getAndSet(() -> {}).run();
            return helped;
        }
    };

    @Test
    void theOneInsideStaysAlone() throws Exception {
        try (Environment environment = Environment.builder()
                .memoryBytes(BUDGET)
                .clock(clock)
                .executor(executor)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(
                    new CrashFileStore(),
                    StoreOptions.builder().mergeFunction(merge.atMerges()).build());
            Thread second = new Thread(() -> {
                store.put(KEY, KEY);
                store.merge(KEY, KEY);
            });
            AtomicReference<Throwable> answer = new AtomicReference<>();
            Thread first = new Thread(() -> {
                for (int i = 0; i < SMALL; i++) {
                    store.put(small(i), new byte[1000]);
                }
                onHelp.set(() -> {
                    second.start();
                    await(merge.reached);
                });
                answer.set(catchThrowable(() -> store.put(LARGE, new byte[BUDGET / 10 * 6])));
            });
            first.start();
            try {
                await(merge.reached);
                // It either ends or waits for the one inside, sooner or later.
                while (first.isAlive() && first.getState() != Thread.State.TIMED_WAITING) {
                    assertThat(Thread.interrupted()).as("out of time").isFalse();
                    Thread.yield();
                }
                assertThatThrownBy(() -> store.put(KEY, KEY))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("one writer");
            } finally {
                merge.release.countDown();
                first.join();
                second.join();
            }
            assertThat(answer.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("one writer");
            // the second one has done its work, and there is one writer again
            assertThat(store.get(KEY)).isEqualTo(KEY);
            assertThat(store.get(LARGE)).isNull();
            store.put(LARGE, KEY);
            assertThat(store.get(LARGE)).isEqualTo(KEY);
            for (int i = 0; i < SMALL; i++) {
                assertThat(store.get(small(i))).hasSize(1000);
            }
        }
    }

    private static byte[] small(int i) {
        return ("small" + i).getBytes(UTF_8);
    }
}
