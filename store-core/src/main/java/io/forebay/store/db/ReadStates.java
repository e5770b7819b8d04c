package io.forebay.store.db;

import io.forebay.store.version.Version;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The present {@link ReadState} of a store and the ways it changes: a freeze (by whoever is inside the gate) and the
 * installation of a new version (by background work). Both swap one reference under a lock that is never held during I/O.
 */
final class ReadStates {
    private static final TrackedMemtable[] NONE = {};

    private final Lifecycle lifecycle;
    private final MemoryArbiter arbiter;
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

    /** The present state with a reference that the caller releases; {@link io.forebay.store.StoreClosedException} after close. */
    ReadState acquire() {
        while (true) {
            ReadState state = current;
            if (state == null) {
                throw lifecycle.closed();
            }
            if (state.tryRetain()) {
                return state;
            }
        }
    }

    /** False when another state has taken the place of {@code state}, or there is none any more. One volatile read. */
    boolean isCurrent(ReadState state) {
        return current == state;
    }

    /** The active memtable; only inside the gate. */
    TrackedMemtable active() {
        ReadState state = current;
        if (state == null) {
            throw lifecycle.closed();
        }
        return state.active;
    }

    /** Puts {@code fresh} in place of the active memtable, which becomes the newest frozen one; inside the gate. */
    synchronized void freeze(TrackedMemtable fresh, long lastSequence, long wholeSequence, CommitMark commit) {
        ReadState old = current;
        old.active.freeze(lastSequence, wholeSequence, commit);
        TrackedMemtable[] frozen = new TrackedMemtable[old.frozen.length + 1];
        frozen[0] = old.active;
        System.arraycopy(old.frozen, 0, frozen, 1, old.frozen.length);
        swap(new ReadState(fresh, frozen, old.version, arbiter));
        fresh.memtable.release();
    }

    /** Replaces the version, and drops {@code flushed} from the frozen memtables: their content is in its files. */
    synchronized void install(Version version, List<TrackedMemtable> flushed) {
        ReadState old = current;
        if (old == null) {
            return;
        }
        List<TrackedMemtable> frozen = new ArrayList<>(Arrays.asList(old.frozen));
        frozen.removeAll(flushed);
        swap(new ReadState(old.active, frozen.toArray(NONE), version, arbiter));
    }

    /** The frozen memtables that one flush may merge, oldest first: up to the oldest checkpoint barrier. Empty when there are none. */
    synchronized List<TrackedMemtable> nextFlush() {
        List<TrackedMemtable> batch = new ArrayList<>();
        TrackedMemtable[] frozen = current == null ? NONE : current.frozen;
        for (int i = frozen.length - 1; i >= 0; i--) {
            batch.add(frozen[i]);
            if (frozen[i].isBarrier()) {
                break;
            }
        }
        return batch;
    }

    /** The present state with a reference, its newest frozen memtable marked as the end of a flush. */
    synchronized ReadState acquireBehindBarrier() {
        ReadState state = current;
        if (state.frozen.length > 0) {
            state.frozen[0].setBarrier();
        }
        state.tryRetain();
        return state;
    }

    /** Says that writes in the (still empty) active memtable begin at {@code firstSequence}; inside the gate. */
    synchronized void restart(long firstSequence) {
        ReadState old = current;
        swap(new ReadState(new TrackedMemtable(old.active.memtable, firstSequence), old.frozen, old.version, arbiter));
    }

    /** True when {@code pin} keeps memtables in memory whose content is in files by now, or of no use because of a close. */
    boolean holdsFlushed(MemtablePin pin) {
        ReadState state = current;
        return state == null || pin.firstInMemory < state.firstInMemory();
    }

    /** True when all writes up to {@code sequence} have left all memtables, the active one as well. */
    boolean isInFiles(long sequence) {
        ReadState state = current;
        return state != null && state.active.firstSequence > sequence && isFlushed(sequence);
    }

    /** True when all writes up to {@code sequence}, which are frozen, have left the memtables; also after close. */
    boolean isFlushed(long sequence) {
        ReadState state = current;
        return state == null
                || state.frozen.length == 0
                || state.frozen[state.frozen.length - 1].firstSequence > sequence;
    }

    /** Memory of the active memtable; 0 after close. */
    long activeBytes() {
        ReadState state = current;
        return state == null ? 0 : state.active.memtable.heldBytes();
    }

    /** Memory of all memtables of the present state; 0 after close. */
    long heldBytes() {
        ReadState state = current;
        long bytes = activeBytes();
        for (TrackedMemtable table : state == null ? NONE : state.frozen) {
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

    /** True when memtables that begin before {@code sequence} have been let go, by readers too. */
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

    /** Replaced states that readers hold, and whose memtables are all in the present one too. */
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

    int frozenCount() {
        ReadState state = current;
        return state == null ? 0 : state.frozen.length;
    }

    /** Lets go of the present state; there is none from now on. Idempotent. */
    synchronized void close() {
        ReadState old = current;
        if (old == null) {
            return;
        }
        replacing(old);
        current = null;
        old.release();
    }

    /** Counted first: whoever finds no frozen memtable any more, and waits for memory, knows that the old state gives it back. */
    private void swap(ReadState next) {
        ReadState old = current;
        replacing(old);
        current = next;
        old.release();
    }

    private void replacing(ReadState old) {
        replaced.removeIf(ReadState.Hold::isOver);
        replaced.ensureCapacity(replaced.size() + 1); // nothing may fail once it is counted
        arbiter.stateReplaced();
        replaced.add(old.hold);
    }
}
