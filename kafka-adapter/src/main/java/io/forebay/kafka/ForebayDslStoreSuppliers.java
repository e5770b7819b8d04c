package io.forebay.kafka;

import io.forebay.kafka.config.ForebayConfig;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.DslStoreFormat;
import org.apache.kafka.streams.state.DslKeyValueParams;
import org.apache.kafka.streams.state.DslSessionParams;
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/**
 * Makes Forebay the store of all DSL operators that ask for one: name this class in {@code dsl.store.suppliers.class}.
 *
 * <p>Operators that emit when a window closes get the same window and session stores as all others. Kafka builds the stores
 * of versioned tables, of {@code suppress} and of the grace period of stream-table joins without asking here.
 */
public class ForebayDslStoreSuppliers implements DslStoreSuppliers {
    /** Checks the {@code forebay.*} settings; {@link ConfigException} naming the key of a bad one. */
    @Override
    public void configure(Map<String, ?> configs) {
        ForebayConfig.from(configs);
    }

    @Override
    public KeyValueBytesStoreSupplier keyValueStore(DslKeyValueParams params) {
        switch (params.dslStoreFormat()) {
            case HEADERS:
                return ForebayStores.persistentTimestampedKeyValueStoreWithHeaders(params.name());
            case TIMESTAMPED:
                return ForebayStores.persistentTimestampedKeyValueStore(params.name());
            case PLAIN:
                return ForebayStores.persistentKeyValueStore(params.name());
            default:
                throw unknown(params.dslStoreFormat());
        }
    }

    @Override
    public WindowBytesStoreSupplier windowStore(DslWindowParams params) {
        DslStoreFormat format = params.dslStoreFormat() == null ? DslStoreFormat.TIMESTAMPED : params.dslStoreFormat();
        switch (format) {
            case HEADERS:
                return ForebayStores.persistentTimestampedWindowStoreWithHeaders(
                        params.name(), params.retentionPeriod(), params.windowSize(), params.retainDuplicates());
            case TIMESTAMPED:
                return ForebayStores.persistentTimestampedWindowStore(
                        params.name(), params.retentionPeriod(), params.windowSize(), params.retainDuplicates());
            case PLAIN:
                return ForebayStores.persistentWindowStore(
                        params.name(), params.retentionPeriod(), params.windowSize(), params.retainDuplicates());
            default:
                throw unknown(format);
        }
    }

    @Override
    public SessionBytesStoreSupplier sessionStore(DslSessionParams params) {
        return params.storeFormat() == DslStoreFormat.HEADERS
                ? ForebayStores.persistentSessionStoreWithHeaders(params.name(), params.retentionPeriod())
                : ForebayStores.persistentSessionStore(params.name(), params.retentionPeriod());
    }

    private static IllegalArgumentException unknown(DslStoreFormat format) {
        return new IllegalArgumentException("Forebay does not know the DSL store format " + format);
    }
}
