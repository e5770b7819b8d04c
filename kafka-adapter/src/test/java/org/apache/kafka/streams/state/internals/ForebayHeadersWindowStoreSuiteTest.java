package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.window.ForebayHeadersWindowStore;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.WindowStore;

/** Kafka's suite for window stores on the window store of Forebay with headers. */
public class ForebayHeadersWindowStoreSuiteTest extends AbstractWindowBytesStoreTest {
    private final SuiteStores stores = new SuiteStores();

    @Override
    <K, V> WindowStore<K, V> buildWindowStore(
            long retentionPeriod, long windowSize, boolean retainDuplicates, Serde<K> keySerde, Serde<V> valueSerde) {
        return SuiteStores.window(
                ForebayHeadersWindowStore.class,
                ForebayStores.persistentTimestampedWindowStoreWithHeaders(
                        stores.nextName(),
                        Duration.ofMillis(retentionPeriod),
                        Duration.ofMillis(windowSize),
                        retainDuplicates),
                keySerde,
                valueSerde);
    }
}
