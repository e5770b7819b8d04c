package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.wal.WriteAheadLog;

/**
 * Syncs the write-ahead log for commits that nobody waits for. One job at a time makes durable whatever was written before it began,
 * so that the queue of the environment, which other stores wait in, holds one of them however many commits there are. Thread-safe.
 */
final class SyncScheduler {
    private final StoreContext store;
    private final Recovery recovery;
    private final JobState job = new JobState();

    SyncScheduler(StoreContext store, Recovery recovery) {
        this.store = store;
        this.recovery = recovery;
    }

    /** What is in the log now will be synced. */
    void request() {
        if (job.request()) {
            submit();
        }
    }

    private void submit() {
        if (store.lifecycle.isClosed()) {
            return; // the close syncs
        }
        try {
            store.shared.executor().execute(Kind.FLUSH, this::run);
        } catch (RuntimeException | Error e) {
            job.refused(); // before a repair, which may ask again
            recovery.failed(e);
        }
    }

    private void run() {
        job.begin();
        try {
            if (store.lifecycle.beginJob()) { // else closed or failed: nothing starts now
                sync(store.log());
            }
        } catch (Throwable e) {
            if (!store.discarded.isCancelled()) {
                recovery.failed(e);
            }
        } finally {
            if (job.end()) {
                submit();
            }
        }
    }

    private void sync(WriteAheadLog log) {
        try {
            log.awaitSynced(log.lastTicket()); // it tells its failure itself
        } finally {
            store.lifecycle.endJob();
        }
    }
}
