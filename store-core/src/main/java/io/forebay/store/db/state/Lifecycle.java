package io.forebay.store.db.state;

import io.forebay.store.StoreException;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.Failures;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The state of a store: whether it may be written and read, and how many background jobs run. Thread-safe.
 *
 * <pre>{@code
 *   OPEN             <-> INGESTING             startIngest, endIngest
 *   OPEN, INGESTING   -> READ_ONLY             fail, breakDown: writes are refused, reads go on
 *   READ_ONLY         -> OPEN or INGESTING     endRepair
 *   all but CLOSED    -> POISONED              poison: reads are refused, too; only an open helps
 *   all               -> CLOSED                close
 * }</pre>
 *
 * <p>A store is READ_ONLY from the first failure of background work until a repair has succeeded. With a failure of
 * severity {@link Severity#FATAL}, and once {@link #unwritable} is set, there is no repair. It is POISONED when its
 * memtables do not hold what was written, because an error cut a write off.
 *
 * <p>It does not repair, close or wait for work by itself: {@code BackgroundErrorHandler} and {@code StoreCloser} do, and
 * note here how far they are. {@link Refusals} has the exceptions.
 */
public final class Lifecycle {
    private static final int OPEN = 0;
    private static final int INGESTING = 1;
    private static final int READ_ONLY = 2;
    private static final int POISONED = 3;
    private static final int CLOSED = 4;

    /** Why the store takes no writes. */
    public record Failure(Throwable cause, Severity severity) {}

    private final String name;
    private final Refusals refusals;
    /** Failures without a known cause, made in advance: later there may be no memory for them. */
    private final Failure unnamed = new Failure(unnamed(), Severity.STOPPED);

    private final Failure unnamedFatal = new Failure(unnamed(), Severity.FATAL);

    /**
     * The memtables must take no more writes; only an open helps. Set without a call, because there may be no stack
     * left for a call; never reset.
     */
    // Volatile: written by any thread
    public volatile boolean unwritable;
    /** The memtables do not hold what was written. Set after {@link #unwritable}, and in the same way. */
    public volatile boolean unreadable;

    // Written under this, read without
    private volatile int mode = OPEN;
    private volatile Failure failure;

    // Guarded by this
    private boolean ingesting;
    private Opened ingest;
    private boolean repairing;
    private int runningJobs;
    /** The thread that closes the store; null while the store is not closed. */
    private Thread closer;

    // Written under this, read without
    private volatile boolean ended;

    public Lifecycle(String name) {
        this.name = name;
        refusals = new Refusals(name);
    }

    /** The exceptions by which the store refuses calls. */
    public Refusals refusals() {
        return refusals;
    }

    /** Throws unless writes are allowed. */
    public void checkWritable() {
        if (mode != OPEN || unwritable) {
            refuseWrite();
        }
    }

    /** Throws when the store is poisoned or closed. */
    public void checkReadable() {
        if (mode >= POISONED || unreadable) {
            refuseRead();
        }
    }

    /** False when the store is poisoned or closed. */
    public boolean isReadable() {
        return mode < POISONED && !unreadable;
    }

    public boolean isClosed() {
        return mode == CLOSED;
    }

    /** Throws when the store is closed, and only then. */
    public void checkOpen() {
        if (mode == CLOSED) {
            throw refusals.closed();
        }
    }

    /** True when the memtables do not hold what was written. */
    public boolean isPoisoned() {
        return mode == POISONED || unreadable;
    }

    /** The failure that has not been repaired yet; null when there is none. */
    public Failure failure() {
        Failure seen = failure;
        boolean told = !unwritable || seen != null && seen.severity == Severity.FATAL;
        return told ? seen : unnamedFatal;
    }

    /** Throws when background work has failed and was not repaired yet. */
    public void checkFailure() {
        Failure seen = failure();
        if (seen != null) {
            throw refusals.readOnly(seen);
        }
    }

    /** Throws when background work has failed, or will not be done any more because the store is closed. */
    public void checkRunning() {
        checkOpen();
        checkFailure();
    }

    /**
     * As {@link #checkRunning}, for a write that a failed log may have lost: the failure is thrown also when the store
     * was closed meanwhile.
     */
    public void checkKept() {
        checkFailure();
        checkOpen();
    }

    public boolean mayRunJobs() {
        return mode != CLOSED && failure() == null;
    }

    /**
     * Notes a failure of background work: from now on the store refuses writes. The first cause counts until the store
     * is repaired; a later failure can only raise the severity.
     *
     * @return true when the store had no failure before
     */
    public synchronized boolean fail(Throwable cause, Severity severity) {
        Failure before = failure;
        if (before == null) {
            failure = new Failure(cause, severity);
        } else if (severity.compareTo(before.severity) > 0) {
            failure = new Failure(before.cause, severity);
            Failures.suppress(before.cause, cause);
        } else if (repairing) {
            // the repair that is under way does not cover this failure: another object, so that endRepair sees that
            failure = new Failure(before.cause, before.severity);
        }
        if (mode < READ_ONLY) {
            mode = READ_ONLY;
        }
        notifyAll();
        return before == null;
    }

    private static StoreException unnamed() {
        return new StoreException("the JVM had neither memory nor stack left to note the cause");
    }

    /** As {@link #fail}, when that itself fails: allocates nothing. */
    public synchronized void failUnnamed() {
        if (failure == null) {
            failure = unnamed;
        }
        stopWriting(READ_ONLY);
    }

    private void stopWriting(int least) {
        if (mode < least) {
            mode = least;
        }
        notifyAll();
    }

    /**
     * The memtables must take no more writes; only an open helps. Reads go on. Takes effect even when there is no
     * memory to note it.
     */
    public void breakDown(Throwable cause) {
        endWriting(cause, READ_ONLY);
    }

    private synchronized void endWriting(Throwable cause, int least) {
        boolean noted = false;
        try {
            fail(cause, Severity.FATAL);
            noted = true;
        } finally {
            if (!noted) {
                failure = unnamedFatal;
            }
            stopWriting(least);
        }
    }

    /**
     * The memtables do not hold what was written, because a write was cut off over what was there before. Reads are
     * refused, too.
     */
    public void poison(Throwable cause) {
        endWriting(cause, POISONED);
    }

    /**
     * Starts an attempt to repair the store, as a job.
     *
     * @return false when there is nothing to repair, no way to repair it, or a repair is under way
     */
    public synchronized boolean beginRepair() {
        Failure seen = failure();
        if (mode == CLOSED || repairing || seen == null || seen.severity == Severity.FATAL) {
            return false;
        }
        begin();
        repairing = true;
        return true;
    }

    /**
     * Ends the attempt.
     *
     * @param seen the failure that was repaired, or null when it was not repaired
     * @return true when the store takes writes again
     */
    public synchronized boolean endRepair(Failure seen) {
        repairing = false;
        end();
        boolean repaired = seen != null && failure() == seen && mode != CLOSED;
        if (repaired) {
            failure = null;
            mode = ingesting ? INGESTING : OPEN;
        }
        notifyAll();
        return repaired;
    }

    public synchronized void startIngest(Opened opened) {
        checkWritable();
        ingest = opened;
        ingesting = true;
        mode = INGESTING;
    }

    /** The ingest that is open, if any. */
    public synchronized List<Opened> openIngest() {
        return ingesting ? List.of(ingest) : List.of();
    }

    public synchronized void endIngest() {
        ingesting = false;
        if (mode == INGESTING) {
            mode = OPEN;
        }
    }

    /** @return false when the store was closed before */
    public synchronized boolean close() {
        if (mode == CLOSED) {
            return false;
        }
        mode = CLOSED;
        closer = Thread.currentThread();
        notifyAll();
        return true;
    }

    /** Notes the end of a close: all resources are released. */
    public synchronized void ended() {
        ended = true;
        notifyAll();
    }

    /** Whether a close, an orderly one or not, has released all that it could. */
    boolean hasEnded() {
        return ended;
    }

    /** Waits until a close by another thread has released all resources. */
    public synchronized void awaitEnd() {
        if (closer != Thread.currentThread()) {
            awaitUninterruptibly(() -> ended);
        }
    }

    private void begin() {
        Callbacks.enter(
                "background work of store " + name + " (by a merge function, a compaction filter, a key provider, a"
                        + " slab allocator or a file store)",
                null);
        runningJobs++; // last: a job that could not start is not waited for
    }

    private void end() {
        runningJobs--;
        Callbacks.leave();
    }

    /**
     * Starts a background job on this thread.
     *
     * @return false when the store is closed or has failed, and the job must not run
     */
    public synchronized boolean beginJob() {
        if (!mayRunJobs()) {
            return false;
        }
        begin();
        return true;
    }

    public synchronized void endJob() {
        end();
        notifyAll();
    }

    /**
     * Waits until no job runs. An interrupt does not end the wait, because jobs still use files; its flag is set again
     * at the end.
     */
    public synchronized void awaitJobs() {
        boolean interrupted = false;
        while (runningJobs > 0) { // without an allocation
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until no attempt to repair the store is under way. */
    public synchronized void awaitRepair() {
        awaitUninterruptibly(() -> !repairing);
    }

    private void awaitUninterruptibly(BooleanSupplier done) {
        boolean interrupted = false;
        while (!done.getAsBoolean()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void refuseWrite() {
        int seen = mode;
        if (seen == CLOSED) {
            throw refusals.closed();
        }
        if (seen == INGESTING) {
            throw refusals.ingesting();
        }
        checkFailure();
        checkWritable(); // repaired at this moment: check again
    }

    private void refuseRead() {
        Failure seen = failure();
        if (mode == CLOSED || seen == null) {
            throw refusals.closed();
        }
        throw refusals.readOnly(seen);
    }
}
