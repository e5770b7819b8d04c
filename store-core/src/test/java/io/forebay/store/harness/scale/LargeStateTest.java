package io.forebay.store.harness.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.HandleCountingFileStore;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store of two thousand times its budget, of small blocks, so that the metadata of its files alone is many times the budget:
 * everything works, within the budget, and with few files open.
 */
@Timeout(3600)
class LargeStateTest {
    private static final int MIB = 1 << 20;
    private static final int BUDGET = MIB;
    private static final int MAX_OPEN_FILES = 16;
    private static final int VALUE_BYTES = 1000;
    private static final int CHUNK_ROWS = 64 << 10;
    private static final int OVERLAY = 5_000;
    private static final int OPEN_ITERATORS = 50;
    /** Rows between two that are there, so that keys are missed, too. */
    private static final int STRIDE = 3;

    @TempDir
    private Path directory;

    private final long seed =
            Long.getLong("forebay.seed", ThreadLocalRandom.current().nextLong(1L << 48));
    private final Random random = new Random(seed);
    private final HandleCountingFileStore.Counts counts = new HandleCountingFileStore.Counts();
    private final Figures figures = new Figures(LargeStateTest.class);
    /** Rows that are not as they were loaded; null for deleted ones. */
    private final Map<Long, Integer> overlay = new HashMap<>();

    private long rows;

