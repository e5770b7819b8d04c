package io.forebay.store.db;

import io.forebay.store.Clock;
import io.forebay.store.wal.WriteAheadLog;

/**
 * The way of a commit: a mark inside the gate, then the background work that makes it durable, now or later: a flush, or with
 * a write-ahead log a sync of it.
 */
final class CommitPath {
    private final StoreContext store;
    private final WritePath writes;
    private final FlushScheduler flushes;
    private final SyncScheduler syncs;
    private final CommitTimer timer;
    private final Clock clock;
    private final boolean eager;

    CommitPath(StoreContext store, WritePath writes, FlushScheduler flushes, SyncScheduler syncs) {
        this.store = store;
        this.writes = writes;
        this.flushes = flushes;
        this.syncs = syncs;
        clock = store.shared.clock();
        eager = store.options.commitInterval().isZero();
        timer = new CommitTimer(store, this::tryStart);
    }

    void commit(byte[] payload) {
        if (store.log() != null) {
            commitLogged(payload, store.log());
            return;
        }
        boolean changed;
        store.gate.enterWriter();
        try {
            changed = mark(payload);
            if (changed) {
                if (eager) {
                    start();
                } else if (writes.isNearlyFull()) {
                    writes.freeze();
                }
            }
        } finally {
            store.gate.leave();
        }
        if (changed && !eager) {
            timer.committed();
        }
    }

    void commitDurably(byte[] payload) {
        if (store.log() != null) {
            awaitSynced(commitLogged(payload, store.log()), store.log());
            return;
        }
        CommitMark mark;
        store.gate.enterWriter();
        try {
            mark(payload);
            mark = store.commits.last();
            if (store.commits.isDurable(mark)) {
                return;
            }
            start();
        } finally {
            store.gate.leave();
        }
        store.progress.await("a commit to become durable", () -> {
            if (store.commits.isDurable(mark)) {
                return true;
            }
            store.lifecycle.checkRunning();
            return false;
        });
    }

    void sync() {
        store.lifecycle.checkReadable();
        WriteAheadLog log = store.log();
        if (log == null) {
            throw new IllegalStateException("Store " + store.options.name()
                    + " has no write-ahead log; use commitDurably, or open it with StoreOptions.durability");
        }
        awaitSynced(log.lastTicket(), log);
    }

    /** With a log a commit is one more entry of it, with a sequence number of its own. */
    private long commitLogged(byte[] payload, WriteAheadLog log) {
        long ticket;
        store.gate.enterWriter();
        try {
            store.lifecycle.checkWritable();
            if (store.commits.isLast(writes.assigned(), payload)) {
                ticket = log.lastTicket();
            } else {
                ticket = markLogged(payload, log);
                if (writes.isNearlyFull()) {
                    writes.freeze();
                } else {
                    writes.committed(payload.length);
                }
            }
        } finally {
            store.gate.leave();
        }
        writes.finish(ticket);
        if (!store.commits.isSettled()) {
            if (eager) {
                tryStart();
            } else {
                timer.committed();
            }
        }
        return ticket;
    }

    /**
     * Inside the gate: the number is published when all that can fail is done, because a log that lacks the record of a
     * number cannot be replayed.
     */
    private long markLogged(byte[] payload, WriteAheadLog log) {
        CommitMark mark = store.commits.next(writes.assigned() + 1, payload, clock.nanoTime());
        Runnable onDurable = () -> store.commits.becameDurable(mark);
        store.commits.take(mark); // before anybody may sync it
        try {
            long ticket = log.commit(mark.sequence(), mark.payload(), onDurable);
            writes.publishCommit();
            return ticket;
        } catch (RuntimeException | Error e) {
            store.lifecycle.tear(e);
            throw e;
        }
    }

    private void awaitSynced(long ticket, WriteAheadLog log) {
        while (!log.awaitSynced(ticket)) {
            store.lifecycle.checkKept();
            Thread.onSpinWait(); // the cause is about to be told, or was repaired just now
        }
    }

    /** The store takes writes again: what waits to become durable gets its alarm back. */
    void resumed() {
        if (store.commits.isSettled()) {
            return;
        }
        // The writer may wait inside the gate for what this thread has to do next.
        if (!eager || !tryFlush()) {
            timer.committed();
        }
    }

    /** Stops the alarm. */
    void close() {
        timer.cancel();
    }

    private boolean mark(byte[] payload) {
        store.lifecycle.checkWritable();
        long sequence = writes.assigned();
        boolean changed = store.commits.mark(sequence, payload, clock.nanoTime());
        if (changed) {
            store.snapshots.commitAt(sequence);
        }
        return changed;
    }

    private boolean tryStart() {
        if (store.log() != null) {
            syncs.request();
            return true;
        }
        return tryFlush();
    }

    /** @return false when the writer is inside the gate */
    private boolean tryFlush() {
        if (!store.gate.tryEnterOther()) {
            return false;
        }
        try {
            if (!store.lifecycle.isClosed()) {
                start();
            }
            return true;
        } finally {
            store.gate.leave();
        }
    }

    /** Inside the gate: has everything up to the newest commit brought to files, and then the commit to the manifest. */
    private void start() {
        CommitMark mark = store.commits.last();
        if (mark.sequence() >= store.states.active().firstSequence) {
            writes.freeze();
        }
        flushes.requestCommit(mark);
    }
}
