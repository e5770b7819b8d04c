package io.forebay.store.db.write;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.db.state.WriterGate;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * Slows the writers of a store down a little for each piece of growth of its memtable, and more so the less flushes and
 * compactions keep up. So writers rarely have to stop for long. A writer makes a debt inside the {@link WriterGate} and
 * pays it outside, so its pause does not block other threads.
 *
 * <pre>
 *   memory of memtables    0 %          50 %              65 %               75 %
 *                          |  no pause  |  slower and     |  as slow as      |  writers stop
 *                          |            |  slower         |  the flushes     |  and wait
 * </pre>
 *
 * <p>While memtables use less than half of the budget, writers are not slowed down. Above that, they are slowed down
 * towards the speed at which the flushes of this store give memory back; they reach that speed at about two thirds of
 * the budget. So the memory stays there, below the three quarters at which a writer must stop and wait. Write-ahead
 * logs that are longer than usual count like memory. More sorted runs than compaction normally leaves slow writers
 * down, too.
 */
public final class WriteStall {
    private static final VarHandle OWED;
    private static final VarHandle STALL;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            OWED = lookup.findVarHandle(WriteStall.class, "owedBytes", long.class);
            STALL = lookup.findVarHandle(WriteStall.class, "stallNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final double FREE_SHARE = 0.5;
    private static final double TARGET_SHARE = 0.65;
    /** A log is frozen at half of the limit; what is above waits for a flush. */
    private static final double FREE_LOGS = 0.6;

    private static final double FULL_LOGS = 0.9;
    private static final double MAX_WEIGHT = 1.5;
    /** A first guess at the speed of a flush: 100 MB/s. */
    private static final double FIRST_NANOS_PER_BYTE = 10;
    /** Weight of the newest flush in the running mean. */
    private static final double NEWEST = 0.3;

    private static final int CALM_RUNS = 16;
    private static final int FULL_RUNS = 48;
    /** The pause at {@link #FULL_RUNS} sorted runs: 16 MB/s. */
    private static final double FULL_RUNS_NANOS_PER_BYTE = 60;

    /** Shorter pauses are not worth a system call. */
    private static final long LEAST_PAUSE_NANOS = 50_000;

    private static final long LONGEST_PAUSE_NANOS = 10_000_000;

    private final SlabPool pool;
    private final BackgroundExecutor executor;
    private final Clock clock;
    // Written under Installer, read without
    private volatile int sortedRuns;
    // Volatile: written by one flush at a time
    private volatile double flushNanosPerByte = FIRST_NANOS_PER_BYTE;
    /** The end of the last pause, or the start of a payment without a pause. */
    // Racy: writers of a store with a log may pause once too long or too short
    private volatile long lastNanos;

    /** Bytes that writers have added to memory and logs and have not paid for yet. */
    // Atomic operations only
    @SuppressWarnings("unused") // through OWED
    private long owedBytes;

    /** The time that writers had to wait. */
    // Atomic operations only
    @SuppressWarnings("unused") // through STALL
    private long stallNanos;

    public WriteStall(SlabPool pool, BackgroundExecutor executor, Clock clock) {
        this.pool = pool;
        this.executor = executor;
        this.clock = clock;
        lastNanos = clock.nanoTime();
    }

    /** Called after every change of the version. */
    public void sortedRuns(int runs) {
        sortedRuns = runs;
    }

    /**
     * Called after every flush, by one thread at a time.
     *
     * @param bytes memory that the flush gives back
     * @param nanos how long the flush took
     */
    public void flushed(long bytes, long nanos) {
        if (bytes > 0) {
            flushNanosPerByte += NEWEST * ((double) nanos / bytes - flushNanosPerByte);
        }
    }

    /** Adds to the debt: so many bytes of new memtable memory or log. */
    void owe(long bytes) {
        OWED.getAndAdd(this, bytes);
    }

    boolean isOwing() {
        return (long) OWED.getOpaque(this) > 0;
    }

    /**
     * Outside the gate: pauses the writer for all that is owed, if flushes or compactions do not keep up.
     *
     * @param logs bytes of write-ahead log as a share of the most that they should have; 0 without a log
     * @param flushing whether a flush of the same store is to come: a stepped executor may do it now
     */
    void pay(double logs, boolean flushing) {
        add(pause((long) OWED.getAndSet(this, 0L), logs, flushing));
    }

    /** Counts time that a writer has waited. */
    void add(long nanos) {
        STALL.getAndAdd(this, nanos);
    }

    public long stallNanos() {
        return (long) STALL.getVolatile(this);
    }

    private long pause(long grownBytes, double logs, boolean flushing) {
        double memory = (double) pool.flushableBytes() / pool.capacity();
        double weight = Math.min(MAX_WEIGHT, (memory - FREE_SHARE) / (TARGET_SHARE - FREE_SHARE));
        double logWeight = Math.min(MAX_WEIGHT, (logs - FREE_LOGS) / (FULL_LOGS - FREE_LOGS));
        double runs = Math.min(1, (double) (sortedRuns - CALM_RUNS) / (FULL_RUNS - CALM_RUNS));
        if (weight <= 0 && logWeight <= 0 && runs <= 0) {
            return 0;
        }
        // a small memtable that is overwritten all the time has a large log, and its flush takes almost no time
        double flush = Math.max(
                Math.max(0, weight) * flushNanosPerByte,
                Math.max(0, logWeight) * Math.max(FIRST_NANOS_PER_BYTE, flushNanosPerByte));
        double perByte = flush + (runs <= 0 ? 0 : runs * runs * FULL_RUNS_NANOS_PER_BYTE);
        long start = clock.nanoTime();
        // the time that the writer itself took since the last pause counts
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
