package io.forebay.kafkatests.published;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import io.forebay.kafka.ForebayStores;
import java.time.Duration;
import net.bytebuddy.implementation.bind.annotation.Argument;
import net.bytebuddy.implementation.bind.annotation.RuntimeType;
import net.bytebuddy.implementation.bind.annotation.This;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.state.DslKeyValueParams;
import org.apache.kafka.streams.state.DslSessionParams;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.HeadersBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;

/** What the rewritten methods of Kafka Streams call. */
public final class Replacements {
    private static final ForebayDslStoreSuppliers DSL = new ForebayDslStoreSuppliers();

    private Replacements() {}

    /** For {@code BuiltInDslStoreSuppliers.RocksDBDslStoreSuppliers}. */
    public static final class Dsl {
        private Dsl() {}

        public static KeyValueBytesStoreSupplier keyValueStore(@Argument(0) DslKeyValueParams params) {
            return DSL.keyValueStore(params);
        }

        public static WindowBytesStoreSupplier windowStore(@Argument(0) DslWindowParams params) {
            return DSL.windowStore(params);
        }

        public static SessionBytesStoreSupplier sessionStore(@Argument(0) DslSessionParams params) {
            return DSL.sessionStore(params);
        }
    }

    /** For suppliers of key-value stores that a test has made by itself. */
    public static final class KeyValue {
        private KeyValue() {}

        @RuntimeType
        public static KeyValueStore<Bytes, byte[]> get(@This Object supplier) {
            String name = ((KeyValueBytesStoreSupplier) supplier).name();
            if (supplier instanceof HeadersBytesStoreSupplier) {
                return ForebayStores.persistentTimestampedKeyValueStoreWithHeaders(name)
                        .get();
            }
            return (boolean) field(supplier, "returnTimestampedStore")
                    ? ForebayStores.persistentTimestampedKeyValueStore(name).get()
                    : ForebayStores.persistentKeyValueStore(name).get();
        }
    }

    /** For suppliers of window stores that a test has made by itself. */
    public static final class Window {
        private Window() {}

        @RuntimeType
        public static WindowStore<Bytes, byte[]> get(@This Object rocksDb) {
            WindowBytesStoreSupplier supplier = (WindowBytesStoreSupplier) rocksDb;
            Duration retention = Duration.ofMillis(supplier.retentionPeriod());
            Duration size = Duration.ofMillis(supplier.windowSize());
            boolean headers = supplier instanceof HeadersBytesStoreSupplier
                    || field(supplier, "windowStoreType").toString().endsWith("HEADERS");
            if (rocksDb.getClass().getSimpleName().contains("TimeOrdered")) {
                return DSL.windowStore(new DslWindowParams(
                                supplier.name(),
                                retention,
                                size,
                                supplier.retainDuplicates(),
                                EmitStrategy.onWindowClose(),
                                false,
                                headers
                                        ? org.apache.kafka.streams.DslStoreFormat.HEADERS
                                        : org.apache.kafka.streams.DslStoreFormat.TIMESTAMPED))
                        .get();
            }
            if (headers) {
                return ForebayStores.persistentTimestampedWindowStoreWithHeaders(
                                supplier.name(), retention, size, supplier.retainDuplicates())
                        .get();
            }
            return field(supplier, "windowStoreType").toString().startsWith("TIMESTAMPED")
                    ? ForebayStores.persistentTimestampedWindowStore(
                                    supplier.name(), retention, size, supplier.retainDuplicates())
                            .get()
                    : ForebayStores.persistentWindowStore(supplier.name(), retention, size, supplier.retainDuplicates())
                            .get();
        }
    }

    /** For suppliers of session stores that a test has made by itself. */
    public static final class Session {
        private Session() {}

        @RuntimeType
        public static SessionStore<Bytes, byte[]> get(@This Object rocksDb) {
            SessionBytesStoreSupplier supplier = (SessionBytesStoreSupplier) rocksDb;
            EmitStrategy emit = rocksDb.getClass().getSimpleName().contains("TimeOrdered")
                    ? EmitStrategy.onWindowClose()
                    : EmitStrategy.onWindowUpdate();
            return DSL.sessionStore(new DslSessionParams(
                            supplier.name(),
                            Duration.ofMillis(supplier.retentionPeriod()),
                            emit,
                            supplier instanceof HeadersBytesStoreSupplier
                                    ? org.apache.kafka.streams.DslStoreFormat.HEADERS
                                    : org.apache.kafka.streams.DslStoreFormat.PLAIN))
                    .get();
        }
    }

    private static Object field(Object supplier, String name) {
        for (Class<?> type = supplier.getClass(); type != null; type = type.getSuperclass()) {
            try {
                var field = type.getDeclaredField(name);
                field.setAccessible(true);
                return field.get(supplier);
            } catch (NoSuchFieldException e) {
                continue;
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        }
        throw new IllegalStateException("No field " + name + " in " + supplier.getClass());
    }
}
