package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.SteppedEnvironment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * An empty batch took memory for the memtable of its store, which no flush gives back because there is nothing to flush. Enough
 * stores with such a batch, and none could be written to any more.
 */
class EmptyBatchKeepsMemoryTest {
    private static final int STORES = 20;

    private final SteppedEnvironment stepped = new SteppedEnvironment(1 << 20);

    @AfterEach
    void close() {
        stepped.close();
    }

    @Test
    void itTakesNone() {
        for (int i = 0; i < STORES; i++) {
            open("store" + i).write(new WriteBatch());
        }
        assertThat(stepped.environment.statistics().memtableBytes()).isZero();
        Store store = open("written");
        store.put(new byte[] {1}, new byte[] {2});
        assertThat(store.get(new byte[] {1})).containsExactly(2);
    }

    private Store open(String name) {
        return stepped.environment.open(
                FileStores.inMemory(), StoreOptions.builder().name(name).build());
    }
}
