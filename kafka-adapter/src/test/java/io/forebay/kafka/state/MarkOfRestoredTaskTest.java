package io.forebay.kafka.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.TestContexts;
import io.forebay.kafka.config.ForebayConfig;
import io.forebay.kafka.offsets.StoreKind;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.store.FileStore;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.StoreBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link OpenMark} takes for the end of a restore, in tasks of Kafka. */
class MarkOfRestoredTaskTest {
    private static final String STORE = "rows";
    private static final Map<String, ?> SETTINGS = Map.of(
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
            StreamsConfig.EXACTLY_ONCE_V2,
            ForebayConfig.COMMIT_INTERVAL_MS_CONFIG,
            0L);

    @TempDir
    File dir;

    private static final class Rows extends ForebayStateStore {
        private final FileStore disk;

        Rows(FileStore disk) {
            super(STORE, new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.PLAIN, 0));
            this.disk = disk;
        }

        @Override
        FileStore files(File directory) {
            return disk;
        }

        @Override
        protected void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog, WriteBatch batch) {
            throw new AssertionError("nothing is restored here");
        }

        void put(String key) {
            synchronized (positionMonitor()) {
                writer().put(bytes(key), bytes(key));
                updatePosition();
            }
        }

        boolean has(String key) {
            return store().get(bytes(key)) != null;
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    private record Builder(Rows build) implements StoreBuilder<Rows> {
        @Override
        public StoreBuilder<Rows> withCachingEnabled() {
            return this;
        }

        @Override
        public StoreBuilder<Rows> withCachingDisabled() {
            return this;
        }

        @Override
        public StoreBuilder<Rows> withLoggingEnabled(Map<String, String> config) {
            return this;
        }

        @Override
        public StoreBuilder<Rows> withLoggingDisabled() {
            return this;
        }

        @Override
        public Map<String, String> logConfig() {
            return Map.of();
        }

        @Override
        public boolean loggingEnabled() {
            return true;
        }

        @Override
        public String name() {
            return STORE;
        }
    }

    private static final class Put extends ContextualProcessor<String, String, Void, Void> {
        private Rows rows;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            super.init(context);
            rows = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<String, String> input) {
            rows.put(input.key());
        }
    }

    /** A task that has started and restored its store, from a changelog without records. */
    private TopologyTestDriver task(Rows rows) {
        Topology topology = new Topology()
                .addSource("source", new StringDeserializer(), new StringDeserializer(), "input")
                .addProcessor("put", Put::new, "source")
                .addStateStore(new Builder(rows), "put");
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, new File(dir, "state").getPath());
        properties.putAll(SETTINGS);
        return new TopologyTestDriver(topology, properties);
    }

    @Test
    void anIdleTaskThatIsRestoredAndClosedRemovesTheMark() {
        CrashFileStore disk = new CrashFileStore();
        Rows killed = new Rows(disk);
        CrashFileStore left;
        try (TopologyTestDriver task = task(killed)) {
            task.createInputTopic("input", new StringSerializer(), new StringSerializer())
                    .pipeInput("a", "");
            DurableCommits.await(killed);
            left = disk.afterKill();
        }
        task(new Rows(left)).close();

        Rows withoutChangelog = new Rows(left);
        TestContexts.open(withoutChangelog, TestContexts.unlogged(dir, SETTINGS));
        assertThat(withoutChangelog.has("a")).isTrue();
        withoutChangelog.close();
    }
}
