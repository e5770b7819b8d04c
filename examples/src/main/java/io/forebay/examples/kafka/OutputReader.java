package io.forebay.examples.kafka;

import io.forebay.examples.auction.Answers;
import io.forebay.examples.auction.Totals;
import io.forebay.examples.report.Stall;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads the committed results: the last one per key of totals and windows, and every joined pair. */
final class OutputReader {
    private OutputReader() {}

    static Answers read(String broker, List<String> topics) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", broker);
        properties.put("isolation.level", "read_committed");
        properties.put("max.poll.records", "10000");
        properties.put("fetch.max.bytes", "67108864");
        properties.put("max.partition.fetch.bytes", "16777216");
        Answers answers = new Answers(new HashMap<>(), new HashMap<>(), new HashMap<>());
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : topics) {
                for (int partition = 0; partition < Topics.PARTITIONS; partition++) {
                    partitions.add(new TopicPartition(topic, partition));
                }
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Stall stall = new Stall("kafka: no result was read");
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                stall.check(ends.keySet().stream().mapToLong(consumer::position).sum());
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    take(record, answers);
                }
            }
        }
        return answers;
    }

    private static void take(ConsumerRecord<String, byte[]> record, Answers answers) {
        switch (record.topic()) {
            case Topics.TOTALS -> answers.totals().put(record.key(), Totals.fromBytes(record.value()));
            case Topics.WINDOWS ->
                answers.windows()
                        .put(record.key(), ByteBuffer.wrap(record.value()).getLong());
            default ->
                answers.joined()
                        .merge(
                                Answers.joinKey(
                                        record.key(),
                                        ByteBuffer.wrap(record.value()).getLong()),
                                1,
                                Integer::sum);
        }
    }
}
