package io.forebay.store.db.state;

import io.forebay.store.memtable.Memtable;

/**
 * A memtable, and what the store knows about it: its range of sequence numbers and, once it is immutable, the newest
 * commit at the moment of the freeze. The store counts sequence numbers itself, so a range delete or a batch that left
 * nothing in the memtable has its place, too.
 */
public final class TrackedMemtable {
    public final Memtable memtable;
    /** Writes from this sequence number on are in this memtable or a newer one. */
    public final long firstSequence;

    /** Last sequence number in the memtable; -1 while it is active. */
    // Set before use: by the freeze, before the memtable is published as an immutable one
    private long lastSequence = -1;
    /** The last sequence number of the memtable at which no batch is in its middle; -1 while the memtable is active. */
    private long wholeSequence = -1;
    /** The newest commit at the freeze. */
    private CommitMark commit;

    /** A checkpoint was taken when this was the newest immutable memtable: no flush may merge it with a newer one. */
    // Guarded by ReadStates
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

    public long lastSequence() {
        return lastSequence;
    }

    /**
     * The end of the last batch that the end of this memtable does not cut; may lie before the first sequence number of
     * the memtable. It is the last sequence number, unless a batch goes on in the next memtable.
     */
    public long wholeSequence() {
        return wholeSequence;
    }

    public CommitMark commit() {
        return commit;
    }

    boolean isBarrier() {
        return barrier;
    }
}
