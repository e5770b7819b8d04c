package io.forebay.store.db.background;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.db.state.CommitTracker;
import io.forebay.store.db.state.Lifecycle;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds how long a commit waits before the work starts that makes it durable. The first commit that waits sets an
 * alarm; there is at most one alarm. Further commits cost one look at a field.
 */
final class CommitTimer {
    private static final Logger LOG = LoggerFactory.getLogger(CommitTimer.class);
    /** The time to the next alarm when the writer is inside the gate at the time of an alarm. */
    private static final long RETRY_NANOS = 1_000_000;

    /**
     * Alarms ring up to so much of the interval earlier, those of each store by another time: hosts commit many stores at the
     * same moment.
     */
    private static final double PHASE_SHARE = 0.25;

    /** Starts the work that makes the newest commit durable, in the background. */
    interface Action {
        /** @return false when the writer is inside the gate; then the timer tries again */
        boolean tryStart();
    }

    private final BackgroundExecutor executor;
    private final Clock clock;
    private final CommitTracker commits;
    private final Lifecycle lifecycle;
    private final long intervalNanos;
    private final Action action;
    private final String name;
    /** Whether an alarm is set. */
    // Volatile: written by any thread
    private volatile boolean armed;
    // Guarded by this
    private Runnable cancel;
    /** Whether the last alarm was refused, and the log says so. */
    private boolean refused;

    /**
     * @param name of the store, for messages
     * @param interval the longest time from a commit to the start of the work that makes it durable
     * @param phase of the store, from 0 to below 1
     */
    CommitTimer(
            String name,
            BackgroundExecutor executor,
            Clock clock,
            CommitTracker commits,
            Lifecycle lifecycle,
            Duration interval,
            double phase,
            Action action) {
        this.name = name;
        this.executor = executor;
        this.clock = clock;
        this.commits = commits;
        this.lifecycle = lifecycle;
        long longest = saturatedNanos(interval);
        intervalNanos = longest - (long) (longest * PHASE_SHARE * phase);
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

    /** Throws nothing: the commit counts, and neither the writer nor the executor could do anything about the alarm. */
    private synchronized void arm(long delayNanos) {
        if (lifecycle.isClosed()) {
            return;
        }
        armed = true; // before the alarm is set, which may ring at once
        try {
            cancel = executor.schedule(delayNanos, this::ring);
            refused = false;
        } catch (RuntimeException | Error e) {
            armed = false; // the next commit tries again
            if (!refused) {
                refused = true;
                LOG.warn(
                        "The executor refused the alarm for the commits of store {}; its next commit tries again",
                        name,
                        e);
            }
        }
    }

    private void ring() {
        armed = false;
        if (commits.isLastDurable() || lifecycle.isClosed() || lifecycle.failure() != null) {
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
