package io.forebay.kafka.kv;

import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.HeadersBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;

/** Suppliers of the key-value stores. Each call of {@code get} makes a new store that is not open yet. */
public final class KeyValueSuppliers {
    static final String METRICS_SCOPE = "forebay";

    private KeyValueSuppliers() {}

    public static KeyValueBytesStoreSupplier plain(String name) {
        return new Plain(name);
    }

    public static KeyValueBytesStoreSupplier timestamped(String name) {
        return new Timestamped(name);
    }

    /** The result is a {@link HeadersBytesStoreSupplier} as well. */
    public static KeyValueBytesStoreSupplier headers(String name) {
        return new Headers(name);
    }

    private abstract static class Named implements KeyValueBytesStoreSupplier {
        private final String name;

        Named(String name) {
            this.name = Objects.requireNonNull(name, "name cannot be null");
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String metricsScope() {
            return METRICS_SCOPE;
        }

        @Override
        public String toString() {
            return "Forebay" + getClass().getSimpleName() + "KeyValueBytesStoreSupplier{name='" + name + "'}";
        }
    }

    private static final class Plain extends Named {
        Plain(String name) {
            super(name);
        }

        @Override
        public KeyValueStore<Bytes, byte[]> get() {
            return new ForebayKeyValueStore(name());
        }
    }

    private static final class Timestamped extends Named {
        Timestamped(String name) {
            super(name);
        }

        @Override
        public KeyValueStore<Bytes, byte[]> get() {
            return new ForebayTimestampedKeyValueStore(name());
        }
    }

    private static final class Headers extends Named implements HeadersBytesStoreSupplier {
        Headers(String name) {
            super(name);
        }

        @Override
        public KeyValueStore<Bytes, byte[]> get() {
            return new ForebayHeadersKeyValueStore(name());
        }
    }
}
