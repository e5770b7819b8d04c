package io.forebay.store.db.background;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.StoreClosedException;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.Severity;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.util.Callbacks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repairs a store that has stopped taking writes: repeats the work that failed, with new files. It does so by itself,
 * at longer and longer intervals, or when {@link #resume} is called. Immutable memtables were kept, and a commit that
 * was to become durable becomes so when the repair succeeds. Any thread.
 *
 * <pre>
 *   failed(cause)   the severity (Severity.of); the lifecycle becomes read-only; waiting threads and checkpoints are told
 *                     TRANSIENT   a repair is scheduled (Backoff)
 *                     STOPPED     only resume() repairs
 *                     FATAL       no repair
 *   attempt()       Lifecycle.beginRepair, the work, Lifecycle.endRepair
 *                     success     writes are taken again, onResumed runs
 *                     failure     the next repair is scheduled, if the severity allows
 * </pre>
 *
 * <p>It does not decide what a repair does: that is the {@link Work}.
 */
public final class BackgroundErrorHandler {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundErrorHandler.class);

    private static final long TELL_AGAIN_NANOS = 10_000_000;

    /** The work that has to succeed before the store takes writes again. */
    public interface Work {
        void run() throws Exception;
    }

    private final StoreContext store;
    private final BackgroundExecutor executor;
    private final Checkpoints checkpoints;
    private final Work work;
    private final Runnable onResumed;
    private final Backoff backoff = new Backoff();
    private final Runnable tellAgain = this::tellAgain; // made in advance: later there may be no memory for it
    /** Whether there may be waiting checkpoints that were not told of a failure yet. */
    // Volatile: written by any thread
    private volatile boolean untold;

    // Guarded by this
    private Runnable cancel;

    /**
     * @param work all work that waits for the disk
     * @param onResumed starts the work that was left undone meanwhile
     */
    public BackgroundErrorHandler(StoreContext store, Checkpoints checkpoints, Work work, Runnable onResumed) {
        this.store = store;
        this.checkpoints = checkpoints;
        this.work = work;
        this.onResumed = onResumed;
        executor = store.shared.executor();
    }

    /** Background work has failed: from now on the store takes no writes, and threads that wait for files are told. */
    public void failed(Throwable cause) {
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

    /**
     * Tells checkpoints that the files that they wait for will not come. If there is no memory for that, it is tried
     * again.
     */
    private void tellWaiting() {
        untold = true;
        Lifecycle.Failure failure = store.lifecycle.failure();
        if (failure != null) {
            checkpoints.fail(store.lifecycle.refusals().readOnly(failure));
        }
        untold = false;
    }

    private void tellAgain() {
        try {
            tellWaiting();
        } catch (RuntimeException | Error e) { // the executor would not expect it
            LOG.debug(
                    "Checkpoints of store {} could not be told of its failure; it is tried again",
                    store.options.name(),
                    e);
        } finally {
            tellLater();
        }
    }

    private void tellLater() {
        if (!untold || store.lifecycle.isClosed()) { // a close tells the checkpoints itself
            return;
        }
        try {
            executor.schedule(TELL_AGAIN_NANOS, tellAgain);
        } catch (RuntimeException | Error e) {
            LOG.error(
                    "The executor refused an alarm of store {}; checkpoints that wait for files may wait until it is closed",
                    store.options.name(),
                    e);
        }
    }

    private void note(Throwable cause) {
        untold = true;
        Severity severity = Severity.of(cause);
        store.counters.failures.incrementAndGet();
        boolean first = store.lifecycle.fail(cause, severity);
        try {
            if (first) {
                backoff.reset();
                report(cause, severity);
            }
            tellWaiting();
        } finally {
            if (first && severity == Severity.TRANSIENT) {
                tryLater();
            }
        }
    }

    /** Tries to repair the store at once. Throws the reason why the store still takes no writes. */
    public void resume() {
        Callbacks.checkNone("resume()");
        store.lifecycle.checkReadable();
        if (!attempt()) {
            store.lifecycle.awaitRepair();
        }
        store.lifecycle.checkRunning();
    }

    /** No further attempt starts by itself. */
    public synchronized void close() {
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
        try {
            cancel = executor.schedule(backoff.next(), this::startAttempt);
        } catch (RuntimeException | Error e) {
            Lifecycle.Failure failure = store.lifecycle.failure();
            if (failure != null) {
                // nobody tries again by itself, so the message of the store must not say so
                store.lifecycle.fail(failure.cause(), Severity.STOPPED);
            }
            LOG.error(
                    "The executor refused the alarm for the next repair of store {}; Store.resume() repairs it",
                    store.options.name(),
                    e);
        }
    }

    /** Throws nothing, because the executor would not expect that. */
    private void startAttempt() {
        try {
            executor.execute(Kind.FLUSH, this::attempt);
        } catch (RuntimeException | Error e) {
            tryLater();
            LOG.warn("The executor refused a repair of store {}; the next one is later", store.options.name(), e);
        }
    }

    /** @return false when there is nothing to repair, or another thread repairs it */
    private boolean attempt() {
        if (!store.lifecycle.beginRepair()) {
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
            repaired = store.lifecycle.endRepair(worked ? failure : null);
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

    /**
     * True when the end of the store has cut the repair off. That is no failure: a close does itself what is left to
     * do.
     */
    private boolean isGivenUp(Throwable cause) {
        return store.discarded.isCancelled() || cause instanceof StoreClosedException && store.lifecycle.isClosed();
    }

    /** Other work has failed during the repair. */
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
