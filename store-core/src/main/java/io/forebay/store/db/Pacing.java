package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.cache.SlabPool;
import java.util.concurrent.locks.LockSupport;

/**
 * Slows the writer a little for every piece its memtable grows by, the more the further flushes and compactions are
 * behind, so that it never has to stop for long. Two debts count: memory of all memtables beyond half of the budget, and
 * sorted runs beyond what compaction normally leaves.
 */
final class Pacing {
    /** The memtable growth between two looks at the debt. */
    static final int STEP_BYTES = 64 << 10;

    /** Pause for one step at full debt: 16 MB/s. */
    private static final long FULL_PAUSE_NANOS = 4_000_000;
    /** Shorter pauses are not worth a system call. */
    private static final long LEAST_PAUSE_NANOS = 50_000;

    private static final int CALM_RUNS = 16;
    private static final int FULL_RUNS = 48;

    private final SlabPool pool;
    private final BackgroundExecutor executor;
    private final Clock clock;
    private volatile int sortedRuns;

    Pacing(SlabPool pool, BackgroundExecutor executor, Clock clock) {
        this.pool = pool;
        this.executor = executor;
        this.clock = clock;
    }

    void sortedRuns(int runs) {
        sortedRuns = runs;
    }

    /** Pauses for {@code grownBytes} of new memtable memory if there is debt. @return how long, in nanoseconds */
    long pause(long grownBytes) {
        double debt = Math.min(1.0, Math.max(memoryDebt(), runDebt()));
        long pause = (long) (FULL_PAUSE_NANOS * debt * debt * grownBytes / STEP_BYTES);
        if (pause < LEAST_PAUSE_NANOS) {
            return 0;
        }
        long start = clock.nanoTime();
        if (!executor.help()) {
            LockSupport.parkNanos(Math.min(pause, FULL_PAUSE_NANOS));
        }
        return clock.nanoTime() - start;
    }

    private double memoryDebt() {
        double share = (double) pool.used(SlabPool.Use.MEMTABLE) / pool.budget();
        return (share - 0.5) / 0.25;
    }

    private double runDebt() {
        return (double) (sortedRuns - CALM_RUNS) / (FULL_RUNS - CALM_RUNS);
    }
}
