package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Iterators that had given their memtables back still referred to the memory, so that it could not be made one piece again: a long
 * value was refused, with all memory free, until they were closed.
 */
class TakenMemtablesKeepRegionsTest {
    private static final int ROUNDS = 8;
    private static final int ROWS = 1_700;
    private static final int CACHED = 12_000;
    /** Longer than any piece that was needed before. */
    private static final int LONG = 1_046_576;

    private final List<StoreIterator> idle = new ArrayList<>();

    @Test
    void aLongValueFindsRoomBesideThem() {
        try (Environment environment =
                        Environment.builder().memoryBytes(8 << 20).build();
                Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults())) {
            put(store, "cached", CACHED);
            store.flush();
            for (int round = 0; round < ROUNDS; round++) {
                put(store, "round" + round, ROWS);
                store.flush();
                readAll(store);
            }
            assertThat(store.statistics().idleIteratorsEmptied()).isEqualTo(idle.size());
            store.put(key("long", 0), new byte[LONG]);
            assertThat(store.get(key("long", 0))).hasSize(LONG);
            idle.forEach(iterator -> assertThat(iterator.key()).isNotEmpty());
            idle.forEach(StoreIterator::close);
        }
    }

    private void put(Store store, String prefix, int rows) {
        for (int i = 0; i < rows; i++) {
            store.put(key(prefix, i), new byte[1_000]);
            if (rows == ROWS && i % 70 == 0) {
                StoreIterator iterator = store.iterator(KeyRange.all());
                iterator.seek(key(prefix, i));
                idle.add(iterator);
            }
        }
    }

    /** So that the cache has the memory again. */
    private static void readAll(Store store) {
        for (int i = 0; i < CACHED; i++) {
            assertThat(store.get(key("cached", i * 7919 % CACHED))).hasSize(1_000);
        }
    }

    private static byte[] key(String prefix, int number) {
        return String.format("%s-%06d", prefix, number).getBytes(UTF_8);
    }
}
