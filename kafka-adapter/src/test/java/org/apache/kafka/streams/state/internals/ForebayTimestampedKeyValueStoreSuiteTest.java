package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.kv.ForebayTimestampedKeyValueStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** Kafka's suite for key-value stores on the timestamped store of Forebay. */
public class ForebayTimestampedKeyValueStoreSuiteTest extends AbstractKeyValueStoreTest {
    @Override
    protected <K, V> KeyValueStore<K, V> createKeyValueStore(StateStoreContext context) {
        return SuiteStores.keyValue(
                ForebayTimestampedKeyValueStore.class,
                ForebayStores.persistentTimestampedKeyValueStore("forebay-store"),
                context);
    }
}
