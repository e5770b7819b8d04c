package io.forebay.kafka.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.Mockito.mockStatic;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import io.forebay.kafka.TestContexts;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.LogCaptureAppender;
import org.apache.kafka.streams.DslStoreFormat;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.test.TestUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mockito.MockedStatic;

/** A Kafka that does not let our store be known as time-ordered, as a later release or another way to load it might. */
class RefusedStandInTest {
    static Stream<Throwable> refusals() {
        return Stream.of(new NoSuchMethodException("none"), new VerifyError("of another shape"));
    }

    private static void open(StoreBuilder<?> builder) {
        TestContexts.open(
                        builder.withLoggingDisabled().build(),
                        TestContexts.unlogged(TestUtils.tempDirectory(), Map.of()))
                .close();
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void theLogSaysSoAndOnlyTheCacheThatSortsByKeyIsRefused(Throwable refusal) {
        WindowBytesStoreSupplier supplier = new ForebayDslStoreSuppliers()
                .windowStore(new DslWindowParams(
                        "counts",
                        Duration.ofMinutes(1),
                        Duration.ofSeconds(7),
                        false,
                        EmitStrategy.onWindowClose(),
                        false,
                        DslStoreFormat.TIMESTAMPED));
        StoreBuilder<?> builder = Stores.timestampedWindowStoreBuilder(supplier, Serdes.Bytes(), Serdes.Integer());
        try (MockedStatic<TimeOrderedStandIn> standIn = mockStatic(TimeOrderedStandIn.class);
                LogCaptureAppender log = LogCaptureAppender.createAndRegister()) {
            standIn.when(() -> TimeOrderedStandIn.over(any(), anyBoolean())).thenThrow(refusal);
            open(builder.withCachingDisabled());
            assertThat(log.getMessages())
                    .anyMatch(line -> line.equals("This Kafka does not let store counts be known as time-ordered"));
            assertThatThrownBy(() -> open(builder.withCachingEnabled()))
                    .isInstanceOf(StreamsException.class)
                    .hasMessageContaining("Store counts ")
                    .hasMessageContaining("Materialized.withCachingDisabled()");
        }
        open(builder.withCachingEnabled());
    }
}
