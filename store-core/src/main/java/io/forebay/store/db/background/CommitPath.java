package io.forebay.store.db.background;

import io.forebay.store.Clock;
import io.forebay.store.db.state.CommitMark;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.write.WritePath;
import io.forebay.store.util.Callbacks;
import io.forebay.store.wal.WriteAheadLog;

/**
 * The way of a commit: a mark inside the gate, then the background work that makes it durable, now or later. That work
 * is a flush, or with a write-ahead log a sync of the log.
 */
public final class CommitPath {
    private final StoreContext store;
    private final WritePath writes;
    private final FlushScheduler flushes;
    private final SyncScheduler syncs;
    private final CommitTimer timer;
    private final Clock clock;
    private final boolean eager;

    public CommitPath(StoreContext store, WritePath writes, FlushScheduler flushes, SyncScheduler syncs) {
        this.store = store;
        this.writes = writes;
        this.flushes = flushes;
        this.syncs = syncs;
        clock = store.shared.clock();
        eager = store.options.commitInterval().isZero();
        timer = new CommitTimer(
                store.options.name(),
                store.shared.executor(),
                store.shared.clock(),
                store.commits,
                store.lifecycle,
                store.options.commitInterval(),
                store.phase,
                this::tryStart);
    }

    public void commit(byte[] payload) {
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
                } else if (store.active.isNearlyFull()) {
                    store.active.freeze();
                }
            }
        } finally {
            store.gate.leave();
        }
        if (changed && !eager) {
            timer.committed();
        }
    }

    public void commitDurably(byte[] payload) {
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
        awaitDurable(mark);
    }

    /**
     * Inside the gate: asks for the newest commit to become durable, when nothing that is to be flushed brings that.
     *
     * @return the commit to wait for; null when it is durable already, or belongs to a write-ahead log
     */
    public CommitMark request() {
        CommitMark mark = store.commits.last();
        if (store.log() != null || store.commits.isDurable(mark)) {
            return null;
        }
        start();
        return mark;
    }

    /** @throws io.forebay.store.ReadOnlyStoreException when the work for it has failed */
    public void awaitDurable(CommitMark mark) {
        store.progress.await("a commit to become durable", () -> {
            if (store.commits.isDurable(mark)) {
                return true;
            }
            store.lifecycle.checkRunning();
            return false;
        });
    }

    public void sync() {
        store.lifecycle.checkReadable();
        WriteAheadLog log = store.log();
        if (log == null) {
            throw new IllegalStateException("Store " + store.options.name()
                    + " has no write-ahead log; use commitDurably, or open it with StoreOptions.durability");
        }
        Callbacks.checkNone("sync()");
        awaitSynced(log.lastTicket(), log);
    }

    /**
     * With a log a commit is one more entry of the log, with a sequence number of its own.
     *
     * @return the ticket of the entry
     */
    private long commitLogged(byte[] payload, WriteAheadLog log) {
        long ticket;
        Callbacks.checkNone("A commit of a store with a write-ahead log"); // it waits for the thread that leads the log
        store.gate.enterWriter();
        try {
            store.lifecycle.checkWritable();
            if (store.commits.isLast(store.active.assigned(), payload)) {
                ticket = log.lastTicket();
            } else {
                ticket = markLogged(payload, log);
                if (store.active.isNearlyFull()) {
                    store.active.freeze();
                } else {
                    writes.committed(payload.length);
                }
            }
        } finally {
            store.gate.leave();
        }
        writes.finish(ticket);
        if (!store.commits.isLastDurable()) {
            if (eager) {
                tryStart();
            } else {
                timer.committed();
            }
        }
        return ticket;
    }

    /**
     * Makes the mark; inside the gate. The sequence number is published after all that can fail: a log that lacks the
     * record of a number cannot be replayed.
     */
    private long markLogged(byte[] payload, WriteAheadLog log) {
        CommitMark mark = store.commits.next(store.active.assigned() + 1, payload, clock.nanoTime());
        Runnable onDurable = () -> store.commits.becameDurable(mark);
        store.commits.take(mark); // before another thread may sync the record
        try {
            long ticket = log.commit(mark.sequence(), mark.payload(), onDurable);
            store.active.publishCommit();
            return ticket;
        } catch (RuntimeException | Error e) {
            store.lifecycle.poison(e);
            throw e;
        }
    }

    private void awaitSynced(long ticket, WriteAheadLog log) {
        while (!log.awaitSynced(ticket)) {
            store.lifecycle.checkKept();
            Thread.onSpinWait(); // the failure is about to be noted, or was just repaired
        }
    }

    /** The store takes writes again: starts, or schedules, the work for a commit that waits to become durable. */
    public void resumed() {
        if (store.commits.isLastDurable()) {
            return;
        }
        // The writer may wait inside the gate for what this thread has to do next.
        if (!eager || !tryFlush()) {
            timer.committed();
        }
    }

    /** Cancels the alarm. */
    public void close() {
        timer.cancel();
    }

    private boolean mark(byte[] payload) {
        store.lifecycle.checkWritable();
        long sequence = store.active.assigned();
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

    /** Inside the gate: has everything up to the newest commit written to files, and then the commit to the manifest. */
    private void start() {
        CommitMark mark = store.commits.last();
        if (mark.sequence() >= store.states.active().firstSequence) {
            store.active.freeze();
        }
        flushes.requestCommit(mark);
    }
}
