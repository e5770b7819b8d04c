package io.forebay.kafka.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayStores;
import io.forebay.store.testing.Seeds;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.WindowStore;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A processor that uses stores of all kinds by hand sees the same in Forebay's as in Kafka's in-memory stores. */
class ProcessorApiTest {
    private static final Duration RETENTION = Duration.ofMinutes(3);
    private static final Duration WINDOW = Duration.ofSeconds(10);

    @ParameterizedTest(name = "caching {0}, logging {1}")
    @CsvSource({"false, false", "false, true", "true, true"})
    void seesTheSameAsOnInMemoryStores(boolean caching, boolean logging) {
        Seeds.run(getClass(), 1, seed -> {
            List<Events.Event> input = Events.random(seed, 1500);
            TopologyRun forebay = TopologyRun.onForebay(topology(true, caching, logging), input, Map.of());
            TopologyRun inMemory = TopologyRun.inMemory(topology(false, caching, logging), input, Map.of());
            assertThat(forebay.stores()).isEqualTo(4);
            assertThat(forebay.forebayStores()).isEqualTo(4);
            assertThat(inMemory.forebayStores()).isZero();
            assertThat(forebay.output()).isEqualTo(inMemory.output());
        });
    }

    private static Topology topology(boolean forebay, boolean caching, boolean logging) {
        StoreBuilder<?>[] stores = {
            Stores.keyValueStoreBuilder(
                    forebay ? ForebayStores.persistentKeyValueStore("values") : Stores.inMemoryKeyValueStore("values"),
                    Serdes.String(),
                    Serdes.String()),
            Stores.timestampedKeyValueStoreBuilder(
                    forebay
                            ? ForebayStores.persistentTimestampedKeyValueStore("timestamped")
                            : Stores.inMemoryKeyValueStore("timestamped"),
                    Serdes.String(),
                    Serdes.String()),
            Stores.windowStoreBuilder(
                    forebay
                            ? ForebayStores.persistentWindowStore("windows", RETENTION, WINDOW, true)
                            : Stores.inMemoryWindowStore("windows", RETENTION, WINDOW, true),
                    Serdes.String(),
                    Serdes.String()),
            Stores.sessionStoreBuilder(
                    forebay
                            ? ForebayStores.persistentSessionStore("sessions", RETENTION)
                            : Stores.inMemorySessionStore("sessions", RETENTION),
                    Serdes.String(),
                    Serdes.String())
        };
        Topology topology = new Topology();
        topology.addSource("source", new StringDeserializer(), new StringDeserializer(), Events.TOPICS);
        ProcessorSupplier<String, String, String, String> processor = StoreUser::new;
        topology.addProcessor("processor", processor, "source");
        for (StoreBuilder<?> builder : stores) {
            StoreBuilder<?> cached = caching ? builder.withCachingEnabled() : builder.withCachingDisabled();
            StoreBuilder<?> logged = logging ? cached.withLoggingEnabled(Map.of()) : cached.withLoggingDisabled();
            topology.addStateStore(logged, "processor");
        }
        topology.addSink("sink", TopologyRun.OUTPUT, new StringSerializer(), new StringSerializer(), "processor");
        return topology;
    }

    /** Writes to all stores, and forwards what it reads. */
    private static final class StoreUser implements Processor<String, String, String, String> {
        private ProcessorContext<String, String> context;
        private KeyValueStore<String, String> values;
        private TimestampedKeyValueStore<String, String> timestamped;
        private WindowStore<String, String> windows;
        private SessionStore<String, String> sessions;
        private long streamTime;

        @Override
        public void init(ProcessorContext<String, String> processorContext) {
            context = processorContext;
            values = context.getStateStore("values");
            timestamped = context.getStateStore("timestamped");
            windows = context.getStateStore("windows");
            sessions = context.getStateStore("sessions");
        }

        @Override
        public void process(Record<String, String> input) {
            streamTime = Math.max(streamTime, input.timestamp());
            String key = input.key();
            String value = input.value();
            switch (Math.floorMod(key.hashCode() + (value == null ? 0 : value.hashCode()), 4)) {
                case 0:
                    useValues(input, key, value);
                    break;
                case 1:
                    useTimestamped(input, key, value);
                    break;
                case 2:
                    useWindows(input, key, value);
                    break;
                default:
                    useSessions(input, key, value);
                    break;
            }
        }

        private void useValues(Record<String, String> input, String key, String value) {
            if (value == null) {
                forward(input, "deleted " + values.delete(key));
            } else if (value.length() == 1) {
                forward(input, "present " + values.putIfAbsent(key, value));
            } else {
                values.put(key, value);
                values.putAll(List.of(KeyValue.pair(key + "/a", value), KeyValue.pair(key + "/b", null)));
            }
            forward(input, "range " + rows(values.range("k", key)));
            forward(input, "reverse " + rows(values.reverseRange(key, null)));
            forward(input, "prefix " + rows(values.prefixScan("kk", new StringSerializer())));
            forward(input, "all " + rows(values.all()));
        }

        private void useTimestamped(Record<String, String> input, String key, String value) {
            ValueAndTimestamp<String> before = timestamped.get(key);
            timestamped.put(key, value == null ? null : ValueAndTimestamp.make(value, input.timestamp()));
            forward(input, before + " then " + timestamped.get(key) + " of " + rows(timestamped.reverseAll()));
        }

        private void useWindows(Record<String, String> input, String key, String value) {
            if (input.timestamp() > streamTime - RETENTION.toMillis() / 2) {
                windows.put(key, value, input.timestamp());
            }
            long from = input.timestamp() - 20_000;
            forward(input, "fetch " + rows(windows.fetch(key, from, streamTime)));
            forward(input, "backward " + rows(windows.backwardFetch(key, from, streamTime)));
        }

        private void useSessions(Record<String, String> input, String key, String value) {
            long end = input.timestamp();
            if (end > streamTime - RETENTION.toMillis() / 2) {
                Windowed<String> session = new Windowed<>(key, new SessionWindow(end - end % 20_000, end));
                if (value == null) {
                    sessions.remove(session);
                } else {
                    sessions.put(session, value);
                }
                forward(input, "session " + sessions.fetchSession(key, end - end % 20_000, end));
            }
            long earliest = streamTime - 60_000;
            forward(input, "find " + rows(sessions.findSessions(key, earliest, end)));
            // without a bound for the start: over the record cache, Kafka refuses one in an earlier segment (4.3.1)
            forward(input, "backward " + rows(sessions.backwardFindSessions(key, earliest, Long.MAX_VALUE)));
        }

        private void forward(Record<String, String> input, String result) {
            context.forward(input.withValue(result));
        }

        private static <K, V> String rows(KeyValueIterator<K, V> iterator) {
            StringBuilder rows = new StringBuilder();
            try (iterator) {
                while (iterator.hasNext()) {
                    K peeked = iterator.peekNextKey();
                    KeyValue<K, V> row = iterator.next();
                    rows.append(peeked.equals(row.key) ? "" : "!").append(row).append(' ');
                }
            }
            return rows.toString();
        }
    }
}
