package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * {@code nextBatch} threw a NullPointerException at a value of more than 64 KiB when other iterators held so much that the block of
 * the value was not kept.
 */
class LongBatchedValueTest {
    private static final int ENTRIES = 20;
    private static final int MEMORY = 8 << 20;
    /** Eight of them are an eighth of the memory. */
    private static final int LENGTH = MEMORY / 64;

    @Test
    void aBatchHasLongValuesThatNoBlockIsKeptOf() {
        byte[][] values = new byte[ENTRIES][LENGTH];
        Random random = new Random(1);
        try (SteppedEnvironment stepped = new SteppedEnvironment(MEMORY)) {
            Store store = stepped.open(new CrashFileStore());
            for (int i = 0; i < ENTRIES; i++) {
                random.nextBytes(values[i]);
                store.put(new byte[] {(byte) i}, values[i]);
            }
            store.commitDurably(new byte[0]);
            List<StoreIterator> holders = new ArrayList<>();
            for (int i = 0; i < ENTRIES; i++) {
                StoreIterator holder = store.iterator(KeyRange.all());
                holder.seek(new byte[] {(byte) i});
                holders.add(holder);
            }
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                EntryBatch batch = EntryBatch.of(3, MEMORY);
                int at = 0;
                for (iterator.seekToFirst(); iterator.isValid(); ) {
                    iterator.nextBatch(batch);
                    for (int i = 0; i < batch.size(); i++, at++) {
                        assertThat(batch.value(i)).isEqualTo(values[at]);
                    }
                }
                assertThat(at).isEqualTo(ENTRIES);
            }
            EntryBatch all = EntryBatch.of(ENTRIES, Integer.MAX_VALUE);
            store.scan(KeyRange.all(), all);
            assertThat(all.size()).isEqualTo(ENTRIES);
            for (int i = 0; i < ENTRIES; i++) {
                assertThat(all.value(i)).isEqualTo(values[i]);
            }
            holders.forEach(StoreIterator::close);
        }
    }
}
