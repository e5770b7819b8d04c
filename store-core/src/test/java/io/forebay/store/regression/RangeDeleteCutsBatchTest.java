package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.HeapSlabs;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A range delete of a batch that cut one which many commits had kept took more memory than the batch had asked for: the
 * memtable was ended in the middle of the batch, for a moment keys had no value, and the next operation stopped the
 * store for good.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RangeDeleteCutsBatchTest {
    private static final int BUDGET = 4 << 20;
    /** Range deletes of the same range, with a commit behind each. */
    private static final int STATES = 2_000;

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] key(int round, int i, char end) {
        return bytes(String.format(Locale.ROOT, "r%02d%06d%c", round, i, end));
    }

    private static Environment environment() {
        return Environment.builder()
                .memoryBytes(BUDGET)
                .allocator(new HeapSlabs())
                .build();
    }

    private static Store open(Environment environment) {
        return environment.open(
                FileStores.inMemory(),
                StoreOptions.builder().commitInterval(Duration.ofHours(1)).build());
    }

    /** No flush so far, so that all are in one memtable. */
    private static void deleteRanges(Store store) {
        for (int i = 0; i < STATES; i++) {
            store.deleteRange(bytes("r"), bytes("s"));
            store.commit(new byte[0]);
        }
        assertThat(store.statistics().flushes()).isZero();
    }

    private static void addCuts(WriteBatch batch, int round, int cuts) {
        for (int i = 0; i < cuts; i++) {
            batch.deleteRange(key(round, i, 'a'), key(round, i, 'b'));
        }
    }

    @Test
    void theMemtableEndsBeforeTheBatchAndNotInIt() {
        try (Environment environment = environment()) {
            Store store = open(environment);
            store.put(bytes("x"), bytes("0"));
            store.put(bytes("y"), bytes("0"));
            deleteRanges(store);
            for (int round = 1; round <= 20; round++) {
                store.put(key(round, 7, 'a'), bytes("deleted by the batch"));
                WriteBatch batch = new WriteBatch();
                batch.put(bytes("x"), bytes("" + round));
                addCuts(batch, round, 300);
                batch.put(bytes("y"), bytes("" + round));
                store.write(batch);
                assertThat(store.statistics().readOnlyCause()).isNull();
                assertThat(store.get(bytes("x"))).isEqualTo(bytes("" + round));
                assertThat(store.get(bytes("y"))).isEqualTo(bytes("" + round));
                assertThat(store.get(key(round, 7, 'a'))).isNull();
                assertThat(environment.statistics().metadataBytes()).isLessThan(BUDGET);
            }
            store.flush();
            assertThat(store.statistics().flushes()).isEqualTo(2);
            assertThat(store.get(bytes("x"))).isEqualTo(bytes("20"));
        }
    }
}
