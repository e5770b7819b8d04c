package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Range deletes, one for each map that was cleared, did not count for the end of a file: the metadata of one file
 * outgrew the memory and was decoded for every get; cursors, flushes and compactions held those of whole runs.
 */
@Timeout(600)
class RangeDeletesOutgrowMemoryTest {
    private static final int BUDGET = 1 << 20;
    /** Of more than 110 bytes each on the heap. */
    private static final int DELETES = 20_000;
    /** More than a file takes whose range deletes are a sixty-fourth of the budget: about 150 of less than 40 bytes. */
    private static final int FILE_BYTES = 16 << 10;

    private final MemoryFileStore files = new MemoryFileStore();
    private final Model model = new Model();

    private static byte[] key(int number, char letter) {
        return String.format("r%08d%c", number, letter).getBytes(StandardCharsets.US_ASCII);
    }

    private void put(Store store, int number) {
        store.put(key(number, 'a'), new byte[] {1});
        model.put(key(number, 'a'), new byte[] {1});
    }

    private void delete(Store store, int number, char from, char to) {
        store.deleteRange(key(number, from), key(number, to));
        model.deleteRange(key(number, from), key(number, to));
    }

    /**
     * Rows, and range deletes that leave every hundredth of them. A snapshot needs the others, so all range deletes go down to
     * the bottom, among entries.
     */
    private Snapshot fill(SteppedEnvironment environment, Store store) {
        for (int i = 0; i < DELETES; i++) {
            put(store, i);
        }
        settle(environment, store);
        Snapshot snapshot = store.snapshot();
        for (int i = 0; i < DELETES; i++) {
            if (i % 100 > 0) {
                delete(store, i, 'a', 'b');
            }
        }
        settle(environment, store);
        store.compact();
        environment.executor.drain();
        assertThat(store.statistics().sortedRuns()).isEqualTo(1);
        return snapshot;
    }

    private static void settle(SteppedEnvironment environment, Store store) {
        store.flush();
        store.commitDurably(new byte[0]);
        environment.executor.drain();
    }

