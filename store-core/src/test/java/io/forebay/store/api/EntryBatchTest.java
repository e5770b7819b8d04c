package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Runs of entries that an iterator copies with one call. */
class EntryBatchTest {
    private static final int MIB = 1 << 20;

    private static byte[] key(int i) {
        return String.format("key %04d", i).getBytes(UTF_8);
    }

    private static byte[] value(int i) {
        return ("value " + i).repeat(i % 5).getBytes(UTF_8);
    }

    private static Store filled(SteppedEnvironment stepped, int entries) {
        Store store = stepped.open(new CrashFileStore());
        for (int i = 0; i < entries; i++) {
            store.put(key(i), value(i));
        }
        return store;
    }

    private static int passAll(StoreIterator iterator, EntryBatch batch, int from, int to) {
        int at = from;
        int calls = 0;
        for (; iterator.isValid(); calls++) {
            iterator.nextBatch(batch);
            for (int i = 0; i < batch.size(); i++, at++) {
                assertThat(batch.key(i)).isEqualTo(key(at));
                assertThat(Arrays.copyOfRange(
                                batch.array(), batch.valueOffset(i), batch.valueOffset(i) + batch.valueLength(i)))
                        .isEqualTo(batch.value(i))
                        .isEqualTo(batch.hasValues() ? value(at) : new byte[0]);
                assertThat(Arrays.copyOfRange(
                                batch.array(), batch.keyOffset(i), batch.keyOffset(i) + batch.keyLength(i)))
                        .isEqualTo(key(at));
            }
        }
        assertThat(at).isEqualTo(to);
        return calls;
    }

    @Test
    void batchesAreFullOfWhatComesNext() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = filled(stepped, 1000);
            for (boolean flushed : new boolean[] {false, true}) {
                if (flushed) {
                    store.flush();
                }
                try (StoreIterator iterator = store.iterator(KeyRange.of(key(10), key(990)))) {
                    iterator.seekToFirst();
                    assertThat(passAll(iterator, EntryBatch.of(100, MIB), 10, 990))
                            .isEqualTo(10);
                    iterator.seek(key(500));
                    assertThat(passAll(iterator, EntryBatch.ofKeys(1000, 8 * 49 + 1), 500, 990))
                            .isEqualTo(10);
                    iterator.seekForPrev(key(985));
                    assertThat(passAll(iterator, EntryBatch.of(1, MIB), 985, 990))
                            .isEqualTo(5);
                }
            }
        }
    }

    @Test
    void anEntryOfWhateverSizeFits() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(8 * MIB)) {
            Store store = stepped.open(new CrashFileStore());
            byte[] large = new byte[MIB];
            large[MIB - 1] = 7;
            store.put(key(1), large);
            store.put(key(2), value(2));
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                iterator.seekToFirst();
                EntryBatch batch = EntryBatch.of(10, 1);
                iterator.nextBatch(batch);
                assertThat(batch.size()).isEqualTo(1);
                assertThat(batch.value(0)).isEqualTo(large);
                iterator.nextBatch(batch);
                assertThat(batch.size()).isEqualTo(1);
                assertThat(batch.value(0)).isEqualTo(value(2));
                assertThat(iterator.isValid()).isFalse();
            }
        }
    }

    /** Memtables are taken from the iterator between two batches. */
    @Test
    void anIdleIteratorGoesOnWhereItWas() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = filled(stepped, 100);
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                EntryBatch batch = EntryBatch.of(30, MIB);
                iterator.seekToFirst();
                iterator.nextBatch(batch);
                store.deleteRange(key(0), key(200));
                store.flush();
                assertThat(store.statistics().idleIteratorsEmptied()).isEqualTo(1);
                assertThat(passAll(iterator, batch, 30, 100)).isEqualTo(3);
            }
        }
    }

    @Test
    void whatIsNotThereIsRefused() {
        assertThatThrownBy(() -> EntryBatch.of(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EntryBatch.ofKeys(1, 0)).isInstanceOf(IllegalArgumentException.class);
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = filled(stepped, 2);
            EntryBatch batch = EntryBatch.of(10, MIB);
            StoreIterator iterator = store.iterator(KeyRange.all());
            assertThatThrownBy(() -> iterator.nextBatch(batch)).isInstanceOf(IllegalStateException.class);
            iterator.seekToFirst();
            iterator.nextBatch(batch);
            assertThat(batch.size()).isEqualTo(2);
            assertThatThrownBy(() -> batch.key(2)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> batch.valueLength(-1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> iterator.nextBatch(batch)).isInstanceOf(IllegalStateException.class);
            assertThat(batch.size()).isZero();
            assertThatThrownBy(() -> batch.keyOffset(0)).isInstanceOf(IndexOutOfBoundsException.class);
            iterator.close();
            assertThatThrownBy(() -> iterator.nextBatch(batch)).isInstanceOf(StoreClosedException.class);
        }
    }

    @Test
    void aBatchWithoutALimitOfEntriesGrows() {
        EntryBatch batch = EntryBatch.of(Integer.MAX_VALUE, Integer.MAX_VALUE);
        for (int i = 0; i < 1000; i++) {
            batch.add(new byte[] {(byte) i}, 1, 0);
        }
        assertThat(batch.size()).isEqualTo(1000);
        assertThat(batch.key(999)).containsExactly((byte) 999);
    }
}
