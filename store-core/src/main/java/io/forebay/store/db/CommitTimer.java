package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import java.time.Duration;

/**
 * Bounds how long a commit waits to become durable. One pending alarm at most, set by the first commit that waits;
 * commits after it cost one look at a field.
 */
final class CommitTimer {
    /** When the writer is busy in the moment of the alarm. */
    private static final long RETRY_NANOS = 1_000_000;

    /** Makes the newest commit durable in the background. */
    interface Action {
        /** @return false when the writer is inside the gate; ask again */
        boolean tryStart();
    }

    private final BackgroundExecutor executor;
    private final Clock clock;
    private final CommitTracker commits;
    private final Lifecycle lifecycle;
    private final long intervalNanos;
    private final Action action;
    private volatile boolean armed;
    private Runnable cancel;

    CommitTimer(StoreContext store, Action action) {
        executor = store.shared.executor();
        clock = store.shared.clock();
        commits = store.commits;
        lifecycle = store.lifecycle;
        intervalNanos = saturatedNanos(store.options.commitInterval());
        this.action = action;
    }

    /** Called after every commit that changed something. */
    void committed() {
        if (!armed) {
            arm(intervalNanos);
        }
    }

    synchronized void cancel() {
        if (cancel != null) {
            cancel.run();
            cancel = null;
        }
    }

    private synchronized void arm(long delayNanos) {
        if (!lifecycle.isClosed()) {
            armed = true; // before the alarm, which may ring at once
            boolean set = false;
            try {
                cancel = executor.schedule(delayNanos, this::ring);
                set = true;
            } finally {
                if (!set) {
                    armed = false; // the next commit tries again
                }
            }
        }
    }

    private void ring() {
        armed = false;
        if (commits.isSettled() || lifecycle.isClosed() || lifecycle.failure() != null) {
            return;
        }
        long left = intervalNanos - (clock.nanoTime() - commits.pendingSinceNanos());
        if (left > 0) {
            arm(left);
        } else if (!action.tryStart()) {
            arm(RETRY_NANOS);
        }
    }

    private static long saturatedNanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE / 2; // longer than the clock runs
        }
    }
}
