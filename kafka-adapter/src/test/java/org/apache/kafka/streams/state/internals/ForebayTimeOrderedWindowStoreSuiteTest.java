package org.apache.kafka.streams.state.internals;

import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.window.ForebayTimestampedWindowStore;
import io.forebay.kafka.window.WindowSupplier;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Kafka's suite for window stores on the time-ordered window store of Forebay. */
public class ForebayTimeOrderedWindowStoreSuiteTest extends AbstractWindowBytesStoreTest {
    private int built;

    @Override
    <K, V> WindowStore<K, V> buildWindowStore(
            long retentionPeriod, long windowSize, boolean retainDuplicates, Serde<K> keySerde, Serde<V> valueSerde) {
        // some tests open a second store in the same directory while the first is still open
        String name = "forebay-window-" + built++;
        WindowStore<K, V> store = Stores.windowStoreBuilder(
                        WindowSupplier.readWhenClosed(
                                name, ValueFormat.TIMESTAMPED, retentionPeriod, windowSize, retainDuplicates, true),
                        keySerde,
                        valueSerde)
                .build();
        return Innermost.mustBe(ForebayTimestampedWindowStore.class, store);
    }
}
