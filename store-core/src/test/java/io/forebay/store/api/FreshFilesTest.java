package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.HandleCountingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the cache has of files that were just written: docs/configuration.md says it. */
class FreshFilesTest {
    private static final int ROWS = 20_000;

    private final HandleCountingFileStore.Counts counts = new HandleCountingFileStore.Counts();
    private final FileStore files = new HandleCountingFileStore(FileStores.inMemory(), counts);

    private static StoreOptions.Builder options() {
        return StoreOptions.builder().targetFileBytes(1 << 20);
    }

    private static void load(Store store, int from, int to, int version) {
        byte[] value = new byte[100];
        for (int i = from; i < to; i++) {
            new Random(31L * i + version).nextBytes(value);
            store.put(key(i), value);
        }
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(16).putInt(12, i).array();
    }

    /** Reads all rows in both directions and by key. @return reads of files */
    private int readAll(Store store, int version) {
        return read(store, 0, ROWS, version);
    }

    private int read(Store store, int from, int to, int version) {
        int before = counts.reads();
        byte[] value = new byte[100];
        for (int i = from; i < to; i++) {
            new Random(31L * i + version).nextBytes(value);
            assertThat(Arrays.equals(store.get(key(i)), value)).as("row %d", i).isTrue();
        }
        try (StoreIterator rows = store.iterator(KeyRange.of(key(from), key(to)))) {
            int forward = 0;
            for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                forward++;
            }
            int backward = 0;
            for (rows.seekToLast(); rows.isValid(); rows.prev()) {
                backward++;
            }
            assertThat(forward).isEqualTo(to - from);
            assertThat(backward).isEqualTo(to - from);
        }
        return counts.reads() - before;
    }

    @ParameterizedTest
    @CsvSource({"NONE, false", "LZ4, false", "NONE, true", "LZ4, true"})
    void afterAFlushOrAMergeReadsNeedNoFile(Compression compression, boolean encrypted) {
        StoreOptions.Builder options =
                options().compression(compression).encryption(encrypted ? TestKeys.provider("k") : null);
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 << 20)) {
            Store store = stepped.open(files, options);
            load(store, 0, ROWS, 1);
            store.deleteRange(key(ROWS), key(ROWS + 10));
            store.flush();
            assertThat(readAll(store, 1)).isZero();
            assertThat(store.statistics().blockCacheMisses()).isZero();

            load(store, 0, ROWS, 2);
            store.flush();
            assertThat(readAll(store, 2)).isZero();
            store.compact();
            assertThat(store.statistics().compactions()).isPositive();
            assertThat(store.statistics().liveFiles()).isGreaterThan(1);
            assertThat(readAll(store, 2)).isZero();
            assertThat(store.statistics().blockCacheMisses()).isZero();
            assertThat(stepped.environment.statistics().tableCacheMisses()).isZero();
            store.discard();
        }
    }

    /** In an environment of their own, so that nothing of them is in the cache. */
    private void writeTwoRuns() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 << 20)) {
            Store store = stepped.open(files, options());
            load(store, 0, ROWS, 1);
            store.flush();
            load(store, 0, ROWS, 2);
            store.commitDurably(new byte[0]);
            store.close();
        }
    }

    @Test
    void aMergeOfWhatNobodyReadsLeavesTheCacheAlone() {
        writeTwoRuns();
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 << 20, new Random(8))) {
            Store store = stepped.open(files, options());
            store.compact();
            assertThat(store.statistics().compactions()).isPositive();
            assertThat(stepped.environment.statistics().cacheBytes()).isZero();
            assertThat(stepped.environment.statistics().tableCacheMisses()).isZero();
            assertThat(readAll(store, 2)).isPositive();
            store.discard();
        }
    }

    @Test
    void aMergeKeepsThePartThatIsRead() {
        writeTwoRuns();
        int from = ROWS / 2;
        int to = from + ROWS / 10;
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 << 20, new Random(8))) {
            Store store = stepped.open(files, options());
            read(store, from, to, 2);
            int whole = read(store, from, to, 2);
            assertThat(whole).isZero();
            long cached = stepped.environment.statistics().cacheBytes();
            store.compact();
            assertThat(store.statistics().compactions()).isPositive();
            assertThat(stepped.environment.statistics().cacheBytes()).isLessThanOrEqualTo(2 * cached + (256 << 10));
            long before = store.statistics().blockCacheMisses();
            read(store, from, to, 2);
            long hot = store.statistics().blockCacheMisses() - before;
            read(store, 0, to - from, 2);
            long cold = store.statistics().blockCacheMisses() - before - hot;
            assertThat(hot).isLessThan(cold / 2);
            store.discard();
        }
    }

    /** A flush evicts nothing: in a full cache there is no room for it. */
    @Test
    void aFlushTakesTheRoomOfNoOther() {
        long budget = 2 << 20;
        try (SteppedEnvironment stepped = new SteppedEnvironment(budget)) {
            Store store = stepped.open(files, options().memtableBytes(256 << 10));
            load(store, 0, ROWS, 1);
            store.compact();
            readAll(store, 1);
            readAll(store, 1);
            assertThat(stepped.environment.statistics().memoryUsed()).isGreaterThan(budget * 7 / 8);
            load(store, ROWS, ROWS + 200, 1);
            store.flush();
            assertThat(read(store, ROWS, ROWS + 200, 1)).isPositive();
            store.discard();
        }
    }

    @Test
    void longValuesStayOut() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 << 20)) {
            Store store = stepped.open(files, options());
            byte[] value = new byte[100_000];
            for (int i = 0; i < 20; i++) {
                store.put(key(i), value);
                store.put(key(100 + i), new byte[10]);
            }
            store.flush();
            assertThat(stepped.environment.statistics().cacheBytes()).isLessThanOrEqualTo(4 * (64 << 10));
            int before = counts.reads();
            for (int i = 0; i < 20; i++) {
                assertThat(store.get(key(i))).hasSize(100_000);
            }
            // each value, and not what says where it is
            assertThat(counts.reads() - before).isEqualTo(20);
            before = counts.reads();
            for (int i = 0; i < 20; i++) {
                assertThat(store.get(key(100 + i))).hasSize(10);
            }
            assertThat(counts.reads()).isEqualTo(before);
            store.discard();
        }
    }
}
