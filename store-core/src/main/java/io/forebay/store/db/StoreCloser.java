package io.forebay.store.db;

import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.util.Callbacks;
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

/** The end of a store, in the right order: no new work, no running work, the last commit to disk, everything let go. */
final class StoreCloser {
    /** Gives back what was taken to open the store. */
    interface Release {
        void run() throws Exception;
    }

    /** Frames that letting go takes at least; every step of it that takes more may fail by itself. */
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
     * Everything is let go in any case.
     *
     * @throws StoreException when the last commit could not be made durable, or something could not be closed
     */
    void close() {
        Callbacks.checkNone("close()");
        boolean torn = store.lifecycle.isTorn();
        end(() -> finish(torn || store.lifecycle.isTorn()), true); // a write that was under way may have torn it since
    }

    /**
     * Ends a store whose state nobody needs: what is under way is given up, a {@link #close} by another thread included.
     * Everything is let go on return.
     */
    void discard() {
        Callbacks.checkNone("discard()");
        store.discarded.cancel();
        store.versions.registry().keepAll();
        end(this::discardLog, false);
    }

    /** Ends a store that could not be opened: what is on disk stays as it is. */
    void abandon() {
        end(this::abandonLog, true);
    }

    private void end(Release finish, boolean reporting) {
        requireStack(LET_GO_FRAMES); // while the store is open still, and can be closed once more
        List<Opened> left = new ArrayList<>(store.snapshots.open());
        left.addAll(parts.checkpoints.open());
        left.addAll(store.lifecycle.openIngest());
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
     * Without memory for an orderly end nobody may be kept from opening the store, and no other store from the memory, once no
     * job writes to it any more. What was released already stays so.
     */
    private void releaseOnceMore() {
        store.lifecycle.awaitJobs();
        try {
            awaitEntered();
            store.states.close();
            store.shared.arbiter().remove(parts.writes);
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
        parts.commits.close();
        parts.recovery.close();
        parts.compactions.close();
        parts.compactionStep.cancelAll();
        store.progress.signal();
        store.shared.arbiter().wakeAll();
        store.lifecycle.awaitJobs();
        awaitEntered();
        Failures failures = new Failures();
        // Before the last flush: it leaves out what is not committed, and would pass for all that a checkpoint waits
        // for.
        failures.collect(parts.checkpoints::close);
        failures.collect(finish);
        failures.collect(store.states::close);
        failures.collect(this::emptyIterators);
        // Behind what gives memory back: until then, writers of other stores wait for it.
        store.shared.arbiter().remove(parts.writes);
        failures.collect(store.versions::close);
        failures.collect(store.versions.registry()::close);
        failures.collect(release);
        failures.rethrow();
    }

    /**
     * Iterators that were left open keep no memory and no files. One that is inside a call just now is given a moment to leave it;
     * if it does not, it lets go at the end of that call.
     */
    private void emptyIterators() {
        seeTheirThreads(store.snapshots.filePins());
        for (int round = 0; round < LEAVE_ROUNDS && !tryEmptyIterators(); round++) {
            LockSupport.parkNanos(LEAVE_NANOS);
        }
    }

    private boolean tryEmptyIterators() {
        store.takeIdleMemtables();
        boolean all = true;
        for (FilePin files : store.snapshots.filePins()) {
            all &= files.tryTake();
        }
        return all;
    }

    /** See {@link FilePin}. What a thread did that has ended is seen. */
    private static void seeTheirThreads(List<FilePin> pins) {
        Set<Thread> others = Collections.newSetFromMap(new IdentityHashMap<>());
        pins.forEach(pin -> others.add(pin.user()));
        others.remove(Thread.currentThread());
        others.forEach(Thread::getStackTrace);
    }

    /** Who is inside the gate now may not have seen that the store is closed; who comes later will. */
    private void awaitEntered() {
        store.gate.enterOther();
        store.gate.leave();
    }

    private void finish(boolean torn) throws IOException {
        WriteAheadLog log = store.log();
        if (log == null) {
            finishCommit(torn);
            return;
        }
        Failures failures = new Failures();
        failures.collect(() -> finishLog(log, torn));
        // An ingest counts without a commit here: one that failed must not be there after all.
        failures.collect(store.versions::settleFailedEdit);
        failures.rethrow();
    }

    /** Syncs it, which makes all writes durable. */
    private void finishLog(WriteAheadLog log, boolean torn) throws IOException {
        boolean whole;
        try {
            whole = log.close(); // it knows of a failure that another thread is about to tell
        } catch (IOException e) {
            store.lifecycle.fail(e, Severity.of(e));
            finishWrites(torn);
            throw e;
        }
        if (whole) {
            finishCommit(torn);
        } else {
            finishWrites(torn);
        }
    }

    /** A log that failed may have lost what it was given: all that is in memory goes to files. */
    private void finishWrites(boolean torn) throws IOException {
        Lifecycle.Failure failure = store.lifecycle.failure();
        if (torn) {
            throw store.lifecycle.readOnly(failure);
        }
        try {
            store.gate.enterOther();
            try {
                parts.writes.freeze();
            } finally {
                store.gate.leave();
            }
            parts.flushStep.finishAll(parts.writes);
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

    private void finishCommit(boolean torn) throws IOException {
        if (store.commits.isSettled()) {
            if (store.versions.openFailure() != null) {
                settleFound();
            }
            return;
        }
        Lifecycle.Failure failure = store.lifecycle.failure();
        if (failure == null) {
            flushCommit();
        } else if (torn) {
            throw store.lifecycle.readOnly(failure);
        } else {
            finishAfter(failure);
        }
    }

    /** What an open found and could not make durable; a key provider refuses with whatever it likes. */
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

    /** Once more, with new files: the cause may be gone. */
    private void finishAfter(Lifecycle.Failure failure) {
        try {
            flushCommit();
        } catch (IOException | RuntimeException e) {
            throw readOnly(failure, e);
        }
    }

    private StoreException readOnly(Lifecycle.Failure failure, Exception last) {
        StoreException readOnly = store.lifecycle.readOnly(failure);
        if (last != failure.cause()) {
            readOnly.addSuppressed(last);
        }
        return readOnly;
    }

    private void flushCommit() throws IOException {
        store.gate.enterOther();
        try {
            if (store.commits.last().sequence() >= store.states.active().firstSequence) {
                parts.writes.freeze();
            }
        } finally {
            store.gate.leave();
        }
        parts.flushStep.finish(parts.writes);
    }

    /** The first failure of several steps that are all tried. */
    private final class Failures {
        private Throwable first;

        void collect(Release step) {
            try {
                step.run();
            } catch (Throwable e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }

        void rethrow() {
            if (first instanceof CancellationException && store.discarded.isCancelled()) {
                throw store.lifecycle.discarded(first);
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
}
