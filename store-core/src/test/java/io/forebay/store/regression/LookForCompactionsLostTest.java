package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/**
 * A flush that ended while both compaction jobs had found nothing to do, and had not ended yet, started no job: what it made due
 * waited for the next flush.
 */
class LookForCompactionsLostTest {
    private static final int ROUNDS = 12;

    /** What runs while a job looks for work; then the alarm that the job wants to set is refused. */
    private final Deque<Runnable> duringLooks = new ArrayDeque<>();

    /** What the last alarm would have done: look for work. */
    private Runnable look;

    private int key;

    /** Each round is three flushes, the last one within the looks that follow from the others. */
    @Test
    void aFlushWhileBothJobsEndMakesCompactionsRun() {
        SteppedExecutor stepped = new SteppedExecutor(new ManualClock());
        try (Environment environment = environment(stepped);
                Store store = environment.open(new CrashFileStore(), options())) {
            for (int round = 0; round < ROUNDS; round++) {
                flush(store, stepped);
                flush(store, stepped);
                duringLooks.add(stepped::step); // the other job
                duringLooks.add(() -> flush(store, stepped));
                stepped.drain();
                assertThat(duringLooks).isEmpty();
                long compactions = store.statistics().compactions();
                look.run();
                stepped.drain();
                assertThat(store.statistics().compactions())
                        .as("round %d", round)
                        .isEqualTo(compactions);
            }
            assertThat(store.statistics().compactions()).isPositive();
        }
    }

    private Environment environment(SteppedExecutor stepped) {
        return Environment.builder()
                .memoryBytes(8 << 20)
                .executor(new ForwardingExecutor(stepped) {
                    @Override
                    public Runnable schedule(long delayNanos, Runnable work) {
                        Runnable meanwhile = duringLooks.poll();
                        if (meanwhile != null) {
                            meanwhile.run();
                        }
                        look = work;
                        throw new RejectedExecutionException("no alarm");
                    }
                })
                .build();
    }

    /** With a filter each job that finds nothing sets an alarm for old files. */
    private static StoreOptions options() {
        return StoreOptions.builder()
                .name("test")
                .commitInterval(Duration.ZERO)
                .compactionFilter((key, keyLength, value, valueLength) -> false)
                .build();
    }

    /** Does not wait, because jobs may not. */
    private void flush(Store store, SteppedExecutor stepped) {
        store.put(ByteBuffer.allocate(4).putInt(key++ % 10).array(), new byte[100]);
        store.commit(new byte[0]);
        long before = store.statistics().flushes();
        stepped.step();
        assertThat(store.statistics().flushes()).isEqualTo(before + 1);
    }
}
