package io.forebay.store.db.background;

import io.forebay.store.Clock;
import io.forebay.store.db.state.Counters;
import io.forebay.store.db.state.StoreContext;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongConsumer;

/**
 * Spreads merges over the time until there is more to merge, so that they take a part of a processor and of the disk for a while
 * instead of all of it at once, and what runs beside them stays as fast as it was.
 *
 * <pre>
 *   time for one merge  =  a quarter of the time between two flushes of the store,
 *                          divided by one more than the jobs of all stores that wait for a thread,
 *                          less from 8 sorted runs on, none from 14 on: writers are slowed from 16 on
 * </pre>
 *
 * A merge pauses each time that it is ahead of this, and at most seven times as long as it has worked: it never has less than an
 * eighth of its thread. It does not pause before the time between two flushes is known, while a thread of the user waits for it or
 * for memory, and where flushes may need its thread. Thread-safe.
 */
public final class MergePace {
    /** Of the time between two flushes: each flush may make several merges due, one after the other. */
    private static final double SHARE = 0.25;

    private static final int CALM_RUNS = 8;
    private static final int FULL_RUNS = 14;
    private static final int MOST_PAUSE_PER_WORK = 7;
    /** Shorter pauses are not worth a system call. */
    private static final long LEAST_PAUSE_NANOS = 50_000;
    /** So long may a close wait for a merge that pauses. */
    private static final long LONGEST_PAUSE_NANOS = 10_000_000;
    /** Weight of the newest time between two flushes, when it is longer than before. A shorter one counts at once. */
    private static final double NEWEST = 0.3;

    private final Clock clock;
    private final boolean mayPause;
    private final IntSupplier sortedRuns;
    private final IntSupplier waiting;
    private final BooleanSupplier needed;
    private final LongConsumer sleeper;
    /** Threads of the user that wait for merges. */
    private final AtomicInteger hurried = new AtomicInteger();
    /** The end of the last flush. */
    // Guarded by FlushScheduler
    private long lastFlush;
    /** Whether there was one. */
    // Guarded by FlushScheduler
    private boolean hasFlushed;

    /** The time between two flushes; 0 before the second one. */
    // Volatile: written by one flush at a time
    private volatile double flushInterval;

    public MergePace(StoreContext store) {
        this(
                store.shared.clock(),
                store.shared.mayPause(),
                store.states::sortedRuns,
                store.shared.compactions()::waiting,
                store.shared.arbiter()::isAwaited,
                nanos -> pause(store.counters, nanos));
    }

    /**
     * @param sortedRuns of the store
     * @param waiting jobs of all stores that wait for a thread
     * @param needed whether a writer waits for memory, which a merge may have to read ahead
     * @param sleeper waits for so many nanoseconds
     */
    MergePace(
            Clock clock,
            boolean mayPause,
            IntSupplier sortedRuns,
            IntSupplier waiting,
            BooleanSupplier needed,
            LongConsumer sleeper) {
        this.clock = clock;
        this.mayPause = mayPause;
        this.sortedRuns = sortedRuns;
        this.waiting = waiting;
        this.needed = needed;
        this.sleeper = sleeper;
    }

    private static void pause(Counters counters, long nanos) {
        counters.compactionPauseNanos.addAndGet(nanos);
        LockSupport.parkNanos(nanos);
    }

    /** Called after every flush, by one thread at a time. */
    void flushed() {
        long now = clock.nanoTime();
        double known = flushInterval;
        if (hasFlushed) {
            double newest = now - lastFlush;
            flushInterval = known == 0 ? newest : Math.min(newest, known + NEWEST * (newest - known));
        }
        lastFlush = now;
        hasFlushed = true;
    }

    /** Until {@link #calm}, merges do not pause: a thread waits for them. */
    public void hurry() {
        hurried.incrementAndGet();
    }

    public void calm() {
        hurried.decrementAndGet();
    }

    /**
     * A merge begins.
     *
     * @return is told the bytes that the merge has written so far, and pauses; used by one thread
     */
    LongConsumer begin(long inputBytes) {
        return mayPause ? new Merge(inputBytes) : written -> {};
    }

    private double nanosForOneMerge() {
        if (hurried.get() > 0 || needed.getAsBoolean()) {
            return 0;
        }
        double left = (double) (FULL_RUNS - sortedRuns.getAsInt()) / (FULL_RUNS - CALM_RUNS);
        return flushInterval * SHARE * Math.max(0, Math.min(1, left)) / (1 + waiting.getAsInt());
    }

    private final class Merge implements LongConsumer {
        private final double inputBytes;
        private final long begun = clock.nanoTime();
        /** The end of the last pause. */
        private long resumed = begun;

        Merge(long inputBytes) {
            this.inputBytes = Math.max(1, inputBytes);
        }

        @Override
        public void accept(long written) {
            long now = clock.nanoTime();
            long ahead = begun + (long) (nanosForOneMerge() * Math.min(1, written / inputBytes)) - now;
            long pause = Math.min(ahead, Math.min(LONGEST_PAUSE_NANOS, MOST_PAUSE_PER_WORK * (now - resumed)));
            if (pause >= LEAST_PAUSE_NANOS) {
                sleeper.accept(pause);
                resumed = clock.nanoTime();
            }
        }
    }
}
