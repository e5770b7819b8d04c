package io.forebay.store.db.background;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.db.state.CommitMark;
import io.forebay.store.db.state.CommitTracker;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.Severity;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How long a commit waits to become durable. */
class CommitTimerTest {
    private static final long SECOND = 1_000_000_000L;

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor executor = new SteppedExecutor(clock);
    private final CommitTracker commits = new CommitTracker(new CommitMark(0, new byte[0], 0, clock.nanoTime()));
    private final Lifecycle lifecycle = new Lifecycle("s");
    private boolean writerIsInside;
    private boolean heapEnds;
    private boolean refusing;
    /** Runs once, when the timer asks for the time. */
    private Runnable duringNanoTime = () -> {};

    private int started;
    private CommitTimer timer;

    /** Sets alarms unless {@link #refusing}. */
    private final BackgroundExecutor moody = new ForwardingExecutor(executor) {
        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            if (refusing) {
                throw new OutOfMemoryError("injected");
            }
            return super.schedule(delayNanos, work);
        }
    };

    @BeforeEach
    void makeTimer() {
        timer = timer(executor, Duration.ofSeconds(10), 0);
    }

    private CommitTimer timer(BackgroundExecutor alarms, Duration interval, double phase) {
        Clock hooked = new Clock() {
            @Override
            public long nanoTime() {
                Runnable during = duringNanoTime;
                duringNanoTime = () -> {};
                during.run();
                return clock.nanoTime();
            }

            @Override
            public long currentTimeMillis() {
                return clock.currentTimeMillis();
            }
        };
        return new CommitTimer("s", alarms, hooked, commits, lifecycle, interval, phase, () -> {
            if (writerIsInside) {
                return false;
            }
            if (heapEnds) {
                heapEnds = false;
                throw new OutOfMemoryError("injected");
            }
            started++;
            commits.becameDurable(commits.last());
            return true;
        });
    }

    private void commit(CommitTimer of, long sequence) {
        commits.mark(sequence, new byte[0], clock.nanoTime());
        of.committed();
    }

    private void pass(long nanos) {
        clock.advance(nanos);
        executor.drain();
    }

    @Test
    void aCommitIsMadeDurableWhenTheIntervalHasPassed() {
        commit(timer, 1);
        pass(10 * SECOND - 1);
        assertThat(started).isZero();
        pass(1);
        assertThat(started).isEqualTo(1);
        pass(100 * SECOND);
        assertThat(started).isEqualTo(1);
    }

    /** Stores that commit at the same moment are flushed one after the other. */
    @Test
    void thePhaseOfAStoreTakesUpToAQuarterOfTheInterval() {
        timer = timer(executor, Duration.ofSeconds(10), 0.5);
        commit(timer, 1);
        pass(8_750_000_000L - 1);
        assertThat(started).isZero();
        pass(1);
        assertThat(started).isEqualTo(1);
    }

    @Test
    void commitsThatFollowShareTheAlarmOfTheFirstOne() {
        for (int i = 1; i <= 10; i++) {
            commit(timer, i);
            pass(SECOND);
        }
        assertThat(started).isEqualTo(1);
        assertThat(commits.durable().sequence()).isEqualTo(10);
    }

    /** The alarm was set for a commit that something else has made durable since. */
    @Test
    void theNextCommitHasItsWholeInterval() {
        commit(timer, 1);
        pass(9 * SECOND);
        commits.becameDurable(commits.last());
        commit(timer, 2);
        pass(9 * SECOND);
        assertThat(started).isZero();
        pass(SECOND);
        assertThat(started).isEqualTo(1);
    }

    @Test
    void aWriterThatIsInsideTheGateIsAskedAgainSoon() {
        writerIsInside = true;
        commit(timer, 1);
        pass(10 * SECOND);
        assertThat(started).isZero();
        writerIsInside = false;
        pass(1_000_000);
        assertThat(started).isEqualTo(1);
    }

    @Test
    void workThatCannotStartForWantOfHeapIsStartedSoon() {
        heapEnds = true;
        commit(timer, 1);
        pass(10 * SECOND); // nothing is thrown into the executor
        assertThat(started).isZero();
        pass(1_000_000);
        assertThat(started).isEqualTo(1);
    }

    @Test
    void nothingIsStartedForAClosedOrAFailedStore() {
        commit(timer, 1);
        lifecycle.fail(new IOException("disk"), Severity.TRANSIENT);
        pass(20 * SECOND);
        assertThat(started).isZero();
        lifecycle.close();
        commit(timer, 2);
        pass(20 * SECOND);
        assertThat(started).isZero();
    }

    @Test
    void aCancelledAlarmDoesNotRing() {
        commit(timer, 1);
        timer.cancel();
        pass(20 * SECOND);
        assertThat(started).isZero();
    }

    @Test
    void anAlarmThatCouldNotBeSetIsSetByTheNextCommit() {
        CommitTimer late = timer(moody, Duration.ofSeconds(10), 0);
        refusing = true;
        commit(late, 1); // counts, so it does not throw
        pass(10 * SECOND);
        assertThat(started).isZero();
        refusing = false;
        commit(late, 2);
        pass(10 * SECOND);
        assertThat(started).isEqualTo(1);
    }

    /** Without an alarm for the rest of the interval, nobody would make the last commit durable. */
    @Test
    void aCommitWhoseAlarmCouldNotBeSetAgainIsMadeDurableAtOnce() {
        CommitTimer late = timer(moody, Duration.ofSeconds(10), 0);
        commit(late, 1);
        pass(9 * SECOND);
        commits.becameDurable(commits.last());
        commit(late, 2);
        refusing = true;
        pass(SECOND);
        assertThat(started).isEqualTo(1);
        assertThat(commits.durable().sequence()).isEqualTo(2);
        refusing = false;
        commit(late, 3);
        pass(10 * SECOND);
        assertThat(started).isEqualTo(2);
        assertThat(commits.durable().sequence()).isEqualTo(3);
    }

    /** The first commit does not wait longer for it, and a closed store leaves no alarm behind. */
    @Test
    void aCommitWhileTheAlarmRingsSetsNoSecondAlarm() {
        Set<Object> alarms = new HashSet<>();
        ForwardingExecutor counting = new ForwardingExecutor(executor) {
            @Override
            public Runnable schedule(long delayNanos, Runnable work) {
                Object alarm = new Object();
                alarms.add(alarm);
                Runnable cancel = super.schedule(delayNanos, () -> {
                    alarms.remove(alarm);
                    work.run();
                });
                return () -> {
                    alarms.remove(alarm);
                    cancel.run();
                };
            }
        };
        timer = timer(counting, Duration.ofSeconds(10), 0);
        commit(timer, 1);
        pass(5 * SECOND);
        commits.becameDurable(commits.last());
        commit(timer, 2);
        duringNanoTime = () -> commit(timer, 3);
        pass(5 * SECOND);
        assertThat(commits.last().sequence()).isEqualTo(3);
        assertThat(alarms).hasSize(1);
        pass(5 * SECOND);
        assertThat(started).isEqualTo(1);
        assertThat(commits.durable().sequence()).isEqualTo(3);
        commit(timer, 4);
        timer.cancel();
        assertThat(alarms).isEmpty();
    }

    @Test
    void anIntervalLongerThanTheClockRunsNeverEnds() {
        CommitTimer never = timer(executor, Duration.ofSeconds(Long.MAX_VALUE), 0.999);
        commit(never, 1);
        pass(Duration.ofDays(10_000).toNanos());
        assertThat(started).isZero();
    }
}
