package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.window.ForebaySessionStore;
import io.forebay.kafka.window.SessionSupplier;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;

/** Kafka's suite for session stores on the time-ordered session store of Forebay. */
public class ForebayTimeOrderedSessionStoreSuiteTest extends AbstractSessionBytesStoreTest {
    private int built;

    @Override
    StoreType storeType() {
        return StoreType.RocksDBTimeOrderedSessionStoreWithIndex;
    }

    @Override
    <K, V> SessionStore<K, V> buildSessionStore(long retentionPeriod, Serde<K> keySerde, Serde<V> valueSerde) {
        // some tests open a second store in the same directory while the first is still open
        String name = "forebay-session-" + built++;
        SessionStore<K, V> store = Stores.sessionStoreBuilder(
                        SessionSupplier.readWhenClosed(name, ValueFormat.PLAIN, retentionPeriod), keySerde, valueSerde)
                .build();
        return Innermost.mustBe(ForebaySessionStore.class, store);
    }
}
