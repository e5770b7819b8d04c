package io.forebay.store.db.background;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.db.state.CommitMark;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.TrackedMemtable;
import java.io.IOException;
import java.util.List;

/**
 * Decides when memtables are flushed and commits go to the manifest, one job at a time, oldest first: the order in
 * which flushes are installed is the order of their runs.
 */
public final class FlushScheduler {
    private final StoreContext store;
    private final FlushStep step;
    private final BackgroundErrorHandler errors;
    /** A lock that is held while files are written, by a job or by a repair. */
    private final Object working = new Object();

    // Guarded by this
    private boolean scheduled;
    /** Commits up to this one should go to the manifest, even if nothing is left to flush for them; or null. */
    private CommitMark requested;

    public FlushScheduler(StoreContext store, FlushStep step, BackgroundErrorHandler errors) {
        this.store = store;
        this.step = step;
        this.errors = errors;
    }

    /** Starts a job if there is work and no job is under way. Any thread. */
    public synchronized void schedule() {
        if (!scheduled && hasWork() && store.lifecycle.mayRunJobs()) {
            scheduled = true;
            try {
                store.shared.executor().execute(Kind.FLUSH, this::run);
            } catch (RuntimeException | Error e) {
                scheduled = false;
                errors.failed(e); // threads that wait for the flush are told, and resume() tries again
            }
        }
    }

    /** Asks for {@code mark} to become durable. All that the mark covers is immutable or in files. */
    synchronized void requestCommit(CommitMark mark) {
        requested = mark;
        schedule();
    }

    private synchronized boolean hasWork() {
        return requested != null || store.states.immutableCount() > 0;
    }

    private void run() {
        try {
            if (store.lifecycle.beginJob()) { // otherwise the store is closed or has failed
                runJob();
            }
        } catch (Throwable e) {
            errors.failed(e);
        } finally {
            done();
        }
    }

    private void runJob() {
        try {
            synchronized (working) {
                runOnce();
            }
        } catch (Throwable e) {
            if (!store.discarded.isCancelled()) {
                errors.failed(e);
            }
        } finally {
            store.lifecycle.endJob();
        }
    }

    /** Ends a job. Threads that wait for it check again, also when no further job can be started. */
    private void done() {
        try {
            synchronized (this) {
                scheduled = false;
                schedule();
            }
        } catch (Throwable e) {
            errors.failed(e);
        } finally {
            store.progress.signal();
        }
    }

    /**
     * Does all the work that there is, on the calling thread, while jobs may not run. On return all that was immutable
     * is in files.
     *
     * @throws io.forebay.store.StoreClosedException when the store was closed before that
     */
    public void workThrough() throws IOException {
        synchronized (working) {
            while (hasWork()) {
                store.lifecycle.checkOpen();
                runOnce();
            }
        }
    }

    private void runOnce() throws IOException {
        // The mark is read first: what it covers was frozen before the request. So if there is no immutable memtable
        // now, all of that is in files.
        CommitMark mark;
        synchronized (this) {
            mark = requested;
        }
        List<TrackedMemtable> batch = store.states.nextFlush();
        if (!batch.isEmpty()) {
            step.flush(batch);
            return;
        }
        if (mark != null) {
            step.commitAlone(mark);
            synchronized (this) {
                if (requested == mark) {
                    requested = null;
                }
            }
        }
    }

    /** Waits until all writes up to {@code sequence}, which are in immutable memtables, are in files. */
    public void awaitFlushed(long sequence) {
        store.progress.await("a flush", () -> {
            boolean flushed = store.states.isFlushed(sequence);
            store.lifecycle.checkOpen(); // a close drops immutable memtables, which then count as flushed
            if (!flushed) {
                store.lifecycle.checkFailure();
            }
            return flushed;
        });
    }
}
