package io.forebay.examples.kafka;

import io.forebay.examples.auction.Answers;
import io.forebay.examples.auction.Totals;
import io.forebay.examples.auction.Workload;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;

/** Running totals per key, counts per key and window, and a join of persons with the auctions they open. */
final class StreamsTopology {
    private static final Duration WINDOW = Duration.ofMillis(Workload.WINDOW_MILLIS);

    private StreamsTopology() {}

    static Topology build(boolean withJoin, long startMillis, Properties properties) {
        Serde<Totals> totalsSerde =
                Serdes.serdeFrom((topic, totals) -> totals.toBytes(), (topic, bytes) -> Totals.fromBytes(bytes));
        StreamsBuilder builder = new StreamsBuilder();
        KGroupedStream<String, Long> counted = builder.stream(
                        Topics.COUNTED, Consumed.with(Serdes.String(), Serdes.Long()))
                .groupByKey(Grouped.with(Serdes.String(), Serdes.Long()));
        counted.aggregate(
                        () -> Totals.NONE,
                        (key, amount, totals) -> totals.plus(amount),
                        Materialized.<String, Totals, KeyValueStore<Bytes, byte[]>>as("totals-store")
                                .withKeySerde(Serdes.String())
                                .withValueSerde(totalsSerde))
                .toStream()
                .to(Topics.TOTALS, Produced.with(Serdes.String(), totalsSerde));
        counted.windowedBy(TimeWindows.ofSizeAndGrace(WINDOW, Duration.ofSeconds(1)))
                .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("windows-store")
                        .withRetention(WINDOW.multipliedBy(6)))
                .toStream()
                .map((window, count) -> KeyValue.pair(
                        Answers.windowKey(window.key(), window.window().start() - startMillis), count))
                .to(Topics.WINDOWS, Produced.with(Serdes.String(), Serdes.Long()));
        if (withJoin) {
            KStream<String, Long> persons =
                    builder.stream(Topics.PERSONS, Consumed.with(Serdes.String(), Serdes.Long()));
            KStream<String, Long> auctions =
                    builder.stream(Topics.AUCTIONS, Consumed.with(Serdes.String(), Serdes.Long()));
            persons.join(
                            auctions,
                            (person, auction) -> auction,
                            JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMinutes(1), Duration.ofMinutes(1)),
                            StreamJoined.with(Serdes.String(), Serdes.Long(), Serdes.Long()))
                    .to(Topics.JOINED, Produced.with(Serdes.String(), Serdes.Long()));
        }
        return builder.build(properties);
    }
}
