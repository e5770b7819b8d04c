package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.window.ForebayWindowStore;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Kafka's suite for window stores on the plain window store of Forebay. */
public class ForebayWindowStoreSuiteTest extends AbstractWindowBytesStoreTest {
    private int built;

    @Override
    <K, V> WindowStore<K, V> buildWindowStore(
            long retentionPeriod, long windowSize, boolean retainDuplicates, Serde<K> keySerde, Serde<V> valueSerde) {
        // some tests open a second store in the same directory while the first is still open
        String name = "forebay-window-" + built++;
        WindowStore<K, V> store = Stores.windowStoreBuilder(
                        ForebayStores.persistentWindowStore(
                                name,
                                Duration.ofMillis(retentionPeriod),
                                Duration.ofMillis(windowSize),
                                retainDuplicates),
                        keySerde,
                        valueSerde)
                .build();
        return Innermost.mustBe(ForebayWindowStore.class, store);
    }
}
