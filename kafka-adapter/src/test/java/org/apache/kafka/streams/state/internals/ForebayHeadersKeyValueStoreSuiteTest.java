package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.kv.ForebayHeadersKeyValueStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** Kafka's suite for key-value stores on the store of Forebay with headers. */
public class ForebayHeadersKeyValueStoreSuiteTest extends AbstractKeyValueStoreTest {
    @Override
    protected <K, V> KeyValueStore<K, V> createKeyValueStore(StateStoreContext context) {
        return SuiteStores.keyValue(
                ForebayHeadersKeyValueStore.class,
                ForebayStores.persistentTimestampedKeyValueStoreWithHeaders("forebay-store"),
                context);
    }
}
