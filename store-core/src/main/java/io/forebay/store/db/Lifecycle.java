package io.forebay.store.db;

import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.util.Callbacks;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Whether a store may be written, read, or nothing any more, and which of its background jobs are running now. Open,
 * read-only from the first failure of background work until it is repaired, closed. Thread-safe.
 */
final class Lifecycle {
    private static final int OPEN = 0;
    private static final int INGESTING = 1;
    private static final int READ_ONLY = 2;
    private static final int TORN = 3;
    private static final int CLOSED = 4;

    /** Why the store takes no writes. */
    record Failure(Throwable cause, Severity severity) {}

    private final String name;
    // Made before there is no memory for them.
    private final Failure unnamed = new Failure(unnamed(), Severity.STOPPED);
    private final Failure unnamedFatal = new Failure(unnamed(), Severity.FATAL);
    // Set without a call, because there may be no stack left for one; never reset.
    /** What is in memory cannot be written on; only an open helps. */
    volatile boolean unwritable;
    /** What is in memory is not what was written. Set after {@link #unwritable}. */
    volatile boolean unreadable;

    private volatile int mode = OPEN;
    private volatile Failure failure;
    private boolean ingesting;
    private Opened ingest;
    private boolean recovering;
    private int runningJobs;
    /** Who closes the store, once somebody does. */
    private Thread closer;

    private volatile boolean ended;

    Lifecycle(String name) {
        this.name = name;
    }

    /** Throws unless writes are allowed. */
    void checkWritable() {
        if (mode != OPEN || unwritable) {
            refuseWrite();
        }
    }

    /** Throws after close. */
    void checkReadable() {
        if (mode >= TORN || unreadable) {
            refuseRead();
        }
    }

    /** False after close. */
    boolean isReadable() {
        return mode < TORN && !unreadable;
    }

    boolean isClosed() {
        return mode == CLOSED;
    }

    /** Throws after close, and only then. */
    void checkOpen() {
        if (mode == CLOSED) {
            throw closed();
        }
    }

    /** True when what the memtables hold is not what was written. */
    boolean isTorn() {
        return mode == TORN || unreadable;
    }

    /** Null while all background work goes well. */
    Failure failure() {
        Failure seen = failure;
        boolean told = !unwritable || seen != null && seen.severity == Severity.FATAL;
        return told ? seen : unnamedFatal;
    }

    /** Throws when background work has failed and was not repaired yet. */
    void checkFailure() {
        Failure seen = failure();
        if (seen != null) {
            throw readOnly(seen);
        }
    }

    /** Throws when background work has failed, or will not be done any more because the store is closed. */
    void checkRunning() {
        checkOpen();
        checkFailure();
    }

    /** As {@link #checkRunning}, of what a log may have lost: the failure is told also when the store was closed meanwhile. */
    void checkKept() {
        checkFailure();
        checkOpen();
    }

    boolean mayRunJobs() {
        return mode != CLOSED && failure() == null;
    }

