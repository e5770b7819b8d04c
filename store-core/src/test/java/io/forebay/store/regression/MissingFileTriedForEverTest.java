package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.Environment;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * An SST that was deleted under an open store, after its metadata had been read, was an I/O error, tried again for
 * ever, and not damage.
 */
class MissingFileTriedForEverTest {
    private static final int FILES = 40;
    private static final int LEAST_OPEN = 16;

    private final CrashFileStore files = new CrashFileStore();
    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor executor = new SteppedExecutor(clock);
    private final Random ids = new Random(3);

    @Test
    void aMissingFileIsDamageAndNotTriedAgain() throws Exception {
        try (Environment environment = Environment.builder()
                .memoryBytes(16 << 20)
                .maxOpenFiles(LEAST_OPEN)
                .clock(clock)
                .executor(executor)
                .allocator(new HeapSlabs())
                .random(ids::nextLong)
                .build()) {
            Store store = environment.open(files, StoreOptions.defaults());
            for (int i = 0; i < FILES; i++) {
                try (SortedIngest ingest = store.ingest()) {
                    ingest.add(key(i), new byte[100_000]);
                    ingest.add(key(i + 1000), new byte[100_000]);
                    ingest.finish();
                }
            }
            for (int i = 0; i < FILES; i++) {
                assertThat(store.get(key(i))).hasSize(100_000);
            }
            assertThat(environment.statistics().openFiles()).isEqualTo(LEAST_OPEN);
            for (String name : files.list()) {
                if (name.endsWith(".sst")) {
                    files.delete(name);
                }
            }
            assertThatThrownBy(() -> store.get(key(1000)))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining("no such file");
            store.commitDurably(new byte[0]);
            assertThatThrownBy(store::compact).isInstanceOf(CorruptionException.class);
            assertThatThrownBy(() -> store.put(key(0), key(0))).isInstanceOf(ReadOnlyStoreException.class);
            assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
            long retries = store.statistics().backgroundRetries();
            clock.advance(3_600_000_000_000L);
            executor.drain();
            assertThat(store.statistics().backgroundRetries()).isEqualTo(retries);
            assertThat(store.get(key(FILES - 1))).hasSize(100_000);
        }
    }

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }
}
