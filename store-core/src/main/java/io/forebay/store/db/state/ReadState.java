package io.forebay.store.db.state;

import io.forebay.store.version.Version;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Everything that a read may look at, as one immutable value: the active memtable, the immutable memtables (newest
 * first), and the version of the files. As long as it has a reference, the memory and the files of all of them stay.
 *
 * <pre>{@code
 *   ReadState -- active      -----> memtable          newest
 *             -- immutable[0] ----> memtable            |
 *             -- immutable[1] ----> memtable            |
 *             -- version     -----> sorted runs       oldest
 * }</pre>
 *
 * <p>It does not know which sequence number a read may see: that is the limit of the read.
 */
public final class ReadState {
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(ReadState.class, "references", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What {@link ReadStates} remembers of a read state that was replaced, without a reference to its memory. */
    static final class Hold {
        /** First sequence number of the oldest memtable. */
        final long firstInMemory;

        // Volatile: written by the thread that releases the last reference
        private volatile boolean over;

        private Hold(long firstInMemory) {
            this.firstInMemory = firstInMemory;
        }

        /** True when the last reference is gone and the memory was given back. */
        boolean isOver() {
            return over;
        }
    }

    public final TrackedMemtable active;
    public final TrackedMemtable[] immutable;
    public final Version version;
    final Hold hold;
    private final MemoryArbiter arbiter;

    // Atomic operations only
    private volatile int references = 1;

    /**
     * Retains all parts until the last reference is released.
     *
     * @param arbiter is told when the last reference is gone and the memory is released
     */
    ReadState(TrackedMemtable active, TrackedMemtable[] immutable, Version version, MemoryArbiter arbiter) {
        this.active = active;
        this.immutable = immutable;
        this.version = version;
        this.arbiter = arbiter;
        hold = new Hold(firstInMemory()); // before the first reference: there may be no memory for it
        active.memtable.retain();
        for (TrackedMemtable tracked : immutable) {
            tracked.memtable.retain();
        }
        version.retain();
    }

    /** First sequence number of the oldest memtable. */
    long firstInMemory() {
        return (immutable.length == 0 ? active : immutable[immutable.length - 1]).firstSequence;
    }

    /**
     * @return false when the last reference is gone already, because another state has replaced this one; take that one
     */
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

    public void release() {
        if ((int) REFERENCES.getAndAdd(this, -1) == 1) {
            try {
                active.memtable.release();
                for (TrackedMemtable tracked : immutable) {
                    tracked.memtable.release();
                }
                version.release();
            } finally {
                hold.over = true;
                arbiter.stateReleased(); // otherwise writers would wait for readers that are gone
            }
        }
    }
}
