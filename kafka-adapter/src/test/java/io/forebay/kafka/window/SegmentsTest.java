package io.forebay.kafka.window;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentsTest {
    private static Segments[] ofAllKinds(long retention, long windowSize) {
        return new Segments[] {
            Segments.plain(retention),
            Segments.closingWindows(retention, windowSize),
            Segments.closingSlidingWindows(retention),
            Segments.closingSessions(retention)
        };
    }

    @Test
    void spansAreHalfTheRetentionAndAtLeastAMinute() {
        assertThat(Segments.plain(0).interval()).isEqualTo(60_000);
        assertThat(Segments.plain(120_001).interval()).isEqualTo(60_000);
        assertThat(Segments.plain(120_002).interval()).isEqualTo(60_001);
        assertThat(Segments.plain(Long.MAX_VALUE).interval()).isEqualTo(Long.MAX_VALUE / 2);
        for (Segments segments : ofAllKinds(200_000, 10_000)) {
            assertThat(segments.span()).isEqualTo(100_000);
        }
    }

    @Test
    void nothingExpiresBeforeStreamTimeReachesTheRetention() {
        for (Segments segments : ofAllKinds(200_000, 10_000)) {
            assertThat(segments.liveFrom(-1)).isNotPositive();
            assertThat(segments.liveFrom(200_000)).isNotPositive();
        }
    }

    @Test
    void aSpanIsLiveUntilAllOfItIsBeforeTheRetention() {
        for (Segments segments : ofAllKinds(200_000, 10_000)) {
            assertThat(segments.liveFrom(299_999)).isNotPositive();
            assertThat(segments.liveFrom(300_000)).isEqualTo(100_000);
        }
    }

    @Test
    void rowsAreHiddenWhenTheRetentionIsOver() {
        assertThat(Segments.plain(10).visibleFrom(100)).isEqualTo(91);
        assertThat(Segments.closingSessions(10).visibleFrom(100)).isEqualTo(91);
        assertThat(Segments.closingWindows(10, 10).visibleFrom(100)).isEqualTo(90);
        assertThat(Segments.closingSlidingWindows(10).visibleFrom(100)).isEqualTo(90);
        assertThat(Segments.plain(Long.MAX_VALUE).visibleFrom(-1)).isNegative();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 59_999, 60_001, 3_600_000, 86_400_000, 31_536_000_000L, Long.MAX_VALUE})
    void segmentsOfClosingWindowsAreAboutAWindowAndNeverShorterThanAMinute(long retention) {
        for (long windowSize : new long[] {0, 1, 999, 60_000, 90_000, retention}) {
            Segments windows = Segments.closingWindows(retention, windowSize);
            assertThat(windows.interval()).isBetween(60_000L, windows.span());
            assertThat(windows.span() / windows.interval()).isLessThanOrEqualTo(1_024);
        }
        assertThat(Segments.closingWindows(86_400_000, 90_000).interval()).isEqualTo(90_000);
    }
}
