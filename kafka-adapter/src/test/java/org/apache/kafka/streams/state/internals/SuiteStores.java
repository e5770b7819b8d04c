package org.apache.kafka.streams.state.internals;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Builds stores for Kafka's suites, with proof that they are stores of Forebay. Each has a name of its own, because some tests
 * open a second store in the same directory while the first is still open.
 */
final class SuiteStores {
    private int named;

    String nextName() {
        return "forebay-" + named++;
    }

    /** A store that is open. */
    @SuppressWarnings("unchecked")
    static <K, V> KeyValueStore<K, V> keyValue(
            Class<? extends StateStore> expected, KeyValueBytesStoreSupplier supplier, StateStoreContext context) {
        KeyValueStore<K, V> store = Stores.keyValueStoreBuilder(
                        supplier, (Serde<K>) context.keySerde(), (Serde<V>) context.valueSerde())
                .build();
        store.init(context, store);
        return Innermost.mustBe(expected, store);
    }

    static <K, V> WindowStore<K, V> window(
            Class<? extends StateStore> expected,
            WindowBytesStoreSupplier supplier,
            Serde<K> keySerde,
            Serde<V> valueSerde) {
        return Innermost.mustBe(
                expected,
                Stores.windowStoreBuilder(supplier, keySerde, valueSerde).build());
    }

    static <K, V> SessionStore<K, V> session(
            Class<? extends StateStore> expected,
            SessionBytesStoreSupplier supplier,
            Serde<K> keySerde,
            Serde<V> valueSerde) {
        return Innermost.mustBe(
                expected,
                Stores.sessionStoreBuilder(supplier, keySerde, valueSerde).build());
    }
}
