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

    /** The work that has to succeed before the store takes writes again. */
    public interface Work {
        void run() throws Exception;
    }

    private final StoreContext store;
    private final BackgroundExecutor executor;
    private final CheckpointTeller teller;
    private final Work work;
    private final Runnable onResumed;
    private final Backoff backoff = new Backoff();
    // Made in advance: later there may be no memory for them
    private final Runnable startAttempt = this::startAttempt;
    private final Runnable attemptAlone = this::attemptAlone;

    // Guarded by this
    private Runnable cancel;

    /**
     * @param work all work that waits for the disk
     * @param onResumed starts the work that was left undone meanwhile
     */
    public BackgroundErrorHandler(StoreContext store, Checkpoints checkpoints, Work work, Runnable onResumed) {
        this.store = store;
        teller = checkpoints.teller();
        this.work = work;
        this.onResumed = onResumed;
        executor = store.shared.executor();
    }

    /**
     * Background work has failed: from now on the store takes no writes, and threads that wait for files are told. Throws nothing:
     * the caller has failed already, and what cannot be logged is noted all the same.
     */
    public void failed(Throwable cause) {
        try {
            note(cause);
        } catch (RuntimeException | Error ignored) {
            // Every step that somebody waits for was done in spite of it.
        }
    }

    private void note(Throwable cause) {
        boolean noted = false;
        boolean repairs = false;
        try {
            Severity severity = Severity.of(cause);
            boolean first = store.lifecycle.fail(cause, severity);
            noted = true;
            repairs = first && severity == Severity.TRANSIENT;
            store.counters.failures.incrementAndGet();
            if (first) {
                backoff.reset();
                report(cause, severity);
            }
        } catch (RuntimeException | Error e) {
            LOG.error("The failure of background work of store {} could not be reported", store.options.name(), e);
        } finally {
            try {
                if (!noted) {
                    store.lifecycle.failUnnamed();
                }
                if (repairs) {
                    tryLater();
                }
            } finally {
                tellAll();
            }
        }
    }

    private void tellAll() {
        try {
            teller.tell();
        } finally {
            store.progress.signal();
        }
    }

    /** Tries to repair the store at once. Throws the reason why the store still takes no writes. */
    public void resume() {
        Callbacks.checkNone("resume()");
        store.lifecycle.checkReadable();
        if (!attempt()) {
            store.lifecycle.awaitRepair();
        }
        teller.tellUntold();
        store.lifecycle.checkRunning();
    }

    /** No further attempt starts by itself. */
    public synchronized void close() {
        if (cancel != null) {
            Runnable last = cancel;
            cancel = null;
            last.run();
        }
    }

    private synchronized void tryLater() {
        if (store.lifecycle.isClosed()) {
            return;
        }
        try {
            close();
            cancel = executor.schedule(backoff.next(), startAttempt);
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
            executor.execute(Kind.FLUSH, attemptAlone);
        } catch (RuntimeException | Error e) {
            tryLater();
            LOG.warn("The executor refused a repair of store {}; the next one is later", store.options.name(), e);
        }
    }

    private void attemptAlone() {
        boolean ended = false;
        try {
            attempt();
            ended = true;
        } catch (RuntimeException | Error e) { // the executor would not expect it
            LOG.warn("A repair of store {} ended early; the next one is later", store.options.name(), e);
        } finally {
            if (!ended) {
                tryLaterIfItRepairsItself();
            }
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
            // Not before the end: an alarm that rang earlier would find a repair under way. Other work may have failed,
            // too.
            if (!repaired) {
                tryLaterIfItRepairsItself();
            }
        }
        try {
            if (repaired) {
                store.counters.resumes.incrementAndGet();
                onResumed.run();
                LOG.info("Store {} takes writes again", store.options.name());
            }
        } finally {
            store.progress.signal();
        }
        return true;
    }

    /**
     * True when the end of the store has cut the repair off. That is no failure: a close does itself what is left to
     * do.
     */
    private boolean isGivenUp(Throwable cause) {
        return store.discarded.isCancelled() || cause instanceof StoreClosedException && store.lifecycle.isClosed();
    }

    private void tryLaterIfItRepairsItself() {
        Lifecycle.Failure failure = store.lifecycle.failure();
        if (failure != null && failure.severity() == Severity.TRANSIENT) {
            tryLater();
        }
    }

    private void failedAgain(Throwable cause) {
        Severity severity = Severity.of(cause);
        store.counters.failures.incrementAndGet();
        store.lifecycle.fail(cause, severity);
        LOG.debug("Another attempt to make store {} writable failed", store.options.name(), cause);
        if (severity != Severity.TRANSIENT
                && severity == store.lifecycle.failure().severity()) {
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
