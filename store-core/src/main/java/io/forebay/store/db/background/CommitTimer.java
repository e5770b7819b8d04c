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
    // Written under this, read without
    private volatile boolean armed;

    // Guarded by this
    private Runnable cancel;
    /** Of the newest alarm: an older one may ring when it was too late to cancel it. */
    private long number;
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
        armed = false;
        if (cancel != null) {
            Runnable last = cancel;
            cancel = null;
            last.run();
        }
    }

    /**
     * Sets an alarm instead of the present one. Throws nothing: the commit counts, and neither the writer nor the executor
     * could do anything about the alarm.
     *
     * @return false when the executor refuses the alarm
     */
    private synchronized boolean arm(long delayNanos) {
        if (lifecycle.isClosed()) {
            return true;
        }
        try {
            cancel();
            long next = ++number;
            armed = true; // before the alarm is set, which may ring at once
            cancel = executor.schedule(delayNanos, () -> ring(next));
            refused = false;
            return true;
        } catch (RuntimeException | Error e) {
            armed = false; // the next commit tries again
            if (!refused) {
                refused = true;
                LOG.warn(
                        "The executor refused the alarm for the commits of store {}; its next commit tries again",
                        name,
                        e);
            }
            return false;
        }
    }

    private void ring(long alarm) {
        synchronized (this) {
            if (alarm != number) {
                return;
            }
            cancel = null;
            armed = false; // before the look at the commits: one that comes later sets an alarm
        }
        if (commits.isLastDurable() || lifecycle.isClosed() || lifecycle.failure() != null) {
            return;
        }
        long left = intervalNanos - (clock.nanoTime() - commits.pendingSinceNanos());
        // Without an alarm for the rest the commit becomes durable earlier than asked for, which is better than never.
        if (left <= 0 || !arm(left)) {
            start();
        }
    }

    private void start() {
        boolean started = false;
        try {
            started = action.tryStart();
        } catch (RuntimeException | Error e) { // the executor would not expect it
            LOG.warn("The commits of store {} are not being made durable; it is tried again", name, e);
        } finally {
            if (!started) {
                arm(RETRY_NANOS);
            }
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
