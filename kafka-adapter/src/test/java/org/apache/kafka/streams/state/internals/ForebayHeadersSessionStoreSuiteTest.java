package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.window.ForebayHeadersSessionStore;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.SessionStore;

/** Kafka's suite for session stores on the session store of Forebay with headers. */
public class ForebayHeadersSessionStoreSuiteTest extends AbstractSessionBytesStoreTest {
    private final SuiteStores stores = new SuiteStores();

    /** By this the tests ask what expires together, and whether sessions can be found by their end alone. */
    @Override
    StoreType storeType() {
        return StoreType.RocksDBSessionStore;
    }

    @Override
    <K, V> SessionStore<K, V> buildSessionStore(long retentionPeriod, Serde<K> keySerde, Serde<V> valueSerde) {
        return SuiteStores.session(
                ForebayHeadersSessionStore.class,
                ForebayStores.persistentSessionStoreWithHeaders(stores.nextName(), Duration.ofMillis(retentionPeriod)),
                keySerde,
                valueSerde);
    }
}
