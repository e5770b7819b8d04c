package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor.Kind;
import java.io.IOException;
import java.util.List;

/**
 * Brings frozen memtables to files and commits to the manifest, one job at a time, oldest first: the order in which
 * flushes are installed is the order of the runs they make.
 */
final class FlushScheduler {
    private final StoreContext store;
    private final FlushStep step;
    /** Held while files are written, by one job or by a repair. */
    private final Object working = new Object();

    private WritePath writes;
    private Recovery recovery;
    private boolean scheduled;
    /** Commits up to this one should go to the manifest although nothing may be left to flush for them; or null. */
    private CommitMark requested;

    FlushScheduler(StoreContext store, FlushStep step) {
        this.store = store;
        this.step = step;
    }

    /** Set once, before the first job: the write path starts flushes, and a flush asks it what is published. */
    void connect(WritePath path, Recovery repairs) {
        writes = path;
        recovery = repairs;
    }

    /** Starts a job if there is work and none is under way. Any thread. */
    synchronized void schedule() {
        if (!scheduled && hasWork() && store.lifecycle.mayRunJobs()) {
            scheduled = true;
            try {
                store.shared.executor().execute(Kind.FLUSH, this::run);
            } catch (RuntimeException | Error e) {
                scheduled = false;
                recovery.failed(e); // what waits for the flush is told, and resume() tries again
            }
        }
    }

    /** {@code mark} should become durable; all it covers is frozen or in files. */
    synchronized void requestCommit(CommitMark mark) {
        requested = mark;
        schedule();
    }

    private synchronized boolean hasWork() {
        return requested != null || store.states.frozenCount() > 0;
    }

    private void run() {
        try {
            if (store.lifecycle.beginJob()) { // else closed or failed: nothing starts now
                runJob();
            }
        } catch (Throwable e) {
            recovery.failed(e);
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
                recovery.failed(e);
            }
        } finally {
            store.lifecycle.endJob();
        }
    }

    /** Who waits for this job looks again, even when no other can be started. */
    private void done() {
        try {
            synchronized (this) {
                scheduled = false;
                schedule();
            }
        } catch (Throwable e) {
            recovery.failed(e);
        } finally {
            store.progress.signal();
        }
    }

    /**
     * Does all work that there is on the calling thread, while jobs may not run. On return all that was frozen is in files.
     *
     * @throws io.forebay.store.StoreClosedException when the store was closed before that
     */
    void workThrough() throws IOException {
        synchronized (working) {
            while (hasWork()) {
                store.lifecycle.checkOpen();
                runOnce();
            }
        }
    }

    private void runOnce() throws IOException {
        // The mark first: what it covers was frozen before it was requested, so it is flushed if nothing is frozen now.
        CommitMark mark;
        synchronized (this) {
            mark = requested;
        }
        List<TrackedMemtable> batch = store.states.nextFlush();
        if (!batch.isEmpty()) {
            step.flush(batch, writes);
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

    /** Waits until all writes up to {@code sequence} are in files; they are frozen already. */
    void awaitFlushed(long sequence) {
        store.progress.await("a flush", () -> {
            boolean flushed = store.states.isFlushed(sequence);
            store.lifecycle.checkOpen(); // what a close drops has left the memtables, too
            if (!flushed) {
                store.lifecycle.checkFailure();
            }
            return flushed;
        });
    }
}
