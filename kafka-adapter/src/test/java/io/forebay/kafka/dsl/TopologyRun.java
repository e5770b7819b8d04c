package io.forebay.kafka.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import io.forebay.kafka.state.EngineRows;
import io.forebay.kafka.state.ForebayStateStore;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreIterator;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyDescription;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers;
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.internals.Innermost;
import org.apache.kafka.streams.test.TestRecord;
import org.apache.kafka.test.TestUtils;

/** Runs a topology over input with one kind of stores, and tells what it emitted. */
final class TopologyRun {
    static final String OUTPUT = "output";

    /** By wall clock, how often an operator puts out closed windows at most. */
    private static final Duration EMIT_INTERVAL = Duration.ofSeconds(1);

    private final List<String> output = new ArrayList<>();
    private int stores;
    private int forebayStores;
    private double dropped;
    private int engineRows;

    /** Milliseconds of the input's time in one of the wall clock; 0: each record comes one emit interval after the last. */
    private final long speed;

    private TopologyRun(long speed) {
        this.speed = speed;
    }

    /** Topologies may put nothing out, as when all of it comes too late. */
    static TopologyRun atSpeed(
            long speed,
            Topology topology,
            List<Events.Event> input,
            Map<String, ?> settings,
            Class<? extends DslStoreSuppliers> suppliers) {
        return new TopologyRun(speed).run(topology, input, settings, suppliers);
    }

    static TopologyRun onForebay(Topology topology, List<Events.Event> input, Map<String, ?> settings) {
        return new TopologyRun(0)
                .run(topology, input, settings, ForebayDslStoreSuppliers.class)
                .mustPutOut();
    }

    static TopologyRun inMemory(Topology topology, List<Events.Event> input, Map<String, ?> settings) {
        return new TopologyRun(0)
                .run(topology, input, settings, InMemoryDslStoreSuppliers.class)
                .mustPutOut();
    }

    /** Every record emitted, in order. */
    List<String> output() {
        return output;
    }

    /** Records that operators or stores have dropped. */
    double dropped() {
        return dropped;
    }

    /** Rows that are left in Forebay's stores at the end. */
    int engineRows() {
        return engineRows;
    }

    private static int engineRows(ForebayStateStore store) {
        int count = 0;
        try (StoreIterator rows = EngineRows.of(store, KeyRange.all())) {
            for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                count++;
            }
        }
        return count;
    }

    private TopologyRun mustPutOut() {
        assertThat(output).as("a topology that puts nothing out proves nothing").hasSizeGreaterThan(20);
        return this;
    }

    /** State stores of the topology. */
    int stores() {
        return stores;
    }

    /** Those of them that are Forebay's, under all wrappers. */
    int forebayStores() {
        return forebayStores;
    }

    private static Set<String> sourceTopics(Topology topology) {
        Set<String> topics = new TreeSet<>();
        TopologyDescription description = topology.describe();
        description.globalStores().forEach(store -> topics.addAll(store.source().topicSet()));
        description
                .subtopologies()
                .forEach(part -> part.nodes().forEach(node -> {
                    if (node instanceof TopologyDescription.Source source) {
                        topics.addAll(source.topicSet());
                    }
                }));
        topics.retainAll(Set.of(Events.TOPICS));
        return topics;
    }

    private TopologyRun run(
            Topology topology,
            List<Events.Event> input,
            Map<String, ?> settings,
            Class<? extends DslStoreSuppliers> suppliers) {
        File dir = TestUtils.tempDirectory();
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "dsl");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, dir.getPath());
        properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, suppliers);
        properties.put("forebay.memory.bytes", 16 << 20);
        properties.put("forebay.memtable.bytes", 64 << 10);
        properties.putAll(settings);
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, properties)) {
            Map<String, TestInputTopic<String, String>> topics = new TreeMap<>();
            for (String topic : sourceTopics(topology)) {
                topics.put(topic, driver.createInputTopic(topic, new StringSerializer(), new StringSerializer()));
            }
            for (StateStore store : driver.getAllStateStores().values()) {
                stores++;
                forebayStores += Innermost.of(store) instanceof ForebayStateStore ? 1 : 0;
            }
            var results = driver.createOutputTopic(OUTPUT, new StringDeserializer(), new StringDeserializer());
            long passed = 0;
            long latest = input.get(0).timestamp();
            for (Events.Event event : input) {
                if (!topics.containsKey(event.topic())) {
                    continue;
                }
                if (speed == 0) {
                    driver.advanceWallClockTime(EMIT_INTERVAL);
                } else {
                    latest = Math.max(latest, event.timestamp());
                    long due = (latest - input.get(0).timestamp()) / speed;
                    driver.advanceWallClockTime(Duration.ofMillis(due - passed));
                    passed = due;
                }
                topics.get(event.topic())
                        .pipeInput(new TestRecord<>(event.key(), event.value(), null, event.timestamp()));
                for (TestRecord<String, String> result : results.readRecordsToList()) {
                    output.add(result.key() + "=" + result.value() + "@" + result.timestamp());
                }
            }
            for (StateStore store : driver.getAllStateStores().values()) {
                if (Innermost.of(store) instanceof ForebayStateStore forebay) {
                    engineRows += engineRows(forebay);
                }
            }
            driver.metrics().forEach((name, metric) -> {
                if (name.name().equals("dropped-records-total")) {
                    dropped += (Double) metric.metricValue();
                }
            });
        }
        return this;
    }
}
