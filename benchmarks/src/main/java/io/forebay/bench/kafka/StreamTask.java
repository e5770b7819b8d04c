package io.forebay.bench.kafka;

import io.forebay.bench.engines.Setup;
import io.forebay.kafka.config.ForebayConfig;
import java.io.File;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.state.StoreBuilder;

/** A task with one processor, in which the work is done while it processes its first record. One thread. */
final class StreamTask {
    static final String STORE = "store";
    private static final String TOPIC = "input";
    private static final byte[] NOTHING = new byte[0];

    private final InternalProcessorContext<?, ?> context;
    private final RecordHeaders headers = new RecordHeaders();
    private long offset;

    private StreamTask(ProcessorContext<?, ?> context) {
        this.context = (InternalProcessorContext<?, ?>) context;
    }

    InternalProcessorContext<?, ?> context() {
        return context;
    }

    /** Does {@code work} in a task that has the store of {@code builder}, with caching and logging off. */
    static <S extends StateStore> void run(File stateDirectory, StoreBuilder<S> builder, Work<S> work) {
        run(
                stateDirectory,
                task -> work.with(task, task.context.getStateStore(STORE)),
                topology -> topology.addStateStore(builder.withCachingDisabled().withLoggingDisabled(), "processor"));
    }

    /** Does {@code work} in a task without a store. */
    static void run(File stateDirectory, Consumer<StreamTask> work) {
        run(stateDirectory, work, topology -> {});
    }

    private static void run(File stateDirectory, Consumer<StreamTask> work, Consumer<Topology> stores) {
        Topology topology = new Topology();
        topology.addSource("source", TOPIC);
        topology.addProcessor("processor", () -> new Once(work), "source");
        stores.accept(topology);
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, settings(stateDirectory))) {
            driver.createInputTopic(TOPIC, new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(NOTHING, NOTHING);
        }
    }

    private static Properties settings(File stateDirectory) {
        Setup setup = Setup.ofKafka();
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.getPath());
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put(ForebayConfig.MEMORY_BYTES_CONFIG, setup.memoryBytes());
        settings.put(ForebayConfig.MEMTABLE_BYTES_CONFIG, setup.memtableBytes());
        return settings;
    }

    /** From here on the task processes the next record of its topic, as it does between two calls of a processor. */
    void nextRecord(long timestamp) {
        context.setRecordContext(new ProcessorRecordContext(timestamp, offset++, 0, TOPIC, headers));
    }

    /** What is to be done with a store. */
    interface Work<S> {
        void with(StreamTask task, S store);
    }

    private static final class Once implements Processor<byte[], byte[], byte[], byte[]> {
        private final Consumer<StreamTask> work;
        private ProcessorContext<byte[], byte[]> context;

        Once(Consumer<StreamTask> work) {
            this.work = work;
        }

        @Override
        public void init(ProcessorContext<byte[], byte[]> processorContext) {
            context = processorContext;
        }

        @Override
        public void process(Record<byte[], byte[]> unused) {
            work.accept(new StreamTask(context));
        }
    }
}
