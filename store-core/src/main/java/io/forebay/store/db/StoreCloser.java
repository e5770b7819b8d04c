package io.forebay.store.db;

import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.db.state.FilePin;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.Severity;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.Failures;
import io.forebay.store.wal.WriteAheadLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a store, in this order: no new work starts, running work ends, the last commit goes to disk, and all resources
 * are released.
 *
 * <p>There are three ends. {@link #close} makes the last commit durable (with a log: all writes), {@link #discard}
 * writes nothing, and {@link #abandon} is the end of a store that could not be opened. The first call decides which end
 * it is; later callers wait for it. All resources are released in any case, also when a step throws or the JVM runs out
 * of memory.
 */
public final class StoreCloser {
    /** A step of the end that may throw, like the release of the directory. */
    interface Release {
        void run() throws Exception;
    }

    /** Stack frames that the release of all resources needs at least. A step of it that needs more may fail by itself. */
    private static final int LET_GO_FRAMES = 24;

    private static final int LEAVE_ROUNDS = 50;
    private static final long LEAVE_NANOS = 1_000_000;
    private static final Logger LOG = LoggerFactory.getLogger(StoreCloser.class);

    private final StoreContext store;
    private final StoreParts parts;
    private final Release release;

    StoreCloser(StoreContext store, StoreParts parts, Release release) {
        this.store = store;
        this.parts = parts;
        this.release = release;
    }

    /**
     * Ends the store. All resources are released in any case.
     *
     * @throws StoreException when the last commit could not be made durable, or a resource could not be closed
     */
    void close() {
        Callbacks.checkNone("close()");
        boolean poisoned = store.lifecycle.isPoisoned();
        end(
                // a write that was under way may have poisoned the store since
                () -> finish(poisoned || store.lifecycle.isPoisoned()), true);
    }

    /**
     * Ends a store whose state is not needed. Work that is under way is cut off, a {@link #close} by another thread
     * included. All resources are released on return.
     */
    void discard() {
        Callbacks.checkNone("discard()");
        end(this::cutOffWork, this::discardLog, false);
    }

    private void cutOffWork() {
        store.discarded.cancel();
        store.versions.registry().stopDeleting();
    }

    /** Ends a store that could not be opened. What is on disk stays as it is. */
    void abandon() {
        end(this::abandonLog, true);
    }

    private void end(Release finish, boolean reporting) {
        end(() -> {}, finish, reporting);
    }

    /** @param first run when the end can begin, also when another thread ends the store already */
    private void end(Runnable first, Release finish, boolean reporting) {
        requireStack(LET_GO_FRAMES); // while the store is still open, and can be closed again
        List<Opened> left = new ArrayList<>(store.snapshots.open());
        left.addAll(parts.checkpoints.open());
        left.addAll(store.lifecycle.openIngest());
        first.run();
        if (!store.lifecycle.close()) {
            store.lifecycle.awaitEnd();
            return;
        }
        try {
            letGoInAnyCase(finish);
        } finally {
            store.lifecycle.ended();
            if (reporting) {
                LeakReport.write(store, left);
            }
        }
    }

    private static void requireStack(int frames) {
        if (frames > 0) {
            requireStack(frames - 1);
        }
    }

    private void letGoInAnyCase(Release finish) {
        boolean ended = false;
        try {
            letGo(finish);
            ended = true;
        } finally {
            if (!ended) {
                releaseOnceMore();
            }
        }
    }

    /**
     * Releases the essential resources again, after an orderly end has failed for want of memory. Otherwise the
     * directory could not be opened again, and other stores could not get the memory. First all jobs of the store have
     * to end, so that none writes to it. A resource that was released already stays released.
     */
    private void releaseOnceMore() {
        store.lifecycle.awaitJobs();
        try {
            parts.checkpoints.close();
            awaitEntered();
            store.states.close();
            store.shared.arbiter().remove(store.tenant);
        } finally {
            releaseDirectory();
        }
    }

    private void releaseDirectory() {
        try {
            release.run();
        } catch (Exception e) {
            LOG.warn("The directory of store {} could not be released", store.options.name(), e);
        }
    }

    private void letGo(Release finish) {
        Failures failures = new Failures();
        failures.collect(parts.commits::close);
        failures.collect(parts.errors::close);
        failures.collect(parts.compactions::close);
        failures.collect(parts.compactionStep::cancelAll);
        store.progress.signal();
        store.shared.arbiter().wakeAll();
        store.lifecycle.awaitJobs();
        awaitEntered();
        // Before the last flush, which leaves out what is not committed: checkpoints would take it for the flush that
        // they wait for.
        failures.collect(parts.checkpoints::close);
        failures.collect(finish::run);
        failures.collect(store.states::close);
        failures.collect(this::emptyIterators);
        // After the steps that give memory back: until then, writers of other stores wait for that memory.
        store.shared.arbiter().remove(store.tenant);
        failures.collect(store.versions::close);
        failures.collect(store.versions.registry()::close);
        failures.collect(release::run);
        rethrow(failures);
    }

    /**
     * Takes memory and files away from iterators that were left open. An iterator that is inside a call gets some time
     * to leave it; if the call takes longer, the iterator releases them at the end of the call.
     */
    private void emptyIterators() {
        seeTheirThreads(store.snapshots.filePins());
        for (int round = 0; round < LEAVE_ROUNDS && !tryEmptyIterators(); round++) {
            LockSupport.parkNanos(LEAVE_NANOS);
        }
    }

    private boolean tryEmptyIterators() {
        store.tenant.takeIdleMemtables();
        boolean all = true;
        for (FilePin files : store.snapshots.filePins()) {
            all &= files.tryTake();
        }
        return all;
    }

    /**
     * Takes a stack trace of each thread that uses an iterator, see {@link FilePin}. What a thread did that has ended
     * is visible anyway.
     */
    private static void seeTheirThreads(List<FilePin> pins) {
        Set<Thread> others = Collections.newSetFromMap(new IdentityHashMap<>());
        pins.forEach(pin -> others.add(pin.user()));
        others.remove(Thread.currentThread());
        others.forEach(Thread::getStackTrace);
    }

    /**
     * Waits until the gate is free. A thread that is inside it now may not have seen that the store is closed; a thread
     * that enters later sees that.
     */
    private void awaitEntered() {
        store.gate.enterOther();
        store.gate.leave();
    }

    private void finish(boolean poisoned) throws IOException {
        WriteAheadLog log = store.log();
        if (log == null) {
            finishCommit(poisoned);
            return;
        }
        Failures failures = new Failures();
        failures.collect(() -> finishLog(log, poisoned));
        // With a log an ingest counts without a commit: a reopen must not find one that failed.
        failures.collect(store.versions::settleFailedEdit);
        rethrow(failures);
    }

    /** Closes the log. That syncs it, which makes all writes durable. */
    private void finishLog(WriteAheadLog log, boolean poisoned) throws IOException {
        boolean whole;
        try {
            whole = log.close(); // the log may have a failure that another thread has not reported yet
        } catch (IOException e) {
            store.lifecycle.fail(e, Severity.of(e));
            finishWrites(poisoned);
            throw e;
        }
        if (whole) {
            finishCommit(poisoned);
        } else {
            finishWrites(poisoned);
        }
    }

    /** Writes all that is in memory to files, because a failed log may have lost some of it. */
    private void finishWrites(boolean poisoned) throws IOException {
        Lifecycle.Failure failure = store.lifecycle.failure();
        if (poisoned) {
            throw store.lifecycle.refusals().readOnly(failure);
        }
        try {
            store.gate.enterOther();
            try {
                store.active.freeze();
            } finally {
                store.gate.leave();
            }
            parts.flushStep.finishAll();
        } catch (IOException | RuntimeException e) {
            if (failure == null) {
                throw e;
            }
            throw readOnly(failure, e);
        }
    }

    private void abandonLog() throws IOException {
        if (store.log() != null) {
            store.log().close();
        }
    }

    private void discardLog() throws IOException {
        if (store.log() != null) {
            store.log().abandon();
        }
    }

    private void finishCommit(boolean poisoned) throws IOException {
        if (store.commits.isLastDurable()) {
            if (store.versions.openFailure() != null) {
                settleFound();
            }
            return;
        }
        Lifecycle.Failure failure = store.lifecycle.failure();
        if (failure == null) {
            flushCommit();
        } else if (poisoned) {
            throw store.lifecycle.refusals().readOnly(failure);
        } else {
            finishAfter(failure);
        }
    }

    /** Makes durable what the open found and could not make durable. A key provider may throw any exception. */
    private void settleFound() throws IOException {
        Lifecycle.Failure failure = store.lifecycle.failure();
        try {
            store.versions.settle();
        } catch (IOException | RuntimeException e) {
            if (failure == null) {
                throw e;
            }
            throw readOnly(failure, e);
        }
    }

    /** Tries again with new files: the cause of the failure may be gone. */
    private void finishAfter(Lifecycle.Failure failure) {
        try {
            flushCommit();
        } catch (IOException | RuntimeException e) {
            throw readOnly(failure, e);
        }
    }

    private StoreException readOnly(Lifecycle.Failure failure, Exception last) {
        StoreException readOnly = store.lifecycle.refusals().readOnly(failure);
        if (last != failure.cause()) {
            Failures.suppress(readOnly, last);
        }
        return readOnly;
    }

    private void flushCommit() throws IOException {
        store.gate.enterOther();
        try {
            if (store.commits.last().sequence() >= store.states.active().firstSequence) {
                store.active.freeze();
            }
        } finally {
            store.gate.leave();
        }
        parts.flushStep.finish();
    }

    private void rethrow(Failures failures) {
        Throwable first = failures.first();
        if (first instanceof CancellationException && store.discarded.isCancelled()) {
            throw store.lifecycle.refusals().discarded(first);
        }
        if (first instanceof RuntimeException e) {
            throw e;
        }
        if (first instanceof Error e) {
            throw e;
        }
        if (first != null) {
            String message = "Closing store " + store.options.name() + " failed";
            throw first instanceof IOException e
                    ? new StoreIoException(message, e)
                    : new StoreException(message, first);
        }
    }
}
