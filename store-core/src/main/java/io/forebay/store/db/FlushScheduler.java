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
    private WritePath writes;
    private boolean scheduled;
    /** Commits up to this one should go to the manifest although nothing may be left to flush for them; or null. */
    private CommitMark requested;

    FlushScheduler(StoreContext store, FlushStep step) {
        this.store = store;
        this.step = step;
    }

    /** Set once, before the first job: the write path starts flushes, and a flush asks it what is published. */
    void writes(WritePath path) {
        writes = path;
    }

    /** Starts a job if there is work and none is under way. Any thread. */
    synchronized void schedule() {
        if (!scheduled && hasWork() && store.lifecycle.mayRunJobs()) {
            scheduled = true;
            store.shared.executor().execute(Kind.FLUSH, this::run);
        }
    }

    /** {@code mark} should become durable; all it covers is frozen or in files. */
    synchronized void requestCommit(CommitMark mark) {
        requested = mark;
        schedule();
    }

    private boolean hasWork() {
        return requested != null || store.states.frozenCount() > 0;
    }

    private void run() {
        if (!store.lifecycle.beginJob()) {
            return; // closed or failed: it stays scheduled, so nothing starts any more
        }
        try {
            runOnce();
        } catch (Throwable e) {
            store.lifecycle.fail(e);
            step.failed();
        } finally {
            store.lifecycle.endJob();
            synchronized (this) {
                scheduled = false;
                schedule();
            }
            store.progress.signal();
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
            if (store.states.isFlushed(sequence)) {
                return true;
            }
            store.lifecycle.checkRunning();
            return false;
        });
    }
}