    private void checkFiles(Store store, int atLeast) {
        try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            checkpoint.completion().join();
            assertThat(checkpoint.files()).hasSizeGreaterThan(atLeast);
            assertThat(checkpoint.files())
                    .allSatisfy(file -> assertThat(file.bytes()).isLessThan(FILE_BYTES));
        }
        assertThat(store.verify().isClean()).isTrue();
    }

    private void checkRows(SteppedEnvironment environment, Store store) {
        for (int row = 0; row < DELETES; row += DELETES / 4) {
            assertThat(store.get(key(row, 'a'))).isEqualTo(model.get(key(row, 'a')));
            long misses = environment.environment.statistics().tableCacheMisses();
            for (int i = 0; i < 50; i++) {
                assertThat(store.get(key(row, 'a'))).isEqualTo(model.get(key(row, 'a')));
            }
            assertThat(environment.environment.statistics().tableCacheMisses())
                    .as("gets of one row")
                    .isEqualTo(misses);
        }
        model.assertSame(store, KeyRange.all(), "all rows");
        assertThat(environment.environment.statistics().memoryPeak()).isLessThanOrEqualTo(BUDGET);
    }

    /** They are not committed, so that they are merged with each other only. */
    @Test
    void filesOfRangeDeletesAloneEndAsWell() {
        try (SteppedEnvironment environment = new SteppedEnvironment(BUDGET);
                Store store = environment.open(files)) {
            for (int i = 0; i < DELETES; i += 100) {
                put(store, i);
            }
            settle(environment, store);
            store.compact();
            for (int i = 0; i < DELETES; i++) {
                delete(store, i, 'b', 'c');
                if (i % 500 == 499) {
                    store.flush();
                    environment.executor.drain();
                }
            }
            checkFiles(store, DELETES / 400);
            checkRows(environment, store);
        }
    }

    @Test
    void filesOfTheBottomEndAsWell() {
        try (SteppedEnvironment environment = new SteppedEnvironment(BUDGET);
                Store store = environment.open(files)) {
            try (Snapshot snapshot = fill(environment, store)) {
                checkFiles(store, DELETES / 400);
                checkRows(environment, store);
                for (int i = 0; i < DELETES; i += 777) {
                    assertThat(snapshot.get(key(i, 'a'))).containsExactly(1);
                }
                try (StoreIterator rows = snapshot.iterator(KeyRange.all())) {
                    int count = 0;
                    for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                        assertThat(rows.key()).isEqualTo(key(count++, 'a'));
                    }
                    assertThat(count).isEqualTo(DELETES);
                }
            }
            store.compact();
            environment.executor.drain();
            assertThat(store.statistics().liveFiles()).isLessThan(5);
            checkRows(environment, store);
        }
    }

    @Test
    void aCursorReadsTheRangeDeletesOfTheFilesThatItIsIn() {
        try (SteppedEnvironment environment = new SteppedEnvironment(BUDGET);
                Store store = environment.open(files)) {
            fill(environment, store).close();
        }
        try (SteppedEnvironment environment = new SteppedEnvironment(BUDGET);
                Store store = environment.open(files);
                StoreIterator iterator = store.iterator(KeyRange.all())) {
            assertThat(store.statistics().liveFiles()).isGreaterThan(DELETES / 400);
            iterator.seek(key(DELETES / 2, 'a'));
            assertThat(iterator.isValid()).isTrue();
            assertThat(iterator.key()).isEqualTo(key(DELETES / 2, 'a'));
            assertThat(environment.environment.statistics().tableCacheMisses())
                    .as("files read to find one row")
                    .isLessThanOrEqualTo(2);
        }
    }

    @Test
    void restoredPartsShowTheirRangeDeletesAlone() {
        byte[] middle = key(DELETES / 2 + 17, 'a');
        try (SteppedEnvironment environment = new SteppedEnvironment(BUDGET);
                Store store = environment.open(files);
                Snapshot snapshot = fill(environment, store);
                Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            checkpoint.completion().join();
            for (KeyRange part : List.of(KeyRange.of(null, middle), KeyRange.of(middle, null))) {
                StoreOptions options = StoreOptions.builder().name("part").build();
                RestoreSource source = new RestoreSource(files, checkpoint.metadata(), part);
                try (Store restored =
                        environment.environment.restore(new MemoryFileStore(), options, List.of(source), new byte[0])) {
                    model.assertSame(restored, part, "the part");
                    assertThat(restored.verify().isClean()).isTrue();
                    restored.compact();
                    environment.executor.drain();
                    model.assertSame(restored, part, "the part, compacted");
                }
            }
            assertThat(snapshot.get(key(1, 'a'))).containsExactly(1);
        }
    }

    /** A file that a store with more memory wrote: its range deletes have no room here. */
    @Test
    void whatHasNoRoomIsNotDecodedForEveryRead() {
        try (SteppedEnvironment environment = new SteppedEnvironment(128 << 20);
                Store store = environment.open(files)) {
            fill(environment, store).close();
            assertThat(store.statistics().liveFiles()).isLessThan(5);
        }
        try (SteppedEnvironment environment = new SteppedEnvironment(BUDGET);
                Store store = environment.open(files)) {
            int reads = 1000;
            Random random = new Random(1);
            for (int i = 0; i < reads; i++) {
                byte[] key = key(random.nextInt(DELETES), 'a');
                assertThat(store.get(key)).isEqualTo(model.get(key));
            }
            // the garbage collector may take what nobody is reading at the moment
            assertThat(environment.environment.statistics().tableCacheMisses()).isLessThan(reads / 4);
            model.assertSame(store, KeyRange.all(), "all rows");
            assertThat(environment.environment.statistics().memoryPeak()).isLessThanOrEqualTo(BUDGET);
        }
    }
}
