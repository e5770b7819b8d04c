package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.testing.HandleCountingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** How many reads a get costs; docs/configuration.md says these numbers. */
class ColdReadTest {
    private static final int ROWS = 100_000;

    private final HandleCountingFileStore.Counts counts = new HandleCountingFileStore.Counts();
    private final FileStore files = new HandleCountingFileStore(FileStores.inMemory(), counts);

    @Test
    void aGetWhoseIndexIsNotInMemoryCostsOneReadMore() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 << 20)) {
            Store store = stepped.open(files);
            for (int i = 0; i < ROWS; i++) {
                store.put(key(i), new byte[100]);
            }
            store.commitDurably(new byte[0]);
            store.close();
        }
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 << 20)) {
            Store store = stepped.open(files);
            assertThat(store.statistics().liveFiles()).isEqualTo(1);
            // end of the file, filter, index, row
            assertReads(store, ROWS / 2, 4);
            assertThat(stepped.environment.statistics().openFiles()).isEqualTo(1);
            assertThat(stepped.environment.statistics().tableCacheMisses()).isEqualTo(1);
            assertReads(store, 0, 3);
            assertReads(store, 0, 0);
            assertReads(store, ROWS / 2, 0);
            assertThat(stepped.environment.statistics().tableCacheMisses()).isEqualTo(1);
            assertThat(stepped.environment.statistics().fileOpens()).isEqualTo(1);
        }
    }

    private void assertReads(Store store, int row, int reads) {
        int before = counts.reads();
        assertThat(store.get(key(row))).hasSize(100);
        assertThat(counts.reads() - before).as("reads for row %d", row).isEqualTo(reads);
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(16).putInt(12, i).array();
    }
}
