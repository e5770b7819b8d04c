package io.forebay.store.db.background;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.wal.WriteAheadLog;

/**
 * Syncs the write-ahead log in the background, for commits that no thread waits for. A commit that a thread waits for is
 * synced by that thread ({@link WriteAheadLog#awaitSynced}).
 *
 * <p>One job makes durable all that is in the log when the job starts. So at most one job of a store waits in the queue of
 * the environment or runs, however many commits there are ({@link JobState}): other stores wait in the same queue.
 * Thread-safe.
 */
public final class SyncScheduler {
    private final StoreContext store;
    private final BackgroundErrorHandler errors;
    private final JobState job = new JobState();

    public SyncScheduler(StoreContext store, BackgroundErrorHandler errors) {
        this.store = store;
        this.errors = errors;
    }

    /** Sees to it that all that is in the log now is synced. Any thread; does not wait. */
    void request() {
        if (job.request()) {
            submit();
        }
    }

    private void submit() {
        if (store.lifecycle.isClosed()) {
            return; // the close syncs the log
        }
        try {
            store.shared.executor().execute(Kind.FLUSH, this::run);
        } catch (RuntimeException | Error e) {
            job.refused(); // first: the repair that follows may request a sync again
            errors.failed(e);
        }
    }

    private void run() {
        job.begin();
        try {
            if (store.lifecycle.beginJob()) { // otherwise the store is closed or has failed
                sync(store.log());
            }
        } catch (Throwable e) {
            if (!store.discarded.isCancelled()) {
                errors.failed(e);
            }
        } finally {
            if (job.end()) {
                submit();
            }
        }
    }

    private void sync(WriteAheadLog log) {
        try {
            log.awaitSynced(log.lastTicket()); // the log reports its failure itself
        } finally {
            store.lifecycle.endJob();
        }
    }
}
