package io.forebay.kafka.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.TestContexts;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.window.WindowSupplier;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedWindowStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.apache.kafka.streams.state.internals.CountingCache;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.apache.kafka.test.TestUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A fetch over all time from cached windows of a second, of those that are put out when they close, probed Kafka's cache once
 * for each second.
 */
class FetchProbesCacheForEachSecondTest {
    private static final long NOW = 1_000_000_000L;

    @ParameterizedTest(name = "windows of {0} ms retained for {1} ms")
    @CsvSource({"1, 1", "1000, 1000", "10000, 86400000", "600000, 86400000"})
    void aFetchOfAllTimeProbesAtMostOnceAMinute(long windowSize, long retention) {
        AtomicLong probes = new AtomicLong();
        InternalMockProcessorContext<Object, Object> context = TestContexts.unlogged(
                TestUtils.tempDirectory(), Map.of(), metrics -> new CountingCache(metrics, probes));
        TestContexts.processing(context, "in", 0, 0);
        WindowBytesStoreSupplier supplier =
                WindowSupplier.readWhenClosed("s", ValueFormat.TIMESTAMPED, retention, windowSize, false, false);
        TimestampedWindowStore<Bytes, Integer> store = TestContexts.open(
                Stores.timestampedWindowStoreBuilder(supplier, Serdes.Bytes(), Serdes.Integer())
                        .withCachingEnabled()
                        .withLoggingDisabled()
                        .build(),
                context);
        Bytes key = Bytes.wrap(new byte[] {1});
        store.put(key, ValueAndTimestamp.make(7, NOW), NOW);
        for (boolean forward : new boolean[] {true, false}) {
            probes.set(0);
            try (WindowStoreIterator<ValueAndTimestamp<Integer>> rows =
                    forward ? store.fetch(key, 0, NOW) : store.backwardFetch(key, 0, NOW)) {
                assertThat(rows.next().key).isEqualTo(NOW);
                assertThat(rows.hasNext()).isFalse();
            }
            assertThat(probes.get()).isBetween(1L, NOW / 60_000 + 1);
        }
        store.close();
    }
}
