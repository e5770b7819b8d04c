package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.window.ForebayTimestampedWindowStore;
import io.forebay.kafka.window.WindowSupplier;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.WindowStore;

/** Kafka's suite for window stores on the time-ordered window store of Forebay. */
public class ForebayTimeOrderedWindowStoreSuiteTest extends AbstractWindowBytesStoreTest {
    private final SuiteStores stores = new SuiteStores();

    @Override
    <K, V> WindowStore<K, V> buildWindowStore(
            long retentionPeriod, long windowSize, boolean retainDuplicates, Serde<K> keySerde, Serde<V> valueSerde) {
        return SuiteStores.window(
                ForebayTimestampedWindowStore.class,
                WindowSupplier.readWhenClosed(
                        stores.nextName(),
                        ValueFormat.TIMESTAMPED,
                        retentionPeriod,
                        windowSize,
                        retainDuplicates,
                        true),
                keySerde,
                valueSerde);
    }
}
