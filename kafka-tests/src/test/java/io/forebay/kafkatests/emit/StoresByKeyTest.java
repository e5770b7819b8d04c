package io.forebay.kafkatests.emit;

import java.util.Random;
import org.apache.kafka.streams.DslStoreFormat;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * As {@link TimeOrderedStoresTest}, for the stores that are sorted by their keys alone: those of windows and sessions that
 * are emitted at once, and of joins.
 */
class StoresByKeyTest {
    @ParameterizedTest(name = "format {0}, a cache of {1} bytes")
    @CsvSource({"PLAIN, 0", "TIMESTAMPED, 0", "TIMESTAMPED, 3000", "HEADERS, 0"})
    void windows(DslStoreFormat format, long cacheBytes) {
        SeededRuns.run(
                getClass(),
                2,
                seed -> WindowTwins.putOutAtOnce(new Random(seed), format, cacheBytes)
                        .run());
    }

    @Test
    void joins() {
        SeededRuns.run(
                getClass(), 2, seed -> WindowTwins.joined(new Random(seed)).run());
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "HEADERS"})
    void sessions(DslStoreFormat format) {
        SeededRuns.run(
                getClass(), 2, seed -> new SessionTwins(new Random(seed), format, EmitStrategy.onWindowUpdate()).run());
    }
}
