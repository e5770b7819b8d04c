package io.forebay.kafka;

import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.io.File;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.internals.GlobalProcessorContextImpl;
import org.apache.kafka.streams.processor.internals.GlobalStateManager;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.processor.internals.metrics.StreamsMetricsImpl;
import org.apache.kafka.streams.state.internals.ThreadCache;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.apache.kafka.test.MockRecordCollector;

/** Contexts of task 0_0 as Kafka would hand them to a store. */
public final class TestContexts {
    private TestContexts() {}

    /** A context whose stores have a changelog. */
    public static InternalMockProcessorContext<Object, Object> logged(File stateDir, String storeName) {
        InternalMockProcessorContext<Object, Object> context = unlogged(stateDir, Map.of());
        context.addChangelogForStore(storeName, storeName + "-changelog");
        return context;
    }

    public static InternalMockProcessorContext<Object, Object> unlogged(File stateDir, Map<String, ?> settings) {
        return unlogged(stateDir, settings, metrics -> new ThreadCache(new LogContext(), 1 << 20, metrics));
    }

    /** As {@link #unlogged(File, Map)}, with a record cache of its own. */
    public static InternalMockProcessorContext<Object, Object> unlogged(
            File stateDir, Map<String, ?> settings, Function<StreamsMetricsImpl, ThreadCache> cache) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.getPath());
        properties.putAll(settings);
        MockRecordCollector collector = new MockRecordCollector();
        StreamsMetricsImpl metrics = new StreamsMetricsImpl(new Metrics(), "test", Time.SYSTEM);
        InternalMockProcessorContext<Object, Object> context = new InternalMockProcessorContext<>(
                stateDir,
                Serdes.Bytes(),
                Serdes.ByteArray(),
                metrics,
                new StreamsConfig(properties),
                () -> collector,
                cache.apply(metrics),
                Time.SYSTEM);
        context.setTime(0);
        return context;
    }

    /** The context of global stores. */
    public static GlobalProcessorContextImpl global(File stateDir) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        StreamsMetricsImpl metrics = new StreamsMetricsImpl(new Metrics(), "test", Time.SYSTEM);
        GlobalStateManager stateManager = mock(GlobalStateManager.class);
        when(stateManager.baseDir()).thenReturn(stateDir);
        return new GlobalProcessorContextImpl(
                new StreamsConfig(properties),
                stateManager,
                metrics,
                new ThreadCache(new LogContext(), 0, metrics),
                Time.SYSTEM);
    }

    /** What Kafka does at start-up of a task. */
    public static <S extends StateStore> S open(S store, InternalMockProcessorContext<Object, Object> context) {
        store.init(context, store);
        return store;
    }

    /** From here on the task processes the record at {@code topic-partition @ offset}. */
    public static void processing(
            InternalMockProcessorContext<Object, Object> context, String topic, int partition, long offset) {
        context.setRecordContext(new ProcessorRecordContext(0, offset, partition, topic, new RecordHeaders()));
    }
}
