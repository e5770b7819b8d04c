package io.forebay.kafka.dsl;

import static io.forebay.kafka.dsl.Topologies.outWindowed;
import static io.forebay.kafka.dsl.Topologies.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import io.forebay.kafka.config.ForebayConfig;
import io.forebay.store.testing.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Operators that emit a window once, when it is closed: the same windows in the same order as by the rules of Kafka's
 * time-ordered stores, however often they look for closed windows and however fast time goes by. Windows without grace
 * downstream show what a wrong order does: they drop as late what comes behind its time.
 */
class EmitFinalTest {
    private static final EmitStrategy WHEN_CLOSED = EmitStrategy.onWindowClose();
    private static final String EMIT_INTERVAL =
            StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION;

    enum Windows {
        TUMBLING_OF_7_SECONDS {
            @Override
            KStream<Windowed<String>, Long> define(KGroupedStream<String, String> grouped, Duration retention) {
                return grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(7)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<WindowStore<Bytes, byte[]>>retaining(retention))
                        .toStream();
            }
        },
        TUMBLING_OF_90_SECONDS {
            @Override
            KStream<Windowed<String>, Long> define(KGroupedStream<String, String> grouped, Duration retention) {
                return grouped.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(90), Duration.ofSeconds(20)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<WindowStore<Bytes, byte[]>>retaining(retention))
                        .toStream();
            }
        },
        HOPPING {
            @Override
            KStream<Windowed<String>, Long> define(KGroupedStream<String, String> grouped, Duration retention) {
                return grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofMinutes(10))
                                .advanceBy(Duration.ofMinutes(1)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<WindowStore<Bytes, byte[]>>retaining(retention))
                        .toStream();
            }
        },
        SLIDING {
            @Override
            KStream<Windowed<String>, Long> define(KGroupedStream<String, String> grouped, Duration retention) {
                return grouped.windowedBy(
                                SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(15)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<WindowStore<Bytes, byte[]>>retaining(retention))
                        .toStream();
            }
        },
        SESSIONS {
            @Override
            KStream<Windowed<String>, Long> define(KGroupedStream<String, String> grouped, Duration retention) {
                return grouped.windowedBy(
                                SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(10)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(EmitFinalTest.<SessionStore<Bytes, byte[]>>retaining(retention))
                        .toStream();
            }
        };

        /** A null retention is the default one, the shortest. */
        abstract KStream<Windowed<String>, Long> define(KGroupedStream<String, String> grouped, Duration retention);
    }

    private static <S extends StateStore> Materialized<String, Long, S> retaining(Duration retention) {
        Materialized<String, Long, S> materialized = Materialized.with(Serdes.String(), Serdes.Long());
        return retention == null ? materialized : materialized.withRetention(retention);
    }

    static Stream<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (Windows windows : Windows.values()) {
            for (Duration retention : new Duration[] {null, Duration.ofDays(1)}) {
                for (int emitInterval : new int[] {0, 1_000}) {
                    for (int cache : new int[] {0, 1 << 20}) {
                        cases.add(Arguments.of(windows, retention, emitInterval, cache));
                    }
                }
            }
        }
        return cases.stream();
    }

    /** Real time, a minute in a second, and what catching up comes to. */
    private static final long[] SPEEDS = {1, 60, 1_440};

    @ParameterizedTest(name = "{0} retained for {1}, looked for every {2} ms, a cache of {3} bytes")
    @MethodSource("cases")
    void theSameWindowsInTheSameOrderAsByTheRulesOfKafka(
            Windows windows, Duration retention, int emitInterval, int cacheBytes) {
        for (String format : new String[] {"DEFAULT", "HEADERS"}) {
            Map<String, Object> settings = settings(emitInterval, cacheBytes, format);
            Seeds.run(getClass(), 1, seed -> {
                for (long speed : SPEEDS) {
                    List<Events.Event> input = Events.random(seed, 700, 40_000);
                    TopologyRun forebay = TopologyRun.atSpeed(
                            speed, build(windows, retention), input, settings, ForebayDslStoreSuppliers.class);
                    TopologyRun rules =
                            TopologyRun.atSpeed(speed, build(windows, retention), input, settings, KafkaRules.class);
                    assertThat(forebay.forebayStores()).isEqualTo(2);
                    assertThat(forebay.output()).as("at speed " + speed).isEqualTo(rules.output());
                    if (speed == 1) {
                        assertThat(rules.output()).hasSizeGreaterThan(50);
                    }
                    assertThat(forebay.dropped()).isEqualTo(rules.dropped());
                }
            });
        }
    }

    static Stream<Arguments> keptCases() {
        return Stream.of(Windows.values())
                .flatMap(windows -> Stream.of(0, 1 << 20).map(cache -> Arguments.of(windows, cache)));
    }

    @ParameterizedTest(name = "{0}, a cache of {1} bytes")
    @MethodSource("keptCases")
    void nothingIsLostHoweverFastTimeGoesByWhenItIsKeptUntilItWasPutOut(Windows windows, int cacheBytes) {
        Map<String, Object> settings = settings(1_000, cacheBytes, "DEFAULT");
        Map<String, Object> kept = new HashMap<>(settings);
        kept.put(ForebayConfig.KEEP_UNTIL_EMITTED_CONFIG, true);
        Seeds.run(getClass(), 1, seed -> {
            List<Events.Event> input = Events.random(seed, 700, 40_000);
            long end = input.get(699).timestamp() + 36_000_000;
            input.add(new Events.Event(Events.LEFT, "end", "1", end));
            input.add(new Events.Event(Events.LEFT, "end", "2", end + 1));
            List<String> inRealTime = null;
            for (long speed : SPEEDS) {
                TopologyRun forebay =
                        TopologyRun.atSpeed(speed, build(windows, null), input, kept, ForebayDslStoreSuppliers.class);
                TopologyRun rules = TopologyRun.atSpeed(speed, build(windows, null), input, kept, KafkaRules.class);
                assertThat(forebay.output()).as("at speed " + speed).isEqualTo(rules.output());
                assertThat(forebay.output()).doesNotHaveDuplicates();
                inRealTime = inRealTime == null ? forebay.output() : inRealTime;
                assertThat(forebay.output()).containsExactlyInAnyOrderElementsOf(inRealTime);
                assertThat(forebay.engineRows()).as("rows left").isLessThan(100);
            }
            if (cacheBytes == 0) { // or what is lost is still in the cache
                TopologyRun lossy = TopologyRun.atSpeed(
                        1_440, build(windows, null), input, settings, ForebayDslStoreSuppliers.class);
                assertThat(lossy.output()).as("without the setting").hasSizeLessThan(inRealTime.size());
            }
        });
    }

    private static Map<String, Object> settings(int emitInterval, int cacheBytes, String format) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, cacheBytes);
        settings.put(StreamsConfig.DSL_STORE_FORMAT_CONFIG, format);
        settings.put(EMIT_INTERVAL, emitInterval);
        return settings;
    }

    private static Topology build(Windows windows, Duration retention) {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<Windowed<String>, Long> closed = windows.define(
                values(builder, Events.LEFT)
                        .merge(values(builder, Events.RIGHT))
                        .groupByKey(),
                retention);
        outWindowed(closed);
        closed.map((window, count) -> KeyValue.pair("all", "x"))
                .groupByKey()
                .windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofMinutes(1)))
                .count(Materialized.with(Serdes.String(), Serdes.Long()));
        return builder.build();
    }
}
