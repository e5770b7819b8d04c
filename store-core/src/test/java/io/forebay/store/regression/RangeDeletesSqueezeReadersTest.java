package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Range deletes in the memtables of many stores took seven eighths of the budget before any of these was flushed: they did
 * not count among what memtables use.
 */
class RangeDeletesSqueezeReadersTest {
    private static final int BUDGET = 4 << 20;
    private static final int STORES = 8;
    private static final int DELETES = 9_000;

    private static byte[] key(int number) {
        return String.format("key %08d", number).getBytes(US_ASCII);
    }

    @Test
    void theyAreFlushedAsOtherWritesAre() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(BUDGET)) {
            List<Store> stores = new ArrayList<>();
            for (int i = 0; i < STORES; i++) {
                stores.add(stepped.open(FileStores.inMemory()));
            }
            long most = 0;
            for (int i = 0; i < DELETES; i++) {
                for (Store store : stores) {
                    store.deleteRange(key(2 * i), key(2 * i + 1));
                }
                stepped.executor.drain();
                most = Math.max(most, stepped.environment.statistics().metadataBytes());
            }
            assertThat(most).isGreaterThan(BUDGET / 4).isLessThan(BUDGET / 4 * 3);
        }
    }
}
