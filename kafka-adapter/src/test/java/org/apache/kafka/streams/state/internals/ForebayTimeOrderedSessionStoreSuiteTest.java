package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.window.ForebaySessionStore;
import io.forebay.kafka.window.SessionSupplier;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.SessionStore;

/** Kafka's suite for session stores on the time-ordered session store of Forebay. */
public class ForebayTimeOrderedSessionStoreSuiteTest extends AbstractSessionBytesStoreTest {
    private final SuiteStores stores = new SuiteStores();

    @Override
    StoreType storeType() {
        return StoreType.RocksDBTimeOrderedSessionStoreWithIndex;
    }

    @Override
    <K, V> SessionStore<K, V> buildSessionStore(long retentionPeriod, Serde<K> keySerde, Serde<V> valueSerde) {
        return SuiteStores.session(
                ForebaySessionStore.class,
                SessionSupplier.readWhenClosed(stores.nextName(), ValueFormat.PLAIN, retentionPeriod),
                keySerde,
                valueSerde);
    }
}
