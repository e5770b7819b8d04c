package io.forebay.store.db;

import java.util.Arrays;

/**
 * The newest commit and the newest durable one. Marks are made inside the gate; they become durable in the background, in
 * order. Readable from any thread.
 */
final class CommitTracker {
    private volatile CommitMark last;
    private volatile CommitMark durable;
    private volatile long pendingSinceNanos;

    /** @param recovered the durable commit that the store was opened at */
    CommitTracker(CommitMark recovered) {
        last = recovered;
        durable = recovered;
    }

    /**
     * Makes a mark; inside the gate.
     *
     * @return false when neither the state nor the payload changed since the last one
     */
    boolean mark(long sequence, byte[] payload, long nowNanos) {
        if (isLast(sequence, payload)) {
            return false;
        }
        take(next(sequence, payload, nowNanos));
        return true;
    }

    /** The mark that would be next, with a copy of the payload; inside the gate. Nothing is changed before {@link #take}. */
    CommitMark next(long sequence, byte[] payload, long nowNanos) {
        return new CommitMark(sequence, payload.clone(), last.number() + 1, nowNanos);
    }

    /** Makes {@code mark} the newest commit; inside the gate. */
    void take(CommitMark mark) {
        if (last == durable) {
            pendingSinceNanos = mark.nanos();
        }
        last = mark;
    }

    /** True when the newest commit is this one. */
    boolean isLast(long sequence, byte[] payload) {
        return last.sequence() == sequence && Arrays.equals(last.payload(), payload);
    }

    /** The commit that becomes durable once all writes up to {@code sequence} are in files, given the newest one at the freeze. */
    CommitMark coveredBy(long sequence, CommitMark atFreeze) {
        CommitMark newest = last;
        return newest.sequence() <= sequence ? newest : atFreeze;
    }

    /** Notes that {@code mark} is in the manifest, or in a synced log. Any thread; an older one than before has no effect. */
    synchronized void becameDurable(CommitMark mark) {
        if (mark.number() >= durable.number()) {
            pendingSinceNanos = mark.nanos();
            durable = mark;
        }
    }

    CommitMark last() {
        return last;
    }

    CommitMark durable() {
        return durable;
    }

    /** True when nothing waits to become durable. */
    boolean isSettled() {
        return durable == last;
    }

    /** True when {@code mark} or a later commit is durable. */
    boolean isDurable(CommitMark mark) {
        return durable.number() >= mark.number();
    }

    /** No commit that still waits is older than this; meaningful while {@link #isSettled()} is false. */
    long pendingSinceNanos() {
        return pendingSinceNanos;
    }
}
