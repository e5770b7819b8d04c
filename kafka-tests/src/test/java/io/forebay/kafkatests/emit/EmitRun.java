package io.forebay.kafkatests.emit;

import io.forebay.kafka.state.ForebayStateStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.apache.kafka.streams.test.TestRecord;
import org.apache.kafka.test.TestUtils;

/** Counts in windows that are emitted when they close, counts those in windows without grace, and tells what came out. */
final class EmitRun {
    private static final EmitStrategy WHEN_CLOSED = EmitStrategy.onWindowClose();

    record Input(String key, long timestamp) {}

    enum Windows {
        TUMBLING_OF_7_SECONDS,
        TUMBLING_OF_90_SECONDS,
        HOPPING,
        SLIDING,
        SESSIONS
    }

    private final Class<? extends DslStoreSuppliers> suppliers;
    private final Windows windows;
    private final boolean cached;
    private final Duration retention;

    private final List<String> output = new ArrayList<>();
    private final List<String> downstream = new ArrayList<>();
    private double dropped;
    private String stores;

    /** A null retention is the default one, the shortest. */
    EmitRun(Class<? extends DslStoreSuppliers> suppliers, Windows windows, boolean cached, Duration retention) {
        this.suppliers = suppliers;
        this.windows = windows;
        this.cached = cached;
        this.retention = retention;
    }

    List<String> output() {
        return output;
    }

    List<String> downstream() {
        return downstream;
    }

    /** Records that operators or stores have dropped. */
    double dropped() {
        return dropped;
    }

    /** Whose the stores are. */
    String stores() {
        return stores;
    }

    private <S extends StateStore> Materialized<String, Long, S> materialized() {
        Materialized<String, Long, S> materialized = Materialized.with(Serdes.String(), Serdes.Long());
        if (retention != null) {
            materialized.withRetention(retention);
        }
        return cached ? materialized.withCachingEnabled() : materialized.withCachingDisabled();
    }

    private KStream<Windowed<String>, Long> closed(KGroupedStream<String, String> grouped) {
        switch (windows) {
            case TUMBLING_OF_7_SECONDS:
                return grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(7)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(this.<WindowStore<Bytes, byte[]>>materialized())
                        .toStream();
            case TUMBLING_OF_90_SECONDS:
                return grouped.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(90), Duration.ofSeconds(20)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(this.<WindowStore<Bytes, byte[]>>materialized())
                        .toStream();
            case HOPPING:
                return grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofMinutes(5))
                                .advanceBy(Duration.ofSeconds(30)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(this.<WindowStore<Bytes, byte[]>>materialized())
                        .toStream();
            case SLIDING:
                return grouped.windowedBy(
                                SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(15)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(this.<WindowStore<Bytes, byte[]>>materialized())
                        .toStream();
            default:
                return grouped.windowedBy(
                                SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(10)))
                        .emitStrategy(WHEN_CLOSED)
                        .count(this.<SessionStore<Bytes, byte[]>>materialized())
                        .toStream();
        }
    }

    private Topology topology() {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<Windowed<String>, Long> closed =
                closed(builder.<String, String>stream("in").groupByKey());
        closed.selectKey((window, count) -> window.toString()).to("out", Produced.with(Serdes.String(), Serdes.Long()));
        closed.map((window, count) -> KeyValue.pair("all", "x"))
                .groupByKey()
                .windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)))
                .count(Materialized.with(Serdes.String(), Serdes.Long()))
                .toStream((window, count) -> window.toString())
                .to("downstream", Produced.with(Serdes.String(), Serdes.Long()));
        return builder.build();
    }

    /**
     * Runs once.
     *
     * @param speed milliseconds of the input's time in one of the wall clock
     */
    void run(List<Input> input, long speed, int emitInterval, String format) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "emit");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, TestUtils.tempDirectory().getPath());
        properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, suppliers);
        properties.put(StreamsConfig.DSL_STORE_FORMAT_CONFIG, format);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 1 << 20);
        properties.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, emitInterval);
        properties.put("forebay.memtable.bytes", 64 << 10);
        try (TopologyTestDriver driver = new TopologyTestDriver(topology(), properties)) {
            stores = driver.getAllStateStores().values().stream()
                    .map(store -> ((WrappedStateStore<?, ?, ?>) store).findInner(ForebayStateStore.class) == null
                            ? "ROCKS_DB"
                            : "FOREBAY")
                    .collect(Collectors.joining(" "));
            var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
            var out = driver.createOutputTopic("out", new StringDeserializer(), new LongDeserializer());
            var down = driver.createOutputTopic("downstream", new StringDeserializer(), new LongDeserializer());
            long passed = 0;
            long latest = input.get(0).timestamp();
            for (Input event : input) {
                latest = Math.max(latest, event.timestamp());
                long due = (latest - input.get(0).timestamp()) / speed;
                driver.advanceWallClockTime(Duration.ofMillis(due - passed));
                passed = due;
                in.pipeInput(new TestRecord<>(event.key(), "v", null, event.timestamp()));
                out.readRecordsToList().forEach(row -> output.add(text(row)));
                down.readRecordsToList().forEach(row -> downstream.add(text(row)));
            }
            driver.metrics().forEach((name, metric) -> {
                if (name.name().equals("dropped-records-total")) {
                    dropped += (Double) metric.metricValue();
                }
            });
        }
    }

    private static String text(TestRecord<String, Long> row) {
        return row.key() + "=" + row.value() + "@" + row.timestamp();
    }
}
