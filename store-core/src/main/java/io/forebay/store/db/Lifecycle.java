package io.forebay.store.db;

import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;

/**
 * Whether a store may be written, read, or nothing any more, and which of its background jobs are running now.
 *
 * <p>It only ever moves forward: open, read-only after the first failure of background work, closed. Thread-safe.
 */
final class Lifecycle {
    private static final int OPEN = 0;
    private static final int INGESTING = 1;
    private static final int READ_ONLY = 2;
    private static final int TORN = 3;
    private static final int CLOSED = 4;

    private final String name;
    private volatile int mode = OPEN;
    private volatile Throwable failure;
    private int runningJobs;

    Lifecycle(String name) {
        this.name = name;
    }

    /** Throws unless writes are allowed. */
    void checkWritable() {
        if (mode != OPEN) {
            refuseWrite();
        }
    }

    /** Throws after close. */
    void checkReadable() {
        if (mode >= TORN) {
            refuseRead();
        }
    }

    boolean isClosed() {
        return mode == CLOSED;
    }

    /** Null while all background work went well. */
    Throwable failure() {
        return failure;
    }

    /** Throws the first failure of background work, if there was one. */
    void checkFailure() {
        if (failure != null) {
            throw readOnly();
        }
    }

    /** Throws when background work has failed, or will not be done any more because the store is closed. */
    void checkRunning() {
        if (mode == CLOSED) {
            throw closed();
        }
        checkFailure();
    }

    boolean mayRunJobs() {
        return mode != CLOSED && failure == null;
    }

    /** Records a failure of background work: from now on the store refuses writes. The first one counts. */
    synchronized void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        } else if (failure != cause) {
            failure.addSuppressed(cause);
        }
        if (mode < READ_ONLY) {
            mode = READ_ONLY;
        }
        notifyAll();
    }

    /** A batch could be applied only in part because background work failed: not even reads make sense any more. */
    synchronized void tear() {
        if (mode < TORN) {
            mode = TORN;
        }
    }

    synchronized void startIngest() {
        checkWritable();
        mode = INGESTING;
    }

    synchronized void endIngest() {
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
        notifyAll();
        return true;
    }

    /** Begins a background job; false when the store is closed or has failed and the job must not run. */
    synchronized boolean beginJob() {
        if (!mayRunJobs()) {
            return false;
        }
        runningJobs++;
        return true;
    }

    synchronized void endJob() {
        runningJobs--;
        notifyAll();
    }

    /** Waits until no job runs. An interrupt is kept for the caller, it does not end the wait: files would be pulled away. */
    synchronized void awaitJobs() {
        boolean interrupted = false;
        while (runningJobs > 0) {
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

    StoreException readOnly() {
        return new ReadOnlyStoreException(
                "Store " + name + " is read-only because background work failed: " + failure.getMessage()
                        + ". Close it, remove the cause and open it again; it returns to its last durable commit.",
                failure);
    }

    StoreClosedException closed() {
        return new StoreClosedException("Store " + name + " is closed");
    }

    private void refuseWrite() {
        switch (mode) {
            case CLOSED -> throw closed();
            case INGESTING ->
                throw new IllegalStateException(
                        "Store " + name + " has an open ingest; finish or close it before other writes");
            default -> throw readOnly();
        }
    }

    private void refuseRead() {
        if (mode == CLOSED) {
            throw closed();
        }
        throw readOnly();
    }
}
