package io.forebay.store.db;

import io.forebay.store.Clock;

/** The way of a commit: a mark inside the gate, then the background work that makes it durable, now or later. */
final class CommitPath {
    private final StoreContext store;
    private final WritePath writes;
    private final FlushScheduler flushes;
    private final CommitTimer timer;
    private final Clock clock;
    private final boolean eager;

    CommitPath(StoreContext store, WritePath writes, FlushScheduler flushes) {
        this.store = store;
        this.writes = writes;
        this.flushes = flushes;
        clock = store.shared.clock();
        eager = store.options.commitInterval().isZero();
        timer = new CommitTimer(store, this::tryStart);
    }

    void commit(byte[] payload) {
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
        store.lifecycle.checkWritable();
        throw new IllegalStateException("Store " + store.options.name()
                + " has no write-ahead log; use commitDurably, or open it with StoreOptions.durability");
    }

    /** The store takes writes again: what waits to become durable gets its alarm back. */
    void resumed() {
        if (store.commits.isSettled()) {
            return;
        }
        if (eager) {
            store.gate.enterOther();
            try {
                if (!store.lifecycle.isClosed()) {
                    start();
                }
            } finally {
                store.gate.leave();
            }
        } else {
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
