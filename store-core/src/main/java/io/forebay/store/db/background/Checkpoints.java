package io.forebay.store.db.background;

import io.forebay.store.Checkpoint;
import io.forebay.store.StoreException;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.TrackedMemtable;
import io.forebay.store.util.Failures;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The open checkpoints of a store: takes new checkpoints, and gives them the files of the flushes that they wait for.
 *
 * <p>The monitor of this object orders the taking of a checkpoint against the installation of a flush. It is not held
 * during I/O or a callback.
 */
public final class Checkpoints {
    private final StoreContext store;
    private final CheckpointTeller teller;
    // A list: each change of it is one store, so an error of the JVM leaves it whole. There are few
    private final List<CheckpointImpl> open = new ArrayList<>();

    public Checkpoints(StoreContext store) {
        this.store = store;
        teller = new CheckpointTeller(store, this);
    }

    CheckpointTeller teller() {
        return teller;
    }

    /** Takes a checkpoint. Any thread. The caller waits at most for the write that is under way. */
    public Checkpoint take(byte[] payload) {
        byte[] copy = payload.clone();
        CheckpointImpl checkpoint = null;
        boolean opened = false;
        store.gate.enterReader();
        try {
            store.lifecycle.checkRunning();
            store.active.freeze();
            synchronized (this) {
                ReadState state = store.states.acquireWithBarrier();
                try {
                    checkpoint = new CheckpointImpl(store, this, state, store.active.assigned(), copy);
                    opened = open.add(checkpoint);
                } finally {
                    state.release();
                }
            }
        } finally {
            store.gate.leave();
            if (!opened && checkpoint != null) {
                checkpoint.giveUp();
            }
        }
        boolean taken = false;
        try {
            checkpoint.tell(whyNoMoreFiles());
            taken = true;
        } finally {
            if (!taken) {
                checkpoint.giveUp();
            }
        }
        return checkpoint;
    }

    /**
     * A flush of {@code memtables} has made {@code files}: runs {@code install}, and gives these files to the open
     * checkpoints that wait for them. The caller tells them when it has no lock any more ({@link CheckpointTeller}).
     */
    synchronized void flushed(List<TrackedMemtable> memtables, List<VersionEdit.Added> files, Runnable install) {
        install.run();
        open.forEach(checkpoint -> checkpoint.flushed(memtables, files));
    }

    /**
     * What lies below memtables that are flushed.
     *
     * @param version with a reference, which the caller releases
     * @param checkpointRuns runs of checkpoints that the flush is for as well
     */
    record Below(Version version, List<SortedRun> checkpointRuns) {}

    /**
     * What lies below {@code memtables}. A checkpoint keeps files as they were. When a compaction filter has dropped
     * values of them since then, the store may have nothing left that a delete in {@code memtables} is needed for,
     * while the checkpoint still has it. Without a filter, all that the store has dropped was invisible in the
     * checkpoint, too.
     *
     * <p>The version is that of the read state, which changes only under this monitor: a checkpoint that is taken later
     * has no older version.
     */
    synchronized Below below(List<TrackedMemtable> memtables) {
        List<SortedRun> checkpointRuns = new ArrayList<>();
        if (store.options.compactionFilter() != null) {
            for (CheckpointImpl checkpoint : open) {
                checkpointRuns.addAll(checkpoint.runsBelow(memtables));
            }
        }
        ReadState state = store.states.acquire();
        try {
            state.version.retain();
            return new Below(state.version, checkpointRuns);
        } finally {
            state.release();
        }
    }

    /** Completes the checkpoints that have all their files; those that will not get them, because the store has failed, fail. */
    void tell() {
        List<CheckpointImpl> all;
        synchronized (this) {
            all = new ArrayList<>(open);
        }
        StoreException failure = whyNoMoreFiles(); // after the list: a failure that was repaired before is not theirs
        forAll(all, checkpoint -> checkpoint.tell(failure));
    }

    private StoreException whyNoMoreFiles() {
        Lifecycle.Failure failure = store.lifecycle.failure();
        return failure == null ? null : store.lifecycle.refusals().readOnly(failure);
    }

    /** Runs the action for all of them, also when it throws for some. */
    private static void forAll(List<CheckpointImpl> checkpoints, Consumer<CheckpointImpl> action) {
        Failures failures = new Failures();
        checkpoints.forEach(checkpoint -> failures.collect(() -> action.accept(checkpoint)));
        failures.rethrowUnchecked();
    }

    /** The checkpoints that are not closed yet. */
    public synchronized List<Opened> open() {
        return open.stream()
                .filter(checkpoint -> !checkpoint.isClosed())
                .map(CheckpointImpl::opened)
                .toList();
    }

    synchronized void remove(CheckpointImpl checkpoint) {
        open.remove(checkpoint);
    }

    /** Closes all checkpoints, which releases their files. */
    public void close() {
        StoreException closed = store.lifecycle.refusals().closed();
        List<CheckpointImpl> left;
        synchronized (this) {
            left = new ArrayList<>(open);
        }
        forAll(left, checkpoint -> checkpoint.close(closed));
    }
}
