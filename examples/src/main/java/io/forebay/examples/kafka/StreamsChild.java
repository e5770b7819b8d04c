package io.forebay.examples.kafka;

import io.forebay.examples.report.Stall;
import java.io.IOException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StateRestoreListener;

/**
 * The Kafka Streams application, in a process of its own so that it can be killed. One line of its configuration makes
 * Forebay its only store. It tells its parent on standard output when it runs, and ends when its standard input does.
 */
public final class StreamsChild {
    static final String RUNNING = "RUNNING restoredRecords=";

    private StreamsChild() {}

    /** Arguments: broker address, state directory, true for the join, wall-clock time of event time 0. */
    public static void main(String[] args) throws IOException {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, Topics.APPLICATION);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, args[1]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
        properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        properties.put(StreamsConfig.consumerPrefix("max.poll.records"), 5000);
        // A static member is known again at once after a crash, without waiting for its session to time out.
        properties.put(StreamsConfig.consumerPrefix("group.instance.id"), Topics.APPLICATION + "-1");
        properties.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 20000);
        properties.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 1000);
        properties.put(StreamsConfig.producerPrefix("linger.ms"), 50);
        properties.put(StreamsConfig.producerPrefix("batch.size"), 262144);
        properties.put(StreamsConfig.producerPrefix("transaction.timeout.ms"), 10000);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        // The line that replaces RocksDB.
        properties.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, "io.forebay.kafka.ForebayDslStoreSuppliers");

        KafkaStreams streams = new KafkaStreams(
                StreamsTopology.build(Boolean.parseBoolean(args[2]), Long.parseLong(args[3]), properties), properties);
        AtomicLong restored = new AtomicLong();
        streams.setGlobalStateRestoreListener(new RestoreCounter(restored));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace(System.err);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                System.out.println(RUNNING + restored.get());
            } else if (now == KafkaStreams.State.ERROR) {
                System.exit(1);
            }
        });
        streams.start();
        while (System.in.read() >= 0) {
            // The parent writes nothing: the end of the stream is the sign to stop.
        }
        boolean stopped = streams.close(Duration.ofSeconds(Stall.PATIENCE_SECONDS));
        System.exit(stopped ? 0 : 1);
    }

    private record RestoreCounter(AtomicLong restored) implements StateRestoreListener {
        @Override
        public void onRestoreStart(TopicPartition partition, String store, long from, long to) {}

        @Override
        public void onBatchRestored(TopicPartition partition, String store, long to, long records) {
            restored.addAndGet(records);
        }

        @Override
        public void onRestoreEnd(TopicPartition partition, String store, long total) {}
    }
}
