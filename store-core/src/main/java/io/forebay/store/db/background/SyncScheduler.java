package io.forebay.store.db.background;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.wal.WriteAheadLog;

/**
 * Syncs the write-ahead log in the background, for commits that no thread waits for. One job at a time makes durable
 * all that was written before it started. So the queue of the environment, in which other stores wait, has at most one
 * such job of a store, however many commits there are. Thread-safe.
 */
public final class SyncScheduler {
    private final StoreContext store;
    private final BackgroundErrorHandler errors;
    private final JobState job = new JobState();

    public SyncScheduler(StoreContext store, BackgroundErrorHandler errors) {
        this.store = store;
        this.errors = errors;
    }

    /** All that is in the log now will be synced. */
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
            job.refused(); // before a repair, which may request a sync again
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
