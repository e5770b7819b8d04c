package io.forebay.kafka.window;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SegmentsTest {
    private static Segments[] ofAllKinds(long retention) {
        return new Segments[] {
            Segments.plain(retention), Segments.closingWindows(retention, false), Segments.closingSessions(retention)
        };
    }

    @Test
    void segmentsAreHalfTheRetentionAndAtLeastAMinute() {
        assertThat(Segments.plain(0).interval()).isEqualTo(60_000);
        assertThat(Segments.plain(120_001).interval()).isEqualTo(60_000);
        assertThat(Segments.plain(120_002).interval()).isEqualTo(60_001);
        assertThat(Segments.plain(Long.MAX_VALUE).interval()).isEqualTo(Long.MAX_VALUE / 2);
        for (Segments segments : ofAllKinds(200_000)) {
            assertThat(segments.interval()).isEqualTo(100_000);
        }
    }

    @Test
    void nothingExpiresBeforeStreamTimeReachesTheRetention() {
        for (Segments segments : ofAllKinds(200_000)) {
            assertThat(segments.liveFrom(-1)).isNotPositive();
            assertThat(segments.liveFrom(200_000)).isNotPositive();
        }
    }

    @Test
    void aSegmentIsLiveUntilAllOfItIsBeforeTheRetention() {
        for (Segments segments : ofAllKinds(200_000)) {
            assertThat(segments.liveFrom(299_999)).isNotPositive();
            assertThat(segments.liveFrom(300_000)).isEqualTo(100_000);
        }
    }

    @Test
    void rowsAreHiddenWhenTheRetentionIsOver() {
        assertThat(Segments.plain(10).visibleFrom(100)).isEqualTo(91);
        assertThat(Segments.closingSessions(10).visibleFrom(100)).isEqualTo(91);
        assertThat(Segments.closingWindows(10, false).visibleFrom(100)).isEqualTo(90);
        assertThat(Segments.plain(Long.MAX_VALUE).visibleFrom(-1)).isNegative();
    }
}
