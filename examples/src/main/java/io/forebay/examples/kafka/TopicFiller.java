package io.forebay.examples.kafka;

import io.forebay.examples.auction.Event;
import io.forebay.examples.auction.Workload;
import io.forebay.examples.report.Screen;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes a workload to the input topics, in order of event time. */
final class TopicFiller {
    private TopicFiller() {}

    /** @param startMillis wall-clock time that event time 0 stands for */
    static void fill(Workload workload, String broker, long startMillis, Screen screen) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", broker);
        properties.put("linger.ms", "20");
        properties.put("batch.size", "262144");
        properties.put("buffer.memory", "67108864");
        properties.put("enable.idempotence", "true");
        // Just after its creation a partition may refuse the first batch and take the second one. The broker then
        // refuses the first
        // one for ever, because its sequence number comes too late; with one request at a time there is no second one.
        properties.put("max.in.flight.requests.per.connection", "1");
        // A machine that stands still for two minutes, which is the default, is no broker that refuses.
        properties.put("delivery.timeout.ms", "1800000");
        AtomicReference<Exception> failure = new AtomicReference<>();
        long started = System.nanoTime();
        try (KafkaProducer<String, Long> producer =
                new KafkaProducer<>(properties, new StringSerializer(), new LongSerializer())) {
            for (long i = 0; i < workload.size(); i++) {
                Event event = workload.event(i);
                producer.send(
                        new ProducerRecord<>(
                                topic(event.kind()),
                                null,
                                startMillis + event.timestampMillis(),
                                event.key(),
                                event.amount()),
                        (metadata, error) -> {
                            if (error != null) {
                                failure.compareAndSet(null, error);
                            }
                        });
            }
        }
        if (failure.get() != null) {
            throw new IllegalStateException("The broker refused input events", failure.get());
        }
        double seconds = (System.nanoTime() - started) / 1e9;
        screen.say("kafka: topics hold %,d events (written in %.1f s)", workload.size(), seconds);
    }

    private static String topic(Event.Kind kind) {
        return switch (kind) {
            case PERSON -> Topics.PERSONS;
            case AUCTION -> Topics.AUCTIONS;
            case BID, WORD -> Topics.COUNTED;
        };
    }
}