    @Test
    void aStoreOfManyTimesItsBudgetWorks() {
        long times = Effort.of("largeState.times", 2_000, 10_000);
        rows = times * BUDGET / VALUE_BYTES + 1;
        try (Environment environment = Environment.builder()
                .memoryBytes(BUDGET)
                .maxOpenFiles(MAX_OPEN_FILES)
                .build()) {
            run(environment, times);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    "Reproduce: mvn -pl store-core test -Dtest=LargeStateTest -Dforebay.seed=" + seed, e);
        } finally {
            figures.write();
        }
        assertThat(counts.open()).isZero();
    }

    private void run(Environment environment, long times) {
        Store store = environment.open(files("store"), options());
        load(store);
        assertThat(store.statistics().liveFileBytes()).isGreaterThan(times * BUDGET);
        gets(store, 5_000);
        change(store);
        gets(store, 5_000);
        try (Snapshot snapshot = store.snapshot()) {
            Map<Long, Integer> then = new HashMap<>(overlay);
            change(store);
            for (long row : then.keySet()) {
                check(snapshot.get(key(row)), row, then);
            }
        }
        idleIterators(store);
        scan(store, Long.MAX_VALUE);
        reverseScan(store, 20_000);
        restore(environment, store);
        compactMost(store);
        assertThat(store.verify().isClean()).isTrue();

        EnvironmentStatistics statistics = environment.statistics();
        assertThat(statistics.memoryPeak()).isLessThanOrEqualTo(BUDGET);
        assertThat(statistics.tableCacheEvictions()).isPositive();
        assertThat(statistics.openFiles()).isLessThanOrEqualTo(MAX_OPEN_FILES);
        // the reading thread, two in the background, and what a verification and a restore open beside
        assertThat(counts.most()).isLessThanOrEqualTo(MAX_OPEN_FILES + 8);
        figures.add("budget", BUDGET);
        figures.add("live file bytes", store.statistics().liveFileBytes());
        figures.add("table cache misses", statistics.tableCacheMisses());
        figures.add("table cache evictions", statistics.tableCacheEvictions());
        figures.add("most files open", counts.most());
        store.close();
    }

    private void load(Store store) {
        byte[] value = new byte[VALUE_BYTES];
        for (long from = 0; from < rows; from += CHUNK_ROWS) {
            try (SortedIngest ingest = store.ingest()) {
                for (long row = from; row < Math.min(rows, from + CHUNK_ROWS); row++) {
                    ByteBuffer.wrap(value).putLong(0, row).putInt(8, 0);
                    ingest.add(key(row), value);
                }
                ingest.finish();
            }
        }
        store.commitDurably(new byte[0]);
        figures.add("rows", rows);
        figures.add("bytes loaded", store.statistics().liveFileBytes());
        figures.add("files", store.statistics().liveFiles());
    }

    private void gets(Store store, int count) {
        for (int i = 0; i < count; i++) {
            long row = randomRow();
            check(store.get(key(row)), row, overlay);
            assertThat(store.get(between(row))).isNull();
        }
        figures.add("gets", 2L * count);
    }

    /** Puts, deletes and overwrites all over the store. */
    private void change(Store store) {
        for (int i = 1; i <= OVERLAY; i++) {
            long row = randomRow();
            if (random.nextInt(4) == 0) {
                store.delete(key(row));
                overlay.put(row, null);
            } else {
                byte[] value = new byte[VALUE_BYTES];
                ByteBuffer.wrap(value).putLong(0, row).putInt(8, i);
                store.put(key(row), value);
                overlay.put(row, i);
            }
        }
        store.commit(new byte[0]);
        figures.add("writes", OVERLAY);
    }

    /** Iterators that are all over the store, and moved now and then. */
    private void idleIterators(Store store) {
        List<StoreIterator> open = new ArrayList<>();
        try {
            for (int i = 0; i < OPEN_ITERATORS; i++) {
                StoreIterator iterator = store.iterator(KeyRange.all());
                iterator.seek(key(randomRow()));
                open.add(iterator);
            }
            for (int round = 0; round < 20; round++) {
                for (StoreIterator iterator : open) {
                    if (!iterator.isValid()) {
                        iterator.seek(key(randomRow()));
                        continue;
                    }
                    long row = row(iterator.key());
                    check(iterator.value(), row, overlay);
                    iterator.next();
                    if (iterator.isValid()) {
                        assertThat(row(iterator.key())).isGreaterThan(row);
                    }
                }
            }
        } finally {
            open.forEach(StoreIterator::close);
        }
    }

    private void scan(Store store, long most) {
        long found = 0;
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            ValueBuffer value = new ValueBuffer();
            long last = -1;
            for (iterator.seekToFirst(); iterator.isValid() && found < most; iterator.next()) {
                long row = row(iterator.keyArray());
                for (last++; last < row; last++) {
                    // deleted in between, and nothing but that
                    assertThat(overlay.containsKey(last) && overlay.get(last) == null)
                            .isTrue();
                }
                iterator.value(value);
                Integer changed = overlay.get(row);
                if (value.length() != VALUE_BYTES
                        || longAt(value.array(), 0) != row
                        || (int) (longAt(value.array(), 8) >>> 32) != (changed == null ? 0 : changed)) {
                    throw new AssertionError("Row " + row + " is not what was written");
                }
                found++;
            }
        }
        long deleted =
                overlay.values().stream().filter(version -> version == null).count();
        assertThat(found).isGreaterThanOrEqualTo(Math.min(most, rows - deleted - 1));
        figures.add("rows scanned", found);
    }

    private void reverseScan(Store store, int most) {
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            long last = rows;
            int found = 0;
            for (iterator.seekToLast(); iterator.isValid() && found < most; iterator.prev()) {
                long row = row(iterator.keyArray());
                assertThat(row).isLessThan(last);
                last = row;
                found++;
            }
            assertThat(found).isEqualTo(most);
        }
    }

    /** A checkpoint, one half of which becomes another store beside the first. */
    private void restore(Environment environment, Store store) {
        try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            checkpoint.completion().join();
            RestoreSource half =
                    new RestoreSource(files("store"), checkpoint.metadata(), KeyRange.of(key(rows / 2), null));
            try (Store restored = environment.restore(files("restored"), options(), List.of(half), new byte[0])) {
                for (int i = 0; i < 2_000; i++) {
                    long row = randomRow();
                    if (row < rows / 2) {
                        assertThat(restored.get(key(row))).isNull();
                    } else {
                        check(restored.get(key(row)), row, overlay);
                    }
                }
                figures.add("gets of a restored store", 2_000);
            }
        }
    }

    /** Whole files go without being read; what is left is merged. */
    private void compactMost(Store store) {
        long kept = rows / 16;
        store.deleteRange(key(kept), null);
        store.commitDurably(new byte[0]);
        store.compact();
        for (int i = 0; i < 2_000; i++) {
            long row = randomRow();
            if (row >= kept) {
                assertThat(store.get(key(row))).isNull();
            }
            check(store.get(key(row % kept)), row % kept, overlay);
        }
        assertThat(store.statistics().compactions()).isPositive();
        figures.add("bytes compacted", store.statistics().bytesCompactedOut());
    }

    private void check(byte[] found, long row, Map<Long, Integer> state) {
        if (state.containsKey(row) && state.get(row) == null) {
            assertThat(found).isNull();
            return;
        }
        assertThat(found).as("row %d", row).hasSize(VALUE_BYTES);
        assertThat(longAt(found, 0)).isEqualTo(row);
        assertThat(ByteBuffer.wrap(found).getInt(8)).isEqualTo(state.getOrDefault(row, 0));
    }

    private long randomRow() {
        return (long) (random.nextDouble() * rows);
    }

    private FileStore files(String name) {
        return new HandleCountingFileStore(FileStores.local(new File(directory.toFile(), name)), counts);
    }

    private static StoreOptions options() {
        return StoreOptions.builder().blockBytes(1024).build();
    }

    private static byte[] key(long row) {
        return ByteBuffer.allocate(8).putLong(row * STRIDE).array();
    }

    private static byte[] between(long row) {
        return ByteBuffer.allocate(8).putLong(row * STRIDE + 1).array();
    }

    private static long row(byte[] key) {
        return longAt(key, 0) / STRIDE;
    }

    private static long longAt(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).getLong(at);
    }
}
