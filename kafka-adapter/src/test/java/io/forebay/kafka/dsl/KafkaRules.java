package io.forebay.kafka.dsl;

import io.forebay.kafka.config.ForebayConfig;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.EmitStrategy.StrategyType;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers;
import org.apache.kafka.streams.state.DslSessionParams;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Supplies models of Kafka's own time-ordered stores to operators that emit windows when they close; all others get
 * Kafka's in-memory stores. When Forebay is told to keep what was not emitted, these keep everything. Kafka lays the record cache over them that sorts
 * by segment: with segments of a millisecond that is the order of time.
 */
public final class KafkaRules extends InMemoryDslStoreSuppliers {
    private boolean keeps;

    @Override
    public void configure(Map<String, ?> configs) {
        keeps = Boolean.TRUE.equals(configs.get(ForebayConfig.KEEP_UNTIL_EMITTED_CONFIG));
    }

    private static long span(long retention) {
        return Math.max(retention / 2, 60_000);
    }

    @Override
    public WindowBytesStoreSupplier windowStore(DslWindowParams params) {
        if (params.emitStrategy().type() != StrategyType.ON_WINDOW_CLOSE) {
            return super.windowStore(params);
        }
        long retention = params.retentionPeriod().toMillis();
        return new WindowBytesStoreSupplier() {
            @Override
            public String name() {
                return params.name();
            }

            @Override
            public WindowStore<Bytes, byte[]> get() {
                return new ModelWindowStore(
                        params.name(),
                        retention,
                        span(retention),
                        params.windowSize().toMillis(),
                        keeps);
            }

            @Override
            public String metricsScope() {
                return "model";
            }

            @Override
            public long segmentIntervalMs() {
                return 1;
            }

            @Override
            public long windowSize() {
                return params.windowSize().toMillis();
            }

            @Override
            public boolean retainDuplicates() {
                return false;
            }

            @Override
            public long retentionPeriod() {
                return retention;
            }
        };
    }

    @Override
    public SessionBytesStoreSupplier sessionStore(DslSessionParams params) {
        if (params.emitStrategy().type() != StrategyType.ON_WINDOW_CLOSE) {
            return super.sessionStore(params);
        }
        long retention = params.retentionPeriod().toMillis();
        return new SessionBytesStoreSupplier() {
            @Override
            public String name() {
                return params.name();
            }

            @Override
            public SessionStore<Bytes, byte[]> get() {
                return new ModelSessionStore(params.name(), retention, span(retention), keeps);
            }

            @Override
            public String metricsScope() {
                return "model";
            }

            @Override
            public long segmentIntervalMs() {
                return span(retention);
            }

            @Override
            public long retentionPeriod() {
                return retention;
            }
        };
    }
}
