package io.forebay.store.db.state;

import io.forebay.store.version.Version;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The present {@link ReadState} of a store, and the ways in which it changes: a freeze (by the thread inside the gate)
 * and the installation of a new version (by background work). Both swap one reference under the monitor of this object,
 * under which no file is read, written or synced.
 *
 * <pre>
 *   freeze:    [A | I1 I0 | V]  becomes  [B | A I1 I0 | V]       B: an empty memtable
 *   install:   [B | A I1 I0 | V] becomes [B | A | W]             W: the version with the files of I1 and I0
 * </pre>
 */
public final class ReadStates {
    private static final TrackedMemtable[] NONE = {};

    private final Lifecycle lifecycle;
    private final MemoryArbiter arbiter;
    // Written under this, read without
    private volatile ReadState current;
    /** Of states that were replaced, and those of them that are over go with the next. Guarded by this. */
    private final ArrayList<ReadState.Hold> replaced = new ArrayList<>();

    /** Takes over the creator's reference of {@code active}; retains {@code version}. */
    ReadStates(Lifecycle lifecycle, MemoryArbiter arbiter, TrackedMemtable active, Version version) {
        this.lifecycle = lifecycle;
        this.arbiter = arbiter;
        current = new ReadState(active, NONE, version, arbiter);
        active.memtable.release();
    }

    /**
     * The present state with a reference, which the caller releases.
     *
     * @throws io.forebay.store.StoreClosedException after a close
     */
    public ReadState acquire() {
        while (true) {
            ReadState state = current;
            if (state == null) {
                throw lifecycle.refusals().closed();
            }
            if (state.tryRetain()) {
                return state;
            }
        }
    }

    /** False when another state has replaced {@code state}, or when there is no state any more. One volatile read. */
    public boolean isCurrent(ReadState state) {
        return current == state;
    }

    /** The active memtable; only inside the gate. */
    public TrackedMemtable active() {
        ReadState state = current;
        if (state == null) {
            throw lifecycle.refusals().closed();
        }
        return state.active;
    }

    /** Puts {@code fresh} in place of the active memtable, which becomes the newest immutable one; inside the gate. Takes over its reference. */
    synchronized void freeze(TrackedMemtable fresh, long lastSequence, long wholeSequence, CommitMark commit) {
        try {
            ReadState old = current;
            old.active.freeze(lastSequence, wholeSequence, commit);
            TrackedMemtable[] immutable = new TrackedMemtable[old.immutable.length + 1];
            immutable[0] = old.active;
            System.arraycopy(old.immutable, 0, immutable, 1, old.immutable.length);
            reserveRoom();
            swap(new ReadState(fresh, immutable, old.version, arbiter));
        } finally {
            fresh.memtable.release(); // the state has a reference of its own, if there is one
        }
    }

    /**
     * Replaces the version, and drops {@code flushed} from the immutable memtables, whose content is in files of the
     * version.
     */
    public synchronized void install(Version version, List<TrackedMemtable> flushed) {
        ReadState old = current;
        if (old == null) {
            return;
        }
        List<TrackedMemtable> immutable = new ArrayList<>(Arrays.asList(old.immutable));
        immutable.removeAll(flushed);
        reserveRoom();
        swap(new ReadState(old.active, immutable.toArray(NONE), version, arbiter));
    }

    /**
     * The immutable memtables that one flush may merge, oldest first: up to the oldest checkpoint barrier. Empty when
     * there are none.
     */
    public synchronized List<TrackedMemtable> nextFlush() {
        List<TrackedMemtable> batch = new ArrayList<>();
        TrackedMemtable[] immutable = current == null ? NONE : current.immutable;
        for (int i = immutable.length - 1; i >= 0; i--) {
            batch.add(immutable[i]);
            if (immutable[i].isBarrier()) {
                break;
            }
        }
        return batch;
    }

    /** The present state with a reference. Its newest immutable memtable becomes a barrier: a flush ends there. */
    public synchronized ReadState acquireWithBarrier() {
        ReadState state = current;
        if (state.immutable.length > 0) {
            state.immutable[0].setBarrier();
        }
        state.tryRetain();
        return state;
    }

