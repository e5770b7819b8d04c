package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.cache.SlabPool;
import java.util.concurrent.locks.LockSupport;

/**
 * Slows the writer a little for every piece its memtable grows by, the more the further flushes and compactions are
 * behind, so that it never has to stop for long.
 *
 * <p>While memtables use less than half of the budget a writer runs free. Above, it is slowed down towards the speed at
 * which this store's flushes give memory back, which it reaches at about two thirds; so the memory settles there, below the
 * three quarters at which a writer must stop and wait. Write-ahead logs beyond what is usual count like memory.
 * Sorted runs beyond what compaction normally leaves slow it down, too.
 */
final class Pacing {
    /** The memtable growth between two looks at the debt. */
    static final int STEP_BYTES = 64 << 10;

    private static final double FREE_SHARE = 0.5;
    private static final double SETTLED_SHARE = 0.65;
    /** A log is left at half; what is above waits for a flush. */
    private static final double FREE_LOGS = 0.6;

    private static final double FULL_LOGS = 0.9;
    private static final double MAX_WEIGHT = 1.5;
    /** A first guess at what a flush takes: 100 MB/s. */
    private static final double FIRST_NANOS_PER_BYTE = 10;
    /** Weight of the newest flush in the running mean. */
    private static final double NEWEST = 0.3;

    private static final int CALM_RUNS = 16;
    private static final int FULL_RUNS = 48;
    /** At {@link #FULL_RUNS}: 16 MB/s. */
    private static final double FULL_RUNS_NANOS_PER_BYTE = 60;

    /** Shorter pauses are not worth a system call. */
    private static final long LEAST_PAUSE_NANOS = 50_000;

    private static final long LONGEST_PAUSE_NANOS = 10_000_000;

    private final SlabPool pool;
    private final BackgroundExecutor executor;
    private final Clock clock;
    private volatile int sortedRuns;
    private volatile double flushNanosPerByte = FIRST_NANOS_PER_BYTE;
    /** By the writer; several of them may differ over it a little. */
    private volatile long lastNanos;

    Pacing(SlabPool pool, BackgroundExecutor executor, Clock clock) {
        this.pool = pool;
        this.executor = executor;
        this.clock = clock;
        lastNanos = clock.nanoTime();
    }

    /** Told after every change of the version. */
    void sortedRuns(int runs) {
        sortedRuns = runs;
    }

    /** Told after every flush, by one thread at a time: how much memory it gives back, and how long it took. */
    void flushed(long bytes, long nanos) {
        if (bytes > 0) {
            flushNanosPerByte += NEWEST * ((double) nanos / bytes - flushNanosPerByte);
        }
    }

    /**
     * Pauses the writer for {@code grownBytes} of new memtable memory if there is debt.
     *
     * @param logs bytes of write-ahead log as a share of what they should be at most; 0 without a log
     * @param flushing whether a flush of the same store is to come: a stepped executor may as well do it now
     * @return how long, in nanoseconds
     */
    long pause(long grownBytes, double logs, boolean flushing) {
        double memory = (double) pool.used(SlabPool.Use.MEMTABLE) / pool.capacity();
        double weight = Math.min(MAX_WEIGHT, (memory - FREE_SHARE) / (SETTLED_SHARE - FREE_SHARE));
        double logWeight = Math.min(MAX_WEIGHT, (logs - FREE_LOGS) / (FULL_LOGS - FREE_LOGS));
        double runs = Math.min(1, (double) (sortedRuns - CALM_RUNS) / (FULL_RUNS - CALM_RUNS));
        if (weight <= 0 && logWeight <= 0 && runs <= 0) {
            return 0;
        }
        // a small memtable that is overwritten all the time is flushed in no time, and has a large log
        double flush = Math.max(
                Math.max(0, weight) * flushNanosPerByte,
                Math.max(0, logWeight) * Math.max(FIRST_NANOS_PER_BYTE, flushNanosPerByte));
        double perByte = flush + (runs <= 0 ? 0 : runs * runs * FULL_RUNS_NANOS_PER_BYTE);
        long start = clock.nanoTime();
        // what the writer took by itself counts
        long pause = Math.min(LONGEST_PAUSE_NANOS, (long) (perByte * grownBytes) - (start - lastNanos));
        lastNanos = start;
        if (pause < LEAST_PAUSE_NANOS) {
            return 0;
        }
        if (!flushing || !executor.help()) {
            LockSupport.parkNanos(pause);
        }
        lastNanos = clock.nanoTime();
        return lastNanos - start;
    }
}
