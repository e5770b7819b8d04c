package io.forebay.store.db;

import io.forebay.store.memtable.Memtable;

/**
 * A memtable and what the store knows about it: the sequence numbers that belong to it, and once it is frozen, the newest
 * commit at that moment. Sequence numbers are counted by the store, so that a range delete or a batch that left nothing
 * in the memtable still has its place.
 */
final class TrackedMemtable {
    final Memtable memtable;
    /** Writes from this sequence number on are in this memtable or a newer one. */
    final long firstSequence;

    /** Last sequence number in it; set when it is frozen. Guarded by the lock of {@link ReadStates}. */
    private long lastSequence = -1;
    /** Up to here, at most its last one, it ends no batch in the middle; set when it is frozen. Same guard. */
    private long wholeSequence = -1;
    /** The newest commit when it was frozen. Same guard. */
    private CommitMark commit;
    /** A checkpoint was taken when this was the newest frozen memtable: no flush may merge it with a newer one. Same guard. */
    private boolean barrier;

    TrackedMemtable(Memtable memtable, long firstSequence) {
        this.memtable = memtable;
        this.firstSequence = firstSequence;
    }

    void freeze(long last, long whole, CommitMark newestCommit) {
        lastSequence = last;
        wholeSequence = whole;
        commit = newestCommit;
    }

    void setBarrier() {
        barrier = true;
    }

    long lastSequence() {
        return lastSequence;
    }

    /**
     * Where the last batch ended that was not cut by the end of this memtable; may lie before its first sequence number. It is
     * the last sequence number, unless a batch goes on in the next memtable.
     */
    long wholeSequence() {
        return wholeSequence;
    }

    CommitMark commit() {
        return commit;
    }

    boolean isBarrier() {
        return barrier;
    }
}
