package io.forebay.store.db.state;

import java.util.Arrays;

/**
 * The newest commit and the newest durable commit of a store. Marks are made inside the gate. They become durable in
 * the background, in their order. Any thread may read.
 */
public final class CommitTracker {
    // Written under gate, read without
    private volatile CommitMark last;

    // Written under this, read without
    private volatile CommitMark durable;

    // Written under gate or this, read without
    private volatile long pendingSinceNanos;

    /** @param recovered the durable commit at which the store was opened */
    public CommitTracker(CommitMark recovered) {
        last = recovered;
        durable = recovered;
    }

    /**
     * Makes a mark; inside the gate.
     *
     * @return false when neither the state nor the payload has changed since the last commit
     */
    public boolean mark(long sequence, byte[] payload, long nowNanos) {
        if (isLast(sequence, payload)) {
            return false;
        }
        take(next(sequence, payload, nowNanos));
        return true;
    }

    /** The mark that would be next, with a copy of the payload; inside the gate. Changes nothing; {@link #take} does. */
    public CommitMark next(long sequence, byte[] payload, long nowNanos) {
        return new CommitMark(sequence, payload.clone(), last.number() + 1, nowNanos);
    }

    /** Makes {@code mark} the newest commit; inside the gate. */
    public void take(CommitMark mark) {
        if (last == durable) {
            pendingSinceNanos = mark.nanos();
        }
        last = mark;
    }

    /** True when the newest commit has this sequence number and payload. */
    public boolean isLast(long sequence, byte[] payload) {
        return last.sequence() == sequence && Arrays.equals(last.payload(), payload);
    }

    /**
     * The commit that becomes durable when all writes up to {@code sequence} are in files.
     *
     * @param atFreeze the newest commit when the memtable was frozen
     */
    public CommitMark coveredBy(long sequence, CommitMark atFreeze) {
        CommitMark newest = last;
        return newest.sequence() <= sequence ? newest : atFreeze;
    }

    /**
     * Notes that {@code mark} is in the manifest, or in a synced log. Any thread. A mark that is older than the durable
     * one has no effect.
     */
    public synchronized void becameDurable(CommitMark mark) {
        if (mark.number() >= durable.number()) {
            pendingSinceNanos = mark.nanos();
            durable = mark;
        }
    }

    public CommitMark last() {
        return last;
    }

    public CommitMark durable() {
        return durable;
    }

    /** True when the newest commit is durable: no commit waits. */
    public boolean isLastDurable() {
        return durable == last;
    }

    /** True when {@code mark} or a later commit is durable. */
    public boolean isDurable(CommitMark mark) {
        return durable.number() >= mark.number();
    }

    /** A time at or before that of each commit that still waits. Meaningful while {@link #isLastDurable()} is false. */
    public long pendingSinceNanos() {
        return pendingSinceNanos;
    }
}