    /**
     * Records a failure of background work: from now on the store refuses writes. The first cause counts until the store is
     * repaired; a later one can only make it graver.
     *
     * @return true when the store was healthy before
     */
    synchronized boolean fail(Throwable cause, Severity severity) {
        Failure before = failure;
        if (before == null) {
            failure = new Failure(cause, severity);
        } else if (severity.compareTo(before.severity) > 0) {
            if (before.cause != cause) {
                before.cause.addSuppressed(cause);
            }
            failure = new Failure(before.cause, severity);
        } else if (recovering) {
            // what is being repaired is not all there is to repair
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
    synchronized void failUnnamed() {
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

    /** What is in memory cannot be written on: only an open helps. Reads go on. Holds even when there is no memory to note it. */
    void breakDown(Throwable cause) {
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

    /** A batch was applied in part, over what was there before: not even reads make sense any more. */
    void tear(Throwable cause) {
        endWriting(cause, TORN);
    }

    /** Begins an attempt to repair the store, as a job; false when there is nothing to repair, or no way to. */
    synchronized boolean beginRecovery() {
        Failure seen = failure();
        if (mode == CLOSED || recovering || seen == null || seen.severity == Severity.FATAL) {
            return false;
        }
        begin();
        recovering = true;
        return true;
    }

    /**
     * Ends it.
     *
     * @param seen the failure that was repaired, or null when it was not
     * @return true when the store takes writes again
     */
    synchronized boolean endRecovery(Failure seen) {
        recovering = false;
        end();
        boolean repaired = seen != null && failure() == seen && mode != CLOSED;
        if (repaired) {
            failure = null;
            mode = ingesting ? INGESTING : OPEN;
        }
        notifyAll();
        return repaired;
    }

    synchronized void startIngest(Opened opened) {
        checkWritable();
        ingest = opened;
        ingesting = true;
        mode = INGESTING;
    }

    /** The ingest that is open, if any. */
    synchronized List<Opened> openIngest() {
        return ingesting ? List.of(ingest) : List.of();
    }

    synchronized void endIngest() {
        ingesting = false;
        if (mode == INGESTING) {
            mode = OPEN;
        }
    }

    /** @return false when it was closed before */
    synchronized boolean close() {
        if (mode == CLOSED) {
            return false;
        }
        mode = CLOSED;
        closer = Thread.currentThread();
        notifyAll();
        return true;
    }

    /** The last thing of a close: everything is let go. */
    synchronized void ended() {
        ended = true;
        notifyAll();
    }

    /** Whether a close, an orderly one or not, has let go of all that it could. */
    boolean hasEnded() {
        return ended;
    }

    /** Waits until a close by another thread has let go of everything. */
    synchronized void awaitEnd() {
        if (closer != Thread.currentThread()) {
            awaitUninterruptibly(() -> ended);
        }
    }

    private void begin() {
        Callbacks.enter(
                "background work of store " + name + " (by a merge function, a compaction filter, a key provider, a"
                        + " slab allocator or a file store)",
                null);
        runningJobs++; // last: what could not begin is not waited for
    }

    private void end() {
        runningJobs--;
        Callbacks.leave();
    }

    /** Begins a background job on this thread; false when the store is closed or has failed and the job must not run. */
    synchronized boolean beginJob() {
        if (!mayRunJobs()) {
            return false;
        }
        begin();
        return true;
    }

    synchronized void endJob() {
        end();
        notifyAll();
    }

    /** Waits until no job runs. An interrupt is kept for the caller, it does not end the wait: files would be pulled away. */
    synchronized void awaitJobs() {
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
    synchronized void awaitRecovery() {
        awaitUninterruptibly(() -> !recovering);
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

    StoreException readOnly(Failure seen) {
        String remedy = switch (seen.severity) {
            case TRANSIENT ->
                ". It tries again by itself as soon as the cause is removed, or at once with Store.resume(). Or"
                        + " close it and open it again: then it is at its last durable commit.";
            case STOPPED ->
                ". Remove the cause and call Store.resume(), or close the store and open it again: then it is at"
                        + " its last durable commit.";
            case FATAL -> ". Close it, remove the cause and open it again: then it is at its last durable commit.";
        };
        return new ReadOnlyStoreException(
                "Store " + name + " is read-only because background work failed: " + seen.cause.getMessage() + remedy,
                seen.cause);
    }

    StoreClosedException closed() {
        return new StoreClosedException("Store " + name + " is closed");
    }

    /** For a close that another thread has cut off. */
    StoreClosedException discarded(Throwable cause) {
        StoreClosedException closed = new StoreClosedException(
                "Store " + name + " was discarded while it was being closed; its last commit may not be durable");
        closed.initCause(cause);
        return closed;
    }

    private void refuseWrite() {
        int seen = mode;
        if (seen == CLOSED) {
            throw closed();
        }
        if (seen == INGESTING) {
            throw new IllegalStateException(
                    "Store " + name + " has an open ingest; finish or close it before other writes");
        }
        checkFailure();
        checkWritable(); // it was repaired in this moment
    }

    private void refuseRead() {
        Failure seen = failure();
        if (mode == CLOSED || seen == null) {
            throw closed();
        }
        throw readOnly(seen);
    }
}
