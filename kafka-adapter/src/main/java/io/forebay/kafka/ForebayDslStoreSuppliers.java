package io.forebay.kafka;

import io.forebay.kafka.config.ForebayConfig;
import io.forebay.kafka.kv.KeyValueSuppliers;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.window.SessionSupplier;
import io.forebay.kafka.window.WindowSupplier;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.DslStoreFormat;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.EmitStrategy.StrategyType;
import org.apache.kafka.streams.state.DslKeyValueParams;
import org.apache.kafka.streams.state.DslSessionParams;
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/**
 * Makes Forebay the store of all DSL operators that ask for a store. To use it, name this class in {@code
 * dsl.store.suppliers.class}.
 *
 * <p>Kafka builds three kinds of stores without this class. The stores of versioned tables and of the grace period of
 * stream-table joins use RocksDB and need {@code org.rocksdb:rocksdbjni}. The stores of {@code suppress} are on the heap.
 */
public class ForebayDslStoreSuppliers implements DslStoreSuppliers {
    /**
     * Checks the {@code forebay.*} settings. Kafka calls this method when it builds the topology of a {@code KafkaStreams},
     * but not for an object that was passed to {@code Materialized}, {@code StreamJoined} or {@code TopologyConfig}: see
     * {@link ForebayStores#checkConfig}.
     *
     * @throws ConfigException for a value that is not allowed or an unknown {@code forebay.} key; the message names the key
     */
    @Override
    public void configure(Map<String, ?> configs) {
        ForebayConfig.from(configs);
    }

    @Override
    public KeyValueBytesStoreSupplier keyValueStore(DslKeyValueParams params) {
        switch (format(params.dslStoreFormat())) {
            case HEADERS:
                return KeyValueSuppliers.headers(params.name());
            case TIMESTAMPED:
                return KeyValueSuppliers.timestamped(params.name());
            default:
                return KeyValueSuppliers.plain(params.name());
        }
    }

    @Override
    public WindowBytesStoreSupplier windowStore(DslWindowParams params) {
        ValueFormat format =
                params.dslStoreFormat() == null ? ValueFormat.TIMESTAMPED : format(params.dslStoreFormat());
        long retention = params.retentionPeriod().toMillis();
        long windowSize = params.windowSize().toMillis();
        return emitsWhenClosed(params.emitStrategy())
                ? WindowSupplier.readWhenClosed(
                        params.name(),
                        format,
                        retention,
                        windowSize,
                        params.retainDuplicates(),
                        params.isSlidingWindow())
                : WindowSupplier.of(params.name(), format, retention, windowSize, params.retainDuplicates());
    }

    @Override
    public SessionBytesStoreSupplier sessionStore(DslSessionParams params) {
        ValueFormat format = params.storeFormat() == DslStoreFormat.HEADERS ? ValueFormat.HEADERS : ValueFormat.PLAIN;
        long retention = params.retentionPeriod().toMillis();
        return emitsWhenClosed(params.emitStrategy())
                ? SessionSupplier.readWhenClosed(params.name(), format, retention)
                : SessionSupplier.of(params.name(), format, retention);
    }

    private static boolean emitsWhenClosed(EmitStrategy strategy) {
        return strategy != null && strategy.type() == StrategyType.ON_WINDOW_CLOSE;
    }

    private static ValueFormat format(DslStoreFormat format) {
        switch (format) {
            case HEADERS:
                return ValueFormat.HEADERS;
            case TIMESTAMPED:
                return ValueFormat.TIMESTAMPED;
            case PLAIN:
                return ValueFormat.PLAIN;
            default:
                throw new IllegalArgumentException("Forebay does not know the DSL store format " + format);
        }
    }
}
