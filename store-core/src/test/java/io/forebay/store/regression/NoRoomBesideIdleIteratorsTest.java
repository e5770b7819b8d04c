package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Blocks and scan windows that idle iterators held lay all over the memory: values of a tenth of the budget found no
 * room in one piece for as long as the iterators were open, though little was held.
 */
class NoRoomBesideIdleIteratorsTest {
    private static final int MIB = 1 << 20;

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }

    /** Brings rows with values of so many bytes to the bottom. @return the source of the values, to go on with */
    private static Random fill(Store store, int rows, int bytes) {
        byte[] value = new byte[bytes];
        Random random = new Random(1);
        for (int i = 0; i < rows; i++) {
            random.nextBytes(value);
            store.put(key(i), value);
        }
        store.flush();
        store.compact();
        return random;
    }

    private static void cacheAll(Environment environment, Store store, int rows, int budget) {
        for (int i = 0; i < rows; i++) {
            store.get(key(i));
        }
        assertThat(environment.statistics().cacheBytes()).isGreaterThan(budget / 4 * 3);
    }

    /** Of a little less than an eighth of the budget, in one piece; the iterators are at rows all over the cache. */
    @Test
    void aLargeValueFindsRoomBesideTheBlocksThatTheyHold() {
        int budget = 32 * MIB;
        int rows = 100_000;
        try (Environment environment = Environment.builder().memoryBytes(budget).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            Random random = fill(store, rows, 400);
            cacheAll(environment, store, rows, budget);
            List<StoreIterator> iterators = new ArrayList<>();
            List<Integer> places = new ArrayList<>();
            for (int i = 0; i < 150; i++) {
                int place = random.nextInt(rows - 1);
                StoreIterator iterator = store.iterator(KeyRange.all());
                iterator.seek(key(place));
                iterators.add(iterator);
                places.add(place);
            }
            byte[] large = new byte[budget / 9];
            for (int i = 0; i < 5; i++) {
                store.put(key(rows + i), large);
            }
            store.write(new WriteBatch().put(key(rows), key(1)).put(key(rows + 1), large));
            assertThat(store.get(key(rows + 1))).isEqualTo(large);
            for (int i = 0; i < iterators.size(); i++) {
                StoreIterator iterator = iterators.get(i);
                assertThat(iterator.key()).isEqualTo(key(places.get(i)));
                assertThat(iterator.value()).hasSize(400);
                iterator.next();
                assertThat(iterator.key()).isEqualTo(key(places.get(i) + 1));
                iterator.close();
            }
        }
    }

    /** Most of the memory is one region that was made for such a value, so that one block that stays there is in its way. */
    @Test
    void aValueOfMostOfTheMemoryFindsRoomAgainWhereOneWasBefore() {
        int budget = 16 * MIB;
        int rows = 34_000;
        int open = 34;
        try (Environment environment = Environment.builder().memoryBytes(budget).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            byte[] large = new byte[budget / 8 * 5];
            store.put(key(rows), large);
            store.flush();
            fill(store, rows, 400);
            cacheAll(environment, store, rows, budget);
            List<StoreIterator> iterators = new ArrayList<>();
            for (int i = 0; i < open; i++) {
                StoreIterator iterator = store.iterator(KeyRange.all());
                iterator.seek(key(1_000 * (i * 21 % open)));
                iterators.add(iterator);
            }
            store.put(key(rows), large);
            for (int i = 0; i < open; i++) {
                StoreIterator iterator = iterators.get(i);
                assertThat(iterator.key()).isEqualTo(key(1_000 * (i * 21 % open)));
                assertThat(iterator.value()).hasSize(400);
                iterator.close();
            }
        }
    }

    /** Each has read ahead, into memory that was the cache's before. */
    @Test
    void aLargeValueFindsRoomBesideScansThatStandStill() {
        int budget = 8 * MIB;
        int rows = budget / 1_000 * 3;
        try (Environment environment = Environment.builder().memoryBytes(budget).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            Random random = fill(store, rows, 1_000);
            List<StoreIterator> iterators = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                for (int reads = 0; reads < 3_000; reads++) {
                    store.get(key(random.nextInt(rows)));
                }
                StoreIterator iterator = store.iterator(KeyRange.all());
                iterator.seek(key(i * 1_000));
                for (int steps = 0; steps < 300; steps++) {
                    iterator.next();
                }
                iterators.add(iterator);
            }
            byte[] large = new byte[budget / 9];
            for (int i = 0; i < 3; i++) {
                store.put(key(rows + i), large);
            }
            for (int i = 0; i < iterators.size(); i++) {
                StoreIterator iterator = iterators.get(i);
                for (int steps = 300; steps < 400; steps++) {
                    assertThat(iterator.key()).isEqualTo(key(i * 1_000 + steps));
                    assertThat(iterator.value()).hasSize(1_000);
                    iterator.next();
                }
                iterator.close();
            }
        }
    }
}
