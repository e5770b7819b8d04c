package io.forebay.kafkatests.emit;

import java.io.File;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.processor.internals.metrics.StreamsMetricsImpl;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.internals.ThreadCache;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.apache.kafka.test.MockRecordCollector;

/** A store of an operator from its opening to its close, with Kafka's record cache and changelog over it. */
final class OperatorStore<S extends StateStore> {
    static final String NAME = "s";
    private static final TopicPartition CHANGELOG = new TopicPartition("changelog", 0);

    private final InternalMockProcessorContext<Object, Object> context;
    private final MockRecordCollector collector = new MockRecordCollector();
    private final StateStore root;

    OperatorStore(StoreBuilder<?> builder, File dir, long cacheBytes) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, dir.getPath());
        properties.put("forebay.memtable.bytes", 4096);
        StreamsMetricsImpl metrics = new StreamsMetricsImpl(new Metrics(), "test", Time.SYSTEM);
        context = new InternalMockProcessorContext<>(
                dir,
                Serdes.Bytes(),
                Serdes.ByteArray(),
                metrics,
                new StreamsConfig(properties),
                () -> collector,
                new ThreadCache(new LogContext(), cacheBytes, metrics),
                Time.SYSTEM);
        context.setTime(0);
        context.addChangelogForStore(NAME, CHANGELOG.topic());
        root = builder.build();
        root.init(context, root);
    }

    /** What Kafka has laid over the engine's store, less what measures and serialises: rows are bytes here. */
    @SuppressWarnings("unchecked")
    S store() {
        return (S) ((WrappedStateStore<?, ?, ?>) root).wrapped();
    }

    boolean contains(Class<? extends StateStore> layer) {
        return ((WrappedStateStore<?, ?, ?>) root).findInner(layer) != null;
    }

    /** From here on puts are those of the record at this offset. */
    void processes(long timestamp, long offset) {
        context.setRecordContext(new ProcessorRecordContext(timestamp, offset, 0, "in", new RecordHeaders()));
    }

    void commit(long offset) {
        root.commit(Map.of(CHANGELOG, offset));
    }

    void restore(List<KeyValue<byte[], byte[]>> changelog) {
        context.restore(NAME, changelog);
    }

    void close() {
        root.close();
    }

    /** What was written to the changelog since the opening. */
    List<KeyValue<byte[], byte[]>> changelog() {
        List<KeyValue<byte[], byte[]>> written = new ArrayList<>();
        collector
                .collected()
                .forEach(sent -> written.add(KeyValue.pair(((Bytes) sent.key()).get(), (byte[]) sent.value())));
        return written;
    }

    static String text(byte[] bytes) {
        return bytes == null ? "null" : HexFormat.of().formatHex(bytes);
    }
}