    /**
     * Notes that writes in the active memtable, which is still empty, start at {@code firstSequence}; inside the gate.
     */
    synchronized void restart(long firstSequence) {
        ReadState old = current;
        reserveRoom();
        swap(new ReadState(
                new TrackedMemtable(old.active.memtable, firstSequence), old.immutable, old.version, arbiter));
    }

    /** True when {@code pin} keeps memtables in memory whose content is in files, or of no use after a close. */
    boolean pinsFlushed(MemtablePin pin) {
        ReadState state = current;
        return state == null || pin.firstInMemory < state.firstInMemory();
    }

    /** True when all writes up to {@code sequence} have left all memtables, the active one as well. */
    public boolean isInFiles(long sequence) {
        ReadState state = current;
        return state != null && state.active.firstSequence > sequence && isFlushed(sequence);
    }

    /**
     * True when all writes up to {@code sequence}, which are in immutable memtables, have left them; also after a
     * close.
     */
    public boolean isFlushed(long sequence) {
        ReadState state = current;
        return state == null
                || state.immutable.length == 0
                || state.immutable[state.immutable.length - 1].firstSequence > sequence;
    }

    /** Memory of the active memtable in bytes; 0 after a close. */
    long activeBytes() {
        ReadState state = current;
        return state == null ? 0 : state.active.memtable.heldBytes();
    }

    /** Memory of all memtables of the present state; 0 after close. */
    long heldBytes() {
        ReadState state = current;
        long bytes = activeBytes();
        for (TrackedMemtable table : state == null ? NONE : state.immutable) {
            bytes += table.memtable.heldBytes();
        }
        return bytes;
    }

    /** First sequence number of the active memtable; beyond all after close. Any thread. */
    long activeSince() {
        ReadState state = current;
        return state == null ? Long.MAX_VALUE : state.active.firstSequence;
    }

    /** First sequence number of the oldest memtable; beyond all after close. */
    long firstInMemory() {
        ReadState state = current;
        return state == null ? Long.MAX_VALUE : state.firstInMemory();
    }

    /** True when no read state, the present one or one that readers still use, has memtables that start before {@code sequence}. */
    synchronized boolean hasGivenBack(long sequence) {
        if (firstInMemory() < sequence) {
            return false;
        }
        for (ReadState.Hold hold : replaced) {
            if (hold.firstInMemory < sequence && !hold.isOver()) {
                return false;
            }
        }
        return true;
    }

    /** The number of replaced states that readers still use, and whose memtables are all in the present state as well. */
    synchronized int harmlessStates() {
        long first = firstInMemory();
        int count = 0;
        for (ReadState.Hold hold : replaced) {
            if (hold.firstInMemory >= first && !hold.isOver()) {
                count++;
            }
        }
        return count;
    }

    /** Sorted runs of the present version; beyond all after close, when a compaction has nothing to do and must not wait for a thread. */
    public int sortedRuns() {
        ReadState state = current;
        return state == null ? Integer.MAX_VALUE : state.version.runs().size();
    }

    public int immutableCount() {
        ReadState state = current;
        return state == null ? 0 : state.immutable.length;
    }

    /** Releases the present state; there is none from now on. Idempotent. */
    public synchronized void close() {
        ReadState old = current;
        if (old == null) {
            return;
        }
        reserveRoom();
        replacing(old);
        current = null;
        old.release();
    }

    /**
     * The replacement is counted first. So a writer that waits for memory, and sees no immutable memtable any more,
     * knows that the old state is about to give memory back.
     */
    private void swap(ReadState next) {
        ReadState old = current;
        replacing(old);
        current = next;
        old.release();
    }

    /** For the next replaced state. Before a state is made, which has references from then on: after that nothing may fail. */
    private void reserveRoom() {
        replaced.removeIf(ReadState.Hold::isOver);
        replaced.ensureCapacity(replaced.size() + 1);
    }

    private void replacing(ReadState old) {
        arbiter.stateReplaced();
        replaced.add(old.hold);
    }
}
