package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.HeapSlabs;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A batch with an entry of 72 to 75 % of the budget, which a put refuses without harm, broke the store. A range delete
 * with bounds of an eighth of the budget was taken alone, and refused as the only operation of a batch.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LargestEntryBreaksBatchTest {
    private static final int BUDGET = 8 << 20;

    private static byte[] key(String name, int length) {
        return Arrays.copyOf(name.getBytes(UTF_8), length);
    }

    private static boolean isTaken(Runnable write) {
        try {
            write.run();
            return true;
        } catch (MemoryBudgetException e) {
            assertThat(e).hasMessageContaining("an entry with a key of ");
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 60_000})
    void aBatchIsRefusedWhereAPutIs(int keyLength) {
        int taken = 0;
        int refused = 0;
        for (int permille = 680; permille <= 760; permille += 4) {
            byte[] value = new byte[(int) ((long) BUDGET * permille / 1000)];
            FileStore files = FileStores.inMemory();
            try (Environment environment = Environment.builder()
                    .memoryBytes(BUDGET)
                    .allocator(new HeapSlabs())
                    .build()) {
                Store store = environment.open(files, StoreOptions.defaults());
                store.put(key("kept", 4), new byte[] {1});
                boolean putTaken = isTaken(() -> store.put(key("put", keyLength), value));
                store.flush();
                WriteBatch batch = new WriteBatch();
                batch.put(key("first", 5), new byte[] {1});
                batch.put(key("bat", keyLength), value);
                assertThat(isTaken(() -> store.write(batch)))
                        .as("%d thousandths of the budget", permille)
                        .isEqualTo(putTaken);
                assertThat(store.get(key("first", 5)) != null).isEqualTo(putTaken);
                store.put(key("next", 4), new byte[] {1});
                store.commitDurably(new byte[0]);
                store.close();
                Store again = environment.open(files, StoreOptions.defaults());
                assertThat(again.get(key("kept", 4))).isNotNull();
                assertThat(again.get(key("next", 4))).isNotNull();
                taken += putTaken ? 1 : 0;
                refused += putTaken ? 0 : 1;
            }
        }
        assertThat(taken).isPositive();
        assertThat(refused).isPositive();
    }

    /** By itself it needs its bounds once; that is all that a batch of it needs. */
    @Test
    void aRangeDeleteWithLongBoundsIsTakenInABatchAsItIsAlone() {
        int budget = 8 << 20;
        try (Environment environment = Environment.builder().memoryBytes(budget).build();
                Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults())) {
            byte[] from = new byte[budget / 8];
            byte[] to = from.clone();
            from[0] = 1;
            to[0] = 2;
            byte[] key = {1, 1};
            store.put(key, key);
            store.deleteRange(from, to);
            assertThat(store.get(key)).isNull();
            store.put(key, key);
            store.write(new WriteBatch().deleteRange(from, to));
            assertThat(store.get(key)).isNull();
        }
    }
}
