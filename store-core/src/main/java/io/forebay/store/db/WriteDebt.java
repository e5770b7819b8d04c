package io.forebay.store.db;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What the writers of a store have added to memory and logs and not paid for yet, and the time that they were held up. A
 * debt is made inside the gate and paid outside of it, so that a pause keeps nobody out. Any thread.
 */
final class WriteDebt {
    private static final VarHandle OWED;
    private static final VarHandle STALL;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            OWED = lookup.findVarHandle(WriteDebt.class, "owedBytes", long.class);
            STALL = lookup.findVarHandle(WriteDebt.class, "stallNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Pacing pacing;

    @SuppressWarnings("unused") // through OWED
    private long owedBytes;

    @SuppressWarnings("unused") // through STALL
    private long stallNanos;

    WriteDebt(Pacing pacing) {
        this.pacing = pacing;
    }

    void add(long bytes) {
        OWED.getAndAdd(this, bytes);
    }

    boolean isOwed() {
        return (long) OWED.getOpaque(this) > 0;
    }

    /**
     * Pauses for all that is owed, if flushes or compactions are behind.
     *
     * @param logs bytes of write-ahead log as a share of what they should be at most; 0 without a log
     * @param flushing whether a flush of the store is to come
     */
    void pay(double logs, boolean flushing) {
        addStall(pacing.pause((long) OWED.getAndSet(this, 0L), logs, flushing));
    }

    void addStall(long nanos) {
        STALL.getAndAdd(this, nanos);
    }

    long stallNanos() {
        return (long) STALL.getVolatile(this);
    }
}
