package io.forebay.kafka.dsl;

import static io.forebay.kafka.dsl.Events.LEFT;
import static io.forebay.kafka.dsl.Events.RIGHT;
import static io.forebay.kafka.dsl.Events.TABLE;
import static io.forebay.kafka.dsl.TopologyRun.OUTPUT;

import java.time.Duration;
import java.util.function.Consumer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.Windowed;

/** The stateful operators of the DSL, each as a topology from strings to strings. */
enum Topologies {
    COUNT(1, builder -> out(grouped(builder).count().toStream())),
    REDUCE(1, builder -> out(grouped(builder).reduce(Topologies::longest).toStream())),
    AGGREGATE_WITH_DELETION(
            1,
            builder -> out(grouped(builder)
                    .aggregate(() -> "", (key, value, sum) -> sum.length() > 20 ? null : sum + "," + value)
                    .toStream())),
    TUMBLING(
            1,
            builder ->
                    outWindowed(grouped(builder).windowedBy(tumbling()).count().toStream())),
    HOPPING(
            1,
            builder -> outWindowed(grouped(builder)
                    .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(20), Duration.ofSeconds(10))
                            .advanceBy(Duration.ofSeconds(5)))
                    .reduce(Topologies::longest)
                    .toStream())),
    SLIDING(
            1,
            builder -> outWindowed(grouped(builder)
                    .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(30)))
                    .count()
                    .toStream())),
    SESSIONS(
            1,
            builder ->
                    outWindowed(grouped(builder).windowedBy(sessions()).count().toStream())),
    SESSIONS_WITH_REDUCE(
            1,
            builder -> outWindowed(grouped(builder)
                    .windowedBy(sessions())
                    .reduce((a, b) -> a.compareTo(b) > 0 ? a : b)
                    .toStream())),
    STREAM_STREAM_INNER(2, builder -> out(values(builder, LEFT).join(values(builder, RIGHT), joiner(), joinWindows()))),
    STREAM_STREAM_LEFT(
            3, builder -> out(values(builder, LEFT).leftJoin(values(builder, RIGHT), joiner(), joinWindows()))),
    STREAM_STREAM_OUTER(
            3, builder -> out(values(builder, LEFT).outerJoin(values(builder, RIGHT), joiner(), joinWindows()))),
    STREAM_STREAM_SELF(2, builder -> {
        KStream<String, String> left = values(builder, LEFT);
        out(left.join(left, joiner(), joinWindows()));
    }),
    STREAM_TABLE(1, builder -> out(builder.<String, String>stream(LEFT).join(builder.table(TABLE), joiner()))),
    STREAM_TABLE_LEFT(1, builder -> out(builder.<String, String>stream(LEFT).leftJoin(builder.table(TABLE), joiner()))),
    STREAM_GLOBAL_TABLE(
            1,
            builder -> out(builder.<String, String>stream(LEFT)
                    .leftJoin(builder.<String, String>globalTable(TABLE), (key, value) -> key, joiner()))),
    TABLE_TABLE(
            2,
            builder -> out(builder.<String, String>table(LEFT)
                    .join(builder.table(TABLE), joiner())
                    .toStream())),
    TABLE_TABLE_LEFT(
            2,
            builder -> out(builder.<String, String>table(LEFT)
                    .leftJoin(builder.table(TABLE), joiner())
                    .toStream())),
    TABLE_TABLE_OUTER(
            2,
            builder -> out(builder.<String, String>table(LEFT)
                    .outerJoin(builder.table(TABLE), joiner())
                    .toStream())),
    TABLE_TABLE_FOREIGN_KEY(3, builder -> {
        KTable<String, String> left = builder.table(LEFT);
        KTable<String, String> right = builder.table(TABLE);
        out(left.leftJoin(right, value -> "kk" + Integer.parseInt(value) % 3, joiner())
                .toStream());
    }),
    TABLE_GROUPED(
            2,
            builder -> out(builder.<String, String>table(TABLE)
                    .groupBy((key, value) -> new org.apache.kafka.streams.KeyValue<>("g" + value.length(), value))
                    .aggregate(
                            () -> "0",
                            (key, value, sum) -> add(sum, value, 1),
                            (key, value, sum) -> add(sum, value, -1))
                    .toStream()));

    private static final Duration GRACE = Duration.ofSeconds(15);

    private final int stores;
    private final Consumer<StreamsBuilder> definition;

    Topologies(int stores, Consumer<StreamsBuilder> definition) {
        this.stores = stores;
        this.definition = definition;
    }

    /** Stores that the topology needs, all asked for through the configured suppliers. */
    int stores() {
        return stores;
    }

    void define(StreamsBuilder builder) {
        definition.accept(builder);
    }

    private static KGroupedStream<String, String> grouped(StreamsBuilder builder) {
        return values(builder, LEFT).merge(values(builder, RIGHT)).groupByKey();
    }

    /**
     * Without deletions, which these operators skip. (Kafka's in-memory window store takes the time of a deletion for stream
     * time even where it keeps duplicates and cannot delete; its RocksDB store does not, and neither does Forebay.)
     */
    static KStream<String, String> values(StreamsBuilder builder, String topic) {
        return builder.<String, String>stream(topic).filter((key, value) -> value != null);
    }

    private static TimeWindows tumbling() {
        return TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), GRACE);
    }

    private static SessionWindows sessions() {
        return SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(4), GRACE);
    }

    private static JoinWindows joinWindows() {
        return JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(5), GRACE);
    }

    private static ValueJoiner<String, String, String> joiner() {
        return (left, right) -> left + "+" + right;
    }

    private static String longest(String a, String b) {
        return b.length() >= a.length() ? b + a.charAt(0) : a;
    }

    private static String add(String sum, String value, int sign) {
        return String.valueOf(Integer.parseInt(sum) + sign * Integer.parseInt(value));
    }

    static <V> void out(KStream<String, V> stream) {
        stream.mapValues(value -> value == null ? null : String.valueOf(value)).to(OUTPUT);
    }

    static <V> void outWindowed(KStream<Windowed<String>, V> stream) {
        out(stream.selectKey((window, value) -> window.key() + "["
                + window.window().start() + "," + window.window().end() + ")"));
    }
}
