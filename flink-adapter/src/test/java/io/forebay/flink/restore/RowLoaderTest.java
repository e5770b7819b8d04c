package io.forebay.flink.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowLoaderTest {
    private final Environment environment =
            Environment.builder().memoryBytes(16 << 20).build();
    private final Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());

    @AfterEach
    void close() {
        store.close();
        environment.close();
    }

    private static byte[] key(int keyGroup, int number) {
        return ByteBuffer.allocate(6).putShort((short) keyGroup).putInt(number).array();
    }

    private void assertLoaded(int keyGroups, int rows) {
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            for (int keyGroup = 0; keyGroup < keyGroups; keyGroup++) {
                for (int i = 0; i < rows; i++) {
                    assertThat(iterator.key()).isEqualTo(key(keyGroup, i));
                    assertThat(iterator.value()).isEqualTo(key(i, keyGroup));
                    iterator.next();
                }
            }
            assertThat(iterator.isValid()).isFalse();
        }
    }

    /** Loads rows of 10 key groups, sorted or not within them, in batches of about {@code batchRows}. */
    private void load(boolean sorted, int rows, int batchRows) {
        Random random = new Random(1);
        try (RowLoader loader = new RowLoader(store, batchRows * 76)) {
            for (int keyGroup = 0; keyGroup < 10; keyGroup++) {
                List<Integer> numbers = new ArrayList<>();
                for (int i = 0; i < rows; i++) {
                    numbers.add(i);
                }
                if (!sorted) {
                    Collections.shuffle(numbers, random);
                }
                for (int number : numbers) {
                    loader.add(key(keyGroup, number), key(number, keyGroup));
                }
                loader.endBatch();
            }
            loader.finish();
        }
        assertLoaded(10, rows);
    }

    @Test
    void sortedRowsGoStraightIntoFiles() {
        load(true, 1000, 300);
        assertThat(store.statistics().writes()).isZero();
        assertThat(store.statistics().liveFiles()).isPositive();
    }

    @Test
    void unsortedKeyGroupsThatFitIntoABatchGoStraightIntoFiles() {
        load(false, 1000, 2000);
        assertThat(store.statistics().writes()).isZero();
    }

    @Test
    void largerUnsortedKeyGroupsAreLoadedAllTheSame() {
        load(false, 1000, 300);
        assertThat(store.statistics().writes()).isPositive();
    }

    @Test
    void nothingIsLoadedUnlessItIsFinished() {
        try (RowLoader loader = new RowLoader(store, 100)) {
            for (int i = 0; i < 100; i++) {
                loader.add(key(0, i), key(i, 0));
            }
        }
        assertLoaded(0, 0);
        store.put(key(0, 0), key(0, 0));
        assertLoaded(1, 1);
    }

    @Test
    void loadingNothingIsFine() {
        try (RowLoader loader = new RowLoader(store)) {
            loader.endBatch();
            loader.finish();
        }
        assertLoaded(0, 0);
    }

    /** A memtable of this store takes no more than 1.5 MiB. */
    @ParameterizedTest
    @ValueSource(ints = {1, 1 << 20, 8 << 20})
    void rowsOfAnyLengthAreLoadedInAnyOrder(int batchBytes) {
        Random random = new Random(batchBytes);
        Map<Integer, byte[]> expected = new TreeMap<>();
        try (Environment small = Environment.builder().memoryBytes(2 << 20).build();
                Store limited = small.open(FileStores.inMemory(), StoreOptions.defaults())) {
            try (RowLoader loader = new RowLoader(limited, batchBytes)) {
                for (int length :
                        new int[] {3 << 20, 100, 0, 2 << 20, (128 << 10) - 6, (128 << 10) - 5, 5 << 20, 1 << 20}) {
                    for (int i = 0; i < 10; i++) {
                        byte[] value = new byte[i < 3 ? length : random.nextInt(50)];
                        random.nextBytes(value);
                        int number = random.nextInt(40);
                        loader.add(key(0, number), value);
                        expected.put(number, value);
                    }
                }
                loader.finish();
            }
            assertThat(rowsOf(limited)).containsExactlyEntriesOf(expected);
        }
    }

    @Test
    void ofRowsWithTheSameKeyTheLastOneStays() {
        for (int batchRows : new int[] {1, 2, 3, 100}) {
            try (Store duplicates = environment.open(FileStores.inMemory(), StoreOptions.defaults());
                    RowLoader loader = new RowLoader(duplicates, batchRows * 76)) {
                for (int value = 0; value < 12; value++) {
                    loader.add(key(0, value % 5 == 0 ? 7 : value % 4), key(0, value));
                }
                loader.finish();
                assertThat(rowsOf(duplicates))
                        .containsExactly(
                                Map.entry(0, key(0, 8)),
                                Map.entry(1, key(0, 9)),
                                Map.entry(2, key(0, 6)),
                                Map.entry(3, key(0, 11)),
                                Map.entry(7, key(0, 10)));
            }
        }
    }

    private static Map<Integer, byte[]> rowsOf(Store store) {
        Map<Integer, byte[]> rows = new TreeMap<>();
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                rows.put(ByteBuffer.wrap(iterator.key(), 2, 4).getInt(), iterator.value());
            }
        }
        return rows;
    }
}
