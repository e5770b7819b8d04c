package io.forebay.kafka.window;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentsTest {
    @Test
    void plainSegmentsAreHalfTheRetentionAndAtLeastAMinute() {
        assertThat(Segments.plain(0).interval()).isEqualTo(60_000);
        assertThat(Segments.plain(120_001).interval()).isEqualTo(60_000);
        assertThat(Segments.plain(120_002).interval()).isEqualTo(60_001);
        assertThat(Segments.plain(Long.MAX_VALUE).interval()).isEqualTo(Long.MAX_VALUE / 2);
    }

    @Test
    void nothingExpiresBeforeStreamTimeReachesTheRetention() {
        for (Segments segments : new Segments[] {
            Segments.plain(200_000), Segments.closingWindows(200_000, 10_000), Segments.closingSessions(200_000)
        }) {
            assertThat(segments.firstLive(-1)).isNotPositive();
            assertThat(segments.firstLive(200_000)).isNotPositive();
        }
    }

    @Test
    void aSpanIsLiveUntilAllOfItIsBeforeTheRetention() {
        Segments plain = Segments.plain(200_000);
        assertThat(plain.firstLive(299_999)).isZero();
        assertThat(plain.firstLive(300_000)).isEqualTo(1);
        Segments closing = Segments.closingWindows(200_000, 10_000);
        assertThat(closing.interval()).isEqualTo(10_000);
        assertThat(closing.firstLive(300_000)).as("kept for one more span").isZero();
        assertThat(closing.firstLive(399_999)).isZero();
        assertThat(closing.firstLive(400_000)).as("ten parts at once").isEqualTo(10);
    }

    @Test
    void rowsAreHiddenWhenTheRetentionIsOver() {
        assertThat(Segments.plain(10).visibleFrom(100)).isEqualTo(91);
        assertThat(Segments.closingSessions(10).visibleFrom(100)).isEqualTo(91);
        assertThat(Segments.closingWindows(10, 10).visibleFrom(100)).isEqualTo(91);
        assertThat(Segments.plain(Long.MAX_VALUE).visibleFrom(-1)).isNegative();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 59_999, 60_001, 3_600_000, 86_400_000, 31_536_000_000L, Long.MAX_VALUE})
    void partsFillTheirSpan(long retention) {
        for (long windowSize : new long[] {0, 1, 999, 60_000, retention}) {
            Segments windows = Segments.closingWindows(retention, windowSize);
            assertThat(windows.span() % windows.interval()).isZero();
            assertThat(windows.span())
                    .isGreaterThanOrEqualTo(Segments.plain(retention).span());
            assertThat(windows.span() / windows.interval()).isBetween(1L, 1024L);
            assertThat(windows.interval()).isGreaterThanOrEqualTo(1_000);
        }
        Segments sessions = Segments.closingSessions(retention);
        assertThat(sessions.span() / sessions.interval()).isEqualTo(8);
    }
}
