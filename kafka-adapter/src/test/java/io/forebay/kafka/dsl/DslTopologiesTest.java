package io.forebay.kafka.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Seeds;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every stateful operator puts out the same on Forebay as on Kafka's in-memory stores, for the same random input. */
@Tag("smoke")
class DslTopologiesTest {
    static Stream<Arguments> topologies() {
        return Stream.of(Topologies.values())
                .flatMap(topology -> Stream.of("DEFAULT", "HEADERS")
                        .flatMap(format -> Stream.of(0, 1 << 20).map(cache -> Arguments.of(topology, format, cache))));
    }

    @ParameterizedTest(name = "{0} with values in format {1} and a cache of {2} bytes")
    @MethodSource("topologies")
    void putsOutTheSameAsOnInMemoryStores(Topologies definition, String format, int cacheBytes) {
        Map<String, ?> settings = Map.of(
                StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG,
                cacheBytes,
                StreamsConfig.DSL_STORE_FORMAT_CONFIG,
                format);
        Seeds.run(getClass(), 1, seed -> {
            List<Events.Event> input = Events.random(seed, 1200);
            TopologyRun forebay = TopologyRun.onForebay(build(definition), input, settings);
            TopologyRun inMemory = TopologyRun.inMemory(build(definition), input, settings);
            assertThat(forebay.stores()).isEqualTo(definition.stores());
            assertThat(forebay.forebayStores()).as("stores on Forebay").isEqualTo(definition.stores());
            assertThat(inMemory.forebayStores()).isZero();
            assertThat(forebay.output()).isEqualTo(inMemory.output());
        });
    }

    private static Topology build(Topologies definition) {
        StreamsBuilder builder = new StreamsBuilder();
        definition.define(builder);
        return builder.build();
    }
}
