package io.forebay.store.db.state;

/**
 * One store as a tenant of the {@link MemoryArbiter}: what its memtables take, what it can give back, and what keeps it from
 * doing so.
 *
 * <p>It gives memory back in two ways: it freezes the active memtable, which starts a flush, and it takes memtables that are
 * in files away from idle iterators. It counts nothing itself: {@link ReadStates} knows what the memtables take.
 *
 * <p>Thread-safe. Any thread may call, outside of the gate unless a method says otherwise.
 */
public final class MemtableTenant implements MemoryTenant {
    private final StoreContext store;
    private final Lifecycle lifecycle;
    /**
     * True while the writer waits for memory inside the gate and has nothing to freeze. Without this flag two such
     * writers would each wait for the other one to give memory back.
     */
    // Written under gate, read without
    private volatile boolean emptyHanded;

    MemtableTenant(StoreContext store) {
        this.store = store;
        lifecycle = store.lifecycle;
    }

    @Override
    public long activeBytes() {
        return store.states.activeBytes();
    }

    @Override
    public boolean awaitsFlush() {
        if (lifecycle.isClosed()) { // the end of the store gives back all its memory, flushed or not
            return !lifecycle.hasEnded() && (store.states.immutableCount() > 0 || store.states.activeBytes() > 0);
        }
        return store.states.immutableCount() > 0 && lifecycle.failure() == null;
    }

    @Override
    public MemoryArbiter.Freeze tryFreeze() {
        if (!lifecycle.mayRunJobs()) {
            return MemoryArbiter.Freeze.NOTHING; // there would be no flush
        }
        if (!store.gate.tryEnterOther()) {
            return emptyHanded ? MemoryArbiter.Freeze.NOTHING : MemoryArbiter.Freeze.BUSY;
        }
        try {
            return !lifecycle.isClosed() && store.active.freeze()
                    ? MemoryArbiter.Freeze.DONE
                    : MemoryArbiter.Freeze.NOTHING;
        } finally {
            store.gate.leave();
        }
    }

    @Override
    public long activeSince() {
        return store.states.activeSince();
    }

    @Override
    public boolean hasGivenBack(long since) {
        if (lifecycle.isClosed()) {
            return !awaitsFlush() && store.states.hasGivenBack(since);
        }
        // What waits for a flush that will not come is not waited for; what readers have of before is.
        boolean kept = lifecycle.failure() != null;
        return store.states.hasGivenBack(kept ? Math.min(since, store.states.firstInMemory()) : since);
    }

    @Override
    public int harmlessStates() {
        return store.states.harmlessStates();
    }

    @Override
    public long keptBytes() {
        return lifecycle.failure() == null || lifecycle.isClosed() ? 0 : store.states.heldBytes();
    }

    @Override
    public String keptMemory() {
        Lifecycle.Failure failure = lifecycle.failure();
        long bytes = keptBytes();
        return failure == null || bytes == 0
                ? null
                : "Store " + store.options.name() + " keeps " + bytes + " bytes of memtables, because it is read-only: "
                        + failure.cause().getMessage() + ".";
    }

    /**
     * Inside the gate, where the writer stays while it waits for memory: notes whether the writer has nothing to
     * freeze.
     */
    public void emptyHanded(boolean value) {
        emptyHanded = value;
    }

    @Override
    public String busyStore() {
        return store.gate.isTaken() && !emptyHanded && lifecycle.failure() == null ? store.options.name() : null;
    }

    @Override
    public int takeIdleMemtables() {
        int taken = 0;
        for (MemtablePin pin : store.snapshots.pins()) {
            if (store.states.pinsFlushed(pin) && pin.tryTake()) {
                taken++;
            }
        }
        store.counters.idleIteratorsEmptied.add(taken);
        return taken;
    }

    @Override
    public Opened oldestIterator() {
        return store.snapshots.oldestIterator();
    }
}
