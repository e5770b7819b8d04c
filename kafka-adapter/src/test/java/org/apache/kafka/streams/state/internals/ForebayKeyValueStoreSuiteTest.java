package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.kv.ForebayKeyValueStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** Kafka's suite for key-value stores on the plain store of Forebay. */
public class ForebayKeyValueStoreSuiteTest extends AbstractKeyValueStoreTest {
    @Override
    protected <K, V> KeyValueStore<K, V> createKeyValueStore(StateStoreContext context) {
        return SuiteStores.keyValue(
                ForebayKeyValueStore.class, ForebayStores.persistentKeyValueStore("forebay-store"), context);
    }
}
