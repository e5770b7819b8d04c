package io.forebay.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A writer that comes back from its wait for memory, and finds that another one has begun to write meanwhile. */
@Timeout(300)
class SecondWriterTest {
    private static final int BUDGET = 1 << 20;
    /** So many entries of a thousand bytes leave the memtable a little below the size at which it is flushed. */
    private static final int SMALL = 200;

    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final byte[] LARGE = "large".getBytes(UTF_8);

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private final AtomicReference<Runnable> onHelp = new AtomicReference<>(() -> {});
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

    /** Lets another writer begin when the work that a thread has helped with is done. */
    private final BackgroundExecutor executor = new BackgroundExecutor() {
        @Override
        public void execute(Kind kind, Runnable work) {
            stepped.execute(kind, work);
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            return stepped.schedule(delayNanos, work);
        }

        @Override
        public boolean help() {
            boolean helped = stepped.help();
            onHelp.getAndSet(() -> {}).run();
            return helped;
        }

        @Override
        public void close() {
            stepped.close();
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
                    StoreOptions.builder().mergeFunction(merging).build());
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
                    await(inside);
                });
                answer.set(catchThrowable(() -> store.put(LARGE, new byte[BUDGET / 10 * 9])));
            });
            first.start();
            try {
                await(inside);
                // It either ends or waits for the one inside, sooner or later.
                while (first.isAlive() && first.getState() != Thread.State.TIMED_WAITING) {
                    assertThat(Thread.interrupted()).as("out of time").isFalse();
                    Thread.yield();
                }
                assertThatThrownBy(() -> store.put(KEY, KEY))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("one writer");
            } finally {
                go.countDown();
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

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
