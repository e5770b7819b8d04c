package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A batch of more than 7,936 small operations was refused whatever memory there was, by a store that then froze its
 * memtable in vain; a log with one that had been written under a smaller budget could not be replayed.
 */
class BatchOfManyKeysRefusedTest {
    private static final int MIB = 1 << 20;

    @ParameterizedTest
    @ValueSource(ints = {7_936, 8_000, 20_000, 200_000})
    void aBatchOfAnyNumberOfKeysGoesIn(int count) {
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 * MIB)) {
            Store store = stepped.open(FileStores.inMemory());
            store.write(puts(0, count));
            check(store, 0, count);
            store.write(puts(count, count));
            store.write(puts(count / 2, count));
            check(store, 0, 2 * count);
            assertThat(store.statistics().writes()).isEqualTo(3L * count);
            store.flush();
            check(store, 0, 2 * count);
        }
    }

    @Test
    void smallBatchesBehindALargeOneTakeLittleMemory() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 * MIB)) {
            Store store = stepped.open(FileStores.inMemory());
            store.write(puts(0, 7_900));
            long before = stepped.environment.statistics().memtableBytes();
            store.write(puts(7_900, 7_900));
            assertThat(stepped.environment.statistics().memtableBytes() - before)
                    .as("100 bytes a key")
                    .isLessThan(790_000);
            check(store, 0, 15_800);
        }
    }

    /** However often a key comes, and in a budget in which not all of the operations could be new keys. */
    @Test
    void aBatchOfManyOperationsOnFewKeysGoesIn() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(2 * MIB)) {
            Store store = stepped.open(FileStores.inMemory());
            WriteBatch batch = new WriteBatch();
            for (int i = 0; i < 25_000; i++) {
                batch.put(key(i % 3), key(i));
            }
            store.write(batch);
            assertThat(store.get(key(0))).isEqualTo(key(24_999));
            assertThat(store.get(key(1))).isEqualTo(key(24_997));
            store.flush();
            assertThat(store.get(key(2))).isEqualTo(key(24_998));
        }
    }

    /** A quarter of the budget as a batch, several times as much as records. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16})
    void aBatchWhoseRecordsAreMuchLongerThanItsBytesGoesIn(int budgetMib) {
        try (SteppedEnvironment stepped = new SteppedEnvironment(budgetMib * MIB)) {
            Store store = stepped.open(FileStores.inMemory());
            WriteBatch batch = new WriteBatch();
            int count = 0;
            while (batch.sizeInBytes() + 13 <= budgetMib * MIB / 4) {
                batch.put(key(count++), new byte[0]);
            }
            store.write(batch);
            for (int i = 0; i < count; i++) {
                assertThat(store.get(key(i))).isEmpty();
            }
        }
    }

    @Test
    void aLargeBatchInALogIsReplayedUnderALargerBudget() {
        replays(10_000, 1, 64);
    }

    @Test
    void aBatchInALogIsReplayedWhereItNeedsMoreThanMemtablesGet() {
        replays(140_000, 64, 16);
    }

    private static void replays(int count, int budgetMib, int laterMib) {
        CrashFileStore files = new CrashFileStore();
        StoreOptions options = StoreOptions.builder()
                .name("logged")
                .durability(Durability.SYNCED)
                .build();
        SteppedEnvironment writing = new SteppedEnvironment(budgetMib * MIB);
        Store store = writing.environment.open(files, options);
        store.write(puts(0, count));
        CrashFileStore left = files.afterKill();
        try (SteppedEnvironment stepped = new SteppedEnvironment(laterMib * MIB)) {
            check(stepped.environment.open(left, options), 0, count);
        }
    }

    private static WriteBatch puts(int from, int count) {
        WriteBatch batch = new WriteBatch();
        for (int i = from; i < from + count; i++) {
            batch.put(key(i), value(i));
        }
        return batch;
    }

    private static void check(Store store, int from, int to) {
        for (int i = from; i < to; i++) {
            assertThat(store.get(key(i))).isEqualTo(value(i));
        }
        assertThat(store.get(key(to))).isNull();
    }

    private static byte[] value(int number) {
        return ByteBuffer.allocate(16).putInt(7, number).array();
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }
}
