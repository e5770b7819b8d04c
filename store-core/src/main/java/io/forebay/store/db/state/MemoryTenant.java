package io.forebay.store.db.state;

/**
 * A store, as far as its memory is concerned: what the {@link MemoryArbiter} asks of it. Any thread may call; no lock of the
 * arbiter is held meanwhile, except by {@link MemoryArbiter#tryAgain}.
 */
interface MemoryTenant {
    /** Memory of the active memtable in bytes; 0 when it is empty. */
    long activeBytes();

    /**
     * True while immutable memtables wait for a flush that will come, or while a close is about to give back the
     * store's memory.
     */
    boolean awaitsFlush();

    /** Freezes the active memtable and starts its flush. Does not wait for a writer that is inside the gate. */
    MemoryArbiter.Freeze tryFreeze();

    /** The start of the active memtable: a number that grows with each freeze. */
    long activeSince();

    /**
     * True when all memtables that ended before {@code since}, an {@link #activeSince}, have left memory: readers have let go
     * of them as well. Those that are kept because no flush will come do not count.
     */
    boolean hasGivenBack(long since);

    /**
     * How many read states were replaced and are still used by readers, but keep nothing that the present state
     * does not keep.
     */
    default int harmlessStates() {
        return 0;
    }

    /** Memory of memtables that the store will not flush, because background work failed; 0 when it will. */
    default long keptBytes() {
        return 0;
    }

    /** Why the store keeps that memory, for messages; null when it keeps none. */
    default String keptMemory() {
        return null;
    }

    /**
     * The name of the store when a write is under way that may have memory which is in no memtable yet, and whose
     * writer does not wait for memory with nothing to freeze; otherwise null.
     */
    default String busyStore() {
        return null;
    }

    /**
     * Takes memtables whose content is in files away from idle iterators.
     *
     * @return how many iterators gave memory back
     */
    default int takeIdleMemtables() {
        return 0;
    }

    /** The iterator that has been open for longest, or null. */
    default Opened oldestIterator() {
        return null;
    }
}
