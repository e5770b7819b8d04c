package io.forebay.bench.kafka;

import io.forebay.bench.scenarios.Contender;
import io.forebay.kafka.ForebayStores;
import java.time.Duration;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/** Who makes the innermost stores. */
enum StoreFamily {
    FOREBAY(new Contender("forebay", "Forebay")) {
        @Override
        KeyValueBytesStoreSupplier keyValue(String name) {
            return ForebayStores.persistentKeyValueStore(name);
        }

        @Override
        KeyValueBytesStoreSupplier timestampedKeyValue(String name) {
            return ForebayStores.persistentTimestampedKeyValueStore(name);
        }

        @Override
        WindowBytesStoreSupplier window(String name, Duration retention, Duration size) {
            return ForebayStores.persistentWindowStore(name, retention, size, false);
        }

        @Override
        SessionBytesStoreSupplier session(String name, Duration retention) {
            return ForebayStores.persistentSessionStore(name, retention);
        }
    },
    ROCKSDB(new Contender("rocksdb", "RocksDB", "rocksdb-kafka")) {
        @Override
        KeyValueBytesStoreSupplier keyValue(String name) {
            return Stores.persistentKeyValueStore(name);
        }

        @Override
        KeyValueBytesStoreSupplier timestampedKeyValue(String name) {
            return Stores.persistentTimestampedKeyValueStore(name);
        }

        @Override
        WindowBytesStoreSupplier window(String name, Duration retention, Duration size) {
            return Stores.persistentWindowStore(name, retention, size, false);
        }

        @Override
        SessionBytesStoreSupplier session(String name, Duration retention) {
            return Stores.persistentSessionStore(name, retention);
        }
    },
    MEMORY(new Contender("memory", "in memory")) {
        @Override
        KeyValueBytesStoreSupplier keyValue(String name) {
            return Stores.inMemoryKeyValueStore(name);
        }

        @Override
        KeyValueBytesStoreSupplier timestampedKeyValue(String name) {
            return Stores.inMemoryKeyValueStore(name);
        }

        @Override
        WindowBytesStoreSupplier window(String name, Duration retention, Duration size) {
            return Stores.inMemoryWindowStore(name, retention, size, false);
        }

        @Override
        SessionBytesStoreSupplier session(String name, Duration retention) {
            return Stores.inMemorySessionStore(name, retention);
        }
    };

    private final Contender contender;

    StoreFamily(Contender contender) {
        this.contender = contender;
    }

    Contender contender() {
        return contender;
    }

    static StoreFamily of(Contender contender) {
        for (StoreFamily family : values()) {
            if (family.contender.isSameAs(contender)) {
                return family;
            }
        }
        throw new IllegalArgumentException("No stores of " + contender);
    }

    abstract KeyValueBytesStoreSupplier keyValue(String name);

    abstract KeyValueBytesStoreSupplier timestampedKeyValue(String name);

    abstract WindowBytesStoreSupplier window(String name, Duration retention, Duration size);

    abstract SessionBytesStoreSupplier session(String name, Duration retention);
}
