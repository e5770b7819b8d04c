package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.StoreClosedException;
import io.forebay.store.util.Callbacks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a store back that stopped taking writes: does the work that failed once more, with new files, in ever longer
 * intervals by itself, or when it is asked to. Frozen memtables were kept, and a commit that was to become durable does as
 * soon as it works. Any thread.
 */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    private static final long TELL_AGAIN_NANOS = 10_000_000;

    /** What has to succeed before the store takes writes again. */
    interface Work {
        void run() throws Exception;
    }

    private final StoreContext store;
    private final BackgroundExecutor executor;
    private final Checkpoints checkpoints;
    private final Work work;
    private final Runnable onResumed;
    private final Backoff backoff = new Backoff();
    private final Runnable tellAgain = this::tellAgain; // made before there is no memory for it
    /** Whether checkpoints that wait have not heard of a failure yet. */
    private volatile boolean untold;

    /** Guarded by this. */
    private Runnable cancel;

    /**
     * @param work all that waits for the disk
     * @param onResumed starts what was left undone meanwhile
     */
    Recovery(StoreContext store, Checkpoints checkpoints, Work work, Runnable onResumed) {
        this.store = store;
        this.checkpoints = checkpoints;
        this.work = work;
        this.onResumed = onResumed;
        executor = store.shared.executor();
    }

    /** Background work has failed: the store takes no writes, and nobody who waits for files will get them now. */
    void failed(Throwable cause) {
        boolean noted = false;
        try {
            note(cause);
            noted = true;
        } catch (RuntimeException | Error e) {
            LOG.error("The failure of background work of store {} could not be noted", store.options.name(), e);
        } finally {
            if (!noted) {
                store.lifecycle.failUnnamed();
            }
            store.progress.signal();
            tellLater();
        }
    }

    /** Checkpoints wait for files that will not come. Without memory for telling them it is tried again. */
    private void tellWaiting() {
        untold = true;
        Lifecycle.Failure failure = store.lifecycle.failure();
        if (failure != null) {
            checkpoints.fail(store.lifecycle.readOnly(failure));
        }
        untold = false;
    }

    private void tellAgain() {
        try {
            tellWaiting();
        } finally {
            tellLater();
        }
    }

    private void tellLater() {
        if (untold && !store.lifecycle.isClosed()) { // a close tells them
            executor.schedule(TELL_AGAIN_NANOS, tellAgain);
        }
    }

    private void note(Throwable cause) {
        untold = true;
        Severity severity = Severity.of(cause);
        store.counters.failures.incrementAndGet();
        boolean first = store.lifecycle.fail(cause, severity);
        if (first) {
            backoff.reset();
            report(cause, severity);
        }
        tellWaiting();
        if (first && severity == Severity.TRANSIENT) {
            tryLater();
        }
    }

    /** Tries at once. Throws the reason why the store still takes no writes. */
    void resume() {
        Callbacks.checkNone("resume()");
        store.lifecycle.checkReadable();
        if (!attempt()) {
            store.lifecycle.awaitRecovery();
        }
        store.lifecycle.checkRunning();
    }

    /** No further attempt begins by itself. */
    synchronized void close() {
        if (cancel != null) {
            cancel.run();
            cancel = null;
        }
    }

    private synchronized void tryLater() {
        if (store.lifecycle.isClosed()) {
            return;
        }
        if (cancel != null) {
            cancel.run();
        }
        cancel = executor.schedule(backoff.next(), () -> executor.execute(Kind.FLUSH, this::attempt));
    }

    /** @return false when there was nothing to do, or another thread does it */
    private boolean attempt() {
        if (!store.lifecycle.beginRecovery()) {
            return false;
        }
        store.counters.retries.incrementAndGet();
        Lifecycle.Failure failure = store.lifecycle.failure();
        boolean worked = false;
        boolean repaired = false;
        try {
            work.run();
            worked = true;
        } catch (Throwable e) {
            if (!isGivenUp(e)) {
                failedAgain(e);
            }
        } finally {
            repaired = store.lifecycle.endRecovery(worked ? failure : null);
        }
        if (worked && !repaired) {
            anotherFailed();
        }
        if (repaired) {
            store.counters.resumes.incrementAndGet();
            LOG.info("Store {} takes writes again", store.options.name());
            onResumed.run();
        }
        store.progress.signal();
        return true;
    }

    /** What the end of the store has cut off is no failure: a close does itself what is left to do. */
    private boolean isGivenUp(Throwable cause) {
        return store.discarded.isCancelled() || cause instanceof StoreClosedException && store.lifecycle.isClosed();
    }

    /** Something else failed while this was repaired. */
    private void anotherFailed() {
        Lifecycle.Failure failure = store.lifecycle.failure();
        if (failure != null && failure.severity() == Severity.TRANSIENT) {
            tryLater();
        }
    }

    private void failedAgain(Throwable cause) {
        Severity severity = Severity.of(cause);
        store.counters.failures.incrementAndGet();
        store.lifecycle.fail(cause, severity);
        Lifecycle.Failure failure = store.lifecycle.failure();
        LOG.debug("Another attempt to make store {} writable failed", store.options.name(), cause);
        if (failure.severity() == Severity.TRANSIENT) {
            tryLater();
        } else if (severity == failure.severity()) {
            report(cause, severity);
        }
    }

    private void report(Throwable cause, Severity severity) {
        String then = switch (severity) {
            case TRANSIENT -> "It tries again by itself until it succeeds";
            case STOPPED -> "Store.resume() tries again";
            case FATAL -> "It must be closed and opened again";
        };
        LOG.error(
                "Background work of store {} failed, so it takes no writes for now; reads go on. {}.",
                store.options.name(),
                then,
                cause);
    }
}
