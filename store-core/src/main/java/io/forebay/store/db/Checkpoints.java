package io.forebay.store.db;

import io.forebay.store.Checkpoint;
import io.forebay.store.StoreException;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The open checkpoints of a store: takes new ones, and hands them the files of the flushes that they wait for.
 *
 * <p>Its lock orders the taking of a checkpoint against the installation of a flush; it is held for neither I/O nor a
 * callback.
 */
final class Checkpoints {
    private final StoreContext store;
    private final Set<CheckpointImpl> open = new LinkedHashSet<>();

    Checkpoints(StoreContext store) {
        this.store = store;
    }

    /** Any thread. The caller waits for at most the write that is under way. */
    Checkpoint take(byte[] payload, WritePath writes) {
        byte[] copy = payload.clone();
        CheckpointImpl checkpoint;
        store.gate.enterReader();
        try {
            store.lifecycle.checkRunning();
            writes.freeze();
            synchronized (this) {
                ReadState state = store.states.acquireBehindBarrier();
                try {
                    checkpoint = new CheckpointImpl(store, this, state, writes.assigned(), copy);
                } finally {
                    state.release();
                }
                open.add(checkpoint);
            }
        } finally {
            store.gate.leave();
        }
        checkpoint.completeIfPossible();
        return checkpoint;
    }

    /**
     * A flush of {@code tables} made {@code files}: runs {@code install}, and gives open checkpoints what is theirs.
     *
     * @return checkpoints that have all their files now; the caller completes them when it holds no lock any more
     */
    synchronized List<CheckpointImpl> flushed(
            List<TrackedMemtable> tables, List<VersionEdit.Added> files, Runnable install) {
        install.run();
        List<CheckpointImpl> ready = new ArrayList<>();
        for (CheckpointImpl checkpoint : open) {
            if (checkpoint.flushed(tables, files)) {
                ready.add(checkpoint);
            }
        }
        return ready;
    }

    /**
     * What lies below memtables that are flushed.
     *
     * @param version with a reference that the caller releases
     * @param pinned runs of checkpoints that the flush is for as well
     */
    record Below(Version version, List<SortedRun> pinned) {}

    /**
     * A checkpoint keeps files as they were. When a compaction filter dropped values of them since, the store has nothing
     * left that a delete in {@code tables} is needed for, and the checkpoint still has. Without a filter whatever vanished
     * from the store was invisible in the checkpoint, too.
     *
     * <p>The version is that of the read state, which changes under this lock: no checkpoint that is taken later has an
     * older one.
     */
    synchronized Below below(List<TrackedMemtable> tables) {
        List<SortedRun> pinned = new ArrayList<>();
        if (store.options.compactionFilter() != null) {
            for (CheckpointImpl checkpoint : open) {
                pinned.addAll(checkpoint.runsBelow(tables));
            }
        }
        ReadState state = store.states.acquire();
        try {
            state.version.retain();
            return new Below(state.version, pinned);
        } finally {
            state.release();
        }
    }

    /** No flush will come any more: those that wait for one fail. */
    void fail(StoreException cause) {
        List<CheckpointImpl> waiting;
        synchronized (this) {
            waiting = new ArrayList<>(open);
        }
        waiting.forEach(checkpoint -> checkpoint.fail(cause));
    }

    /** Those that are not closed yet. */
    synchronized List<Opened> open() {
        return open.stream().map(CheckpointImpl::opened).toList();
    }

    synchronized void remove(CheckpointImpl checkpoint) {
        open.remove(checkpoint);
    }

    /** Lets go of the files of all checkpoints. */
    void close() {
        fail(store.lifecycle.closed());
        List<CheckpointImpl> left;
        synchronized (this) {
            left = new ArrayList<>(open);
        }
        left.forEach(CheckpointImpl::close);
    }
}
