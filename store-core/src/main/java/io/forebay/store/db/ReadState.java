package io.forebay.store.db;

import io.forebay.store.version.Version;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Everything a read may look at, as one immutable value: the active memtable, the frozen ones (newest first) and the
 * version of the files. While somebody holds a reference, the memory and the files of all of them stay.
 */
final class ReadState {
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(ReadState.class, "references", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What is known of a state that was replaced, without keeping it. */
    static final class Hold {
        /** First sequence number of the oldest memtable. */
        final long firstInMemory;

        private volatile boolean over;

        private Hold(long firstInMemory) {
            this.firstInMemory = firstInMemory;
        }

        /** True when the last reader has left, and the memory was given back. */
        boolean isOver() {
            return over;
        }
    }

    final TrackedMemtable active;
    final TrackedMemtable[] frozen;
    final Version version;
    final Hold hold;
    private final MemoryArbiter arbiter;

    private volatile int references = 1;

    /**
     * Retains all parts for as long as the state lives.
     *
     * @param arbiter hears when the last reference is gone and the memory is released
     */
    ReadState(TrackedMemtable active, TrackedMemtable[] frozen, Version version, MemoryArbiter arbiter) {
        this.active = active;
        this.frozen = frozen;
        this.version = version;
        this.arbiter = arbiter;
        active.memtable.retain();
        for (TrackedMemtable table : frozen) {
            table.memtable.retain();
        }
        version.retain();
        hold = new Hold(firstInMemory());
    }

    /** First sequence number of the oldest memtable. */
    long firstInMemory() {
        return (frozen.length == 0 ? active : frozen[frozen.length - 1]).firstSequence;
    }

    /** @return false when the last reference is gone already: somebody replaced this state, take the new one */
    boolean tryRetain() {
        int seen = references;
        while (seen > 0) {
            int witness = (int) REFERENCES.compareAndExchange(this, seen, seen + 1);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    void release() {
        if ((int) REFERENCES.getAndAdd(this, -1) == 1) {
            try {
                active.memtable.release();
                for (TrackedMemtable table : frozen) {
                    table.memtable.release();
                }
                version.release();
            } finally {
                hold.over = true;
                arbiter.stateReleased(); // else writers would wait for readers that are gone
            }
        }
    }
}
