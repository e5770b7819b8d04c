package io.forebay.kafka.dsl;

import static io.forebay.kafka.dsl.Topologies.outWindowed;
import static io.forebay.kafka.dsl.Topologies.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.Seeds;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Operators that put out a window once, when it is closed. They read the store by time for windows whose retention is just
 * over, so with the default retention Kafka's in-memory stores miss some; they get a longer one here. The order within one
 * read is that of the store.
 */
class EmitFinalTest {
    private static final Duration GRACE = Duration.ofSeconds(15);
    private static final EmitStrategy WHEN_CLOSED = EmitStrategy.onWindowClose();

    enum Windows {
        TUMBLING {
            @Override
            void define(KGroupedStream<String, String> grouped, Duration retention) {
                outWindowed(grouped.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), GRACE))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<WindowStore<Bytes, byte[]>>retaining(retention))
                        .toStream());
            }
        },
        TUMBLING_WITHOUT_GRACE {
            @Override
            void define(KGroupedStream<String, String> grouped, Duration retention) {
                outWindowed(grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(1)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<WindowStore<Bytes, byte[]>>retaining(retention))
                        .toStream());
            }
        },
        SLIDING {
            @Override
            void define(KGroupedStream<String, String> grouped, Duration retention) {
                outWindowed(grouped.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), GRACE))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<WindowStore<Bytes, byte[]>>retaining(retention))
                        .toStream());
            }
        },
        SESSIONS {
            /** A late record may still extend a session that ended one gap earlier; the default is short of that gap. */
            @Override
            Duration shortRetention() {
                return GRACE.plusSeconds(4 + 4 + 1);
            }

            @Override
            void define(KGroupedStream<String, String> grouped, Duration retention) {
                outWindowed(grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(4), GRACE))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<SessionStore<Bytes, byte[]>>retaining(retention))
                        .toStream());
            }
        };

        /** The shortest that is right for late records; null for the default. */
        Duration shortRetention() {
            return null;
        }

        /** A null retention is the default one. */
        abstract void define(KGroupedStream<String, String> grouped, Duration retention);
    }

    private static <S extends StateStore> Materialized<String, Long, S> retaining(Duration retention) {
        Materialized<String, Long, S> materialized = Materialized.with(Serdes.String(), Serdes.Long());
        return retention == null ? materialized : materialized.withRetention(retention);
    }

    static Stream<Arguments> cases() {
        return Stream.of(Windows.values())
                .flatMap(windows -> Stream.of("DEFAULT", "HEADERS").map(format -> Arguments.of(windows, format)));
    }

    @ParameterizedTest(name = "{0} with values in format {1}")
    @MethodSource("cases")
    void everyClosedWindowIsPutOutOnce(Windows windows, String format) {
        Map<String, ?> settings = Map.of(StreamsConfig.DSL_STORE_FORMAT_CONFIG, format);
        Seeds.run(getClass(), 2, seed -> {
            List<Events.Event> input = Events.random(seed, 1500, 40_000);
            TopologyRun forebay = TopologyRun.onForebay(build(windows, windows.shortRetention()), input, settings);
            TopologyRun inMemory = TopologyRun.inMemory(build(windows, Duration.ofHours(10)), input, settings);
            assertThat(forebay.forebayStores()).isEqualTo(1);
            assertThat(forebay.output()).doesNotHaveDuplicates();
            assertThat(forebay.output()).containsExactlyInAnyOrderElementsOf(inMemory.output());
        });
    }

    private static Topology build(Windows windows, Duration retention) {
        StreamsBuilder builder = new StreamsBuilder();
        windows.define(
                values(builder, Events.LEFT)
                        .merge(values(builder, Events.RIGHT))
                        .groupByKey(),
                retention);
        return builder.build();
    }
}
