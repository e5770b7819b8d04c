package io.forebay.store.db.background;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ManualClock;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How long merges take, by a clock that their work and their pauses move. */
class MergePaceTest {
    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1000 * MILLI;
    private static final int STEPS = 10_000;

    private final ManualClock clock = new ManualClock();
    private int sortedRuns = 6;
    private int waiting;
    private boolean memoryIsAwaited;
    private long longestPause;
    private long pauses;
    private MergePace pace;

    @BeforeEach
    void flushEveryMinute() {
        pace = pace(true);
        pace.flushed();
        clock.advance(60 * SECOND);
        pace.flushed();
    }

    private MergePace pace(boolean mayPause) {
        return new MergePace(clock, mayPause, () -> sortedRuns, () -> waiting, () -> memoryIsAwaited, this::sleep);
    }

    private void sleep(long nanos) {
        longestPause = Math.max(longestPause, nanos);
        pauses++;
        clock.advance(nanos);
    }

    /** @return nanoseconds that a merge takes, which would take so many without a pause */
    private long merge(long nanos) {
        return merge(nanos, () -> {});
    }

    private long merge(long nanos, Runnable halfway) {
        long begun = clock.nanoTime();
        LongConsumer merge = pace.begin(STEPS);
        for (int step = 1; step <= STEPS; step++) {
            clock.advance(nanos / STEPS);
            merge.accept(step);
            if (step == STEPS / 2) {
                halfway.run();
            }
        }
        return clock.nanoTime() - begun;
    }

    private static long within(long expected) {
        return expected / 50;
    }

    @Test
    void aMergeIsSpreadOverAQuarterOfTheTimeBetweenFlushes() {
        assertTakes(merge(5 * SECOND), 15 * SECOND);
        assertThat(longestPause).isLessThanOrEqualTo(10 * MILLI);
    }

    @Test
    void itHasAnEighthOfItsThreadAtLeast() {
        assertTakes(merge(SECOND), 8 * SECOND);
    }

    @Test
    void oneThatTakesThatLongAnywayDoesNotPause() {
        assertThat(merge(15 * SECOND)).isEqualTo(15 * SECOND);
        assertThat(pauses).isZero();
    }

    /** Of all stores: they share the time. */
    @Test
    void mergesThatWaitShortenIt() {
        waiting = 2;
        assertTakes(merge(SECOND), 5 * SECOND);
    }

    @Test
    void sortedRunsShortenItUntilWritersWouldBeSlowed() {
        sortedRuns = 11;
        assertTakes(merge(2 * SECOND), 7_500 * MILLI);
        sortedRuns = 14;
        assertThat(merge(2 * SECOND)).isEqualTo(2 * SECOND);
        sortedRuns = 40;
        assertThat(merge(2 * SECOND)).isEqualTo(2 * SECOND);
    }

    @Test
    void itCatchesUpWhenRunsBecomeManyMeanwhile() {
        assertTakes(merge(2 * SECOND, () -> sortedRuns = 14), 7_500 * MILLI + SECOND);
    }

    @Test
    void aThreadThatWaitsForItHurriesIt() {
        pace.hurry();
        pace.hurry();
        pace.calm();
        assertThat(merge(SECOND)).isEqualTo(SECOND);
        pace.calm();
        assertTakes(merge(SECOND), 8 * SECOND);
    }

    /** It may have that memory, to read ahead. */
    @Test
    void soDoesAWriterThatWaitsForMemory() {
        assertTakes(merge(SECOND, () -> memoryIsAwaited = true), 4_500 * MILLI);
    }

    @Test
    void aLongerTimeBetweenFlushesIsBelievedSlowly() {
        clock.advance(160 * SECOND);
        pace.flushed(); // 60 + 0.3 * (160 - 60) = 90
        assertTakes(merge(4 * SECOND), 22_500 * MILLI);
    }

    /** A store that was idle is loaded. */
    @Test
    void aShorterTimeBetweenFlushesCountsAtOnce() {
        clock.advance(20 * SECOND);
        pace.flushed();
        assertTakes(merge(SECOND), 5 * SECOND);
    }

    @Test
    void beforeTheSecondFlushNothingPauses() {
        pace = pace(true);
        assertThat(merge(SECOND)).isEqualTo(SECOND);
        pace.flushed();
        clock.advance(60 * SECOND);
        assertThat(merge(SECOND)).isEqualTo(SECOND);
    }

    @Test
    void nothingPausesWhereFlushesMayNeedTheThread() {
        pace = pace(false);
        pace.flushed();
        clock.advance(60 * SECOND);
        pace.flushed();
        assertThat(merge(SECOND)).isEqualTo(SECOND);
    }

    /** As a clock that a test moves. */
    @Test
    void workThatTakesNoTimeHasNoPause() {
        assertThat(merge(0)).isZero();
    }

    /** A merge of the same keys writes a fraction of what it reads. */
    @Test
    void aMergeThatDropsMostOfItsInputEndsEarlier() {
        long begun = clock.nanoTime();
        LongConsumer merge = pace.begin(10 * STEPS);
        for (int step = 1; step <= STEPS; step++) {
            clock.advance(MILLI / 20);
            merge.accept(step);
        }
        assertTakes(clock.nanoTime() - begun, 1_500 * MILLI);
    }

    private static void assertTakes(long nanos, long expected) {
        assertThat(nanos).isBetween(expected - within(expected), expected + within(expected));
    }
}
