package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * An acknowledged durable commit was lost: the flush thread found no immutable memtable, then took the request of a
 * commit that came meanwhile, and wrote its mark without its rows.
 */
class DurableCommitWithoutItsRowsTest {
    private static final int ROUNDS = 1_000;
    private static final StoreOptions EAGER =
            StoreOptions.builder().commitInterval(Duration.ZERO).build();

    @Test
    void aDurableCommitHasItsWrites() {
        for (int round = 0; round < ROUNDS; round++) {
            CrashFileStore files = new CrashFileStore();
            try (Environment environment = environment()) {
                Store store = environment.open(files, EAGER);
                store.commit("one".getBytes(UTF_8));
                for (int spins = round % 50; spins > 0; spins--) {
                    Thread.onSpinWait();
                }
                store.put(new byte[] {1}, new byte[] {2});
                store.commitDurably("two".getBytes(UTF_8));
                try (Environment after = environment()) {
                    Store recovered = after.open(files.afterCrash(new Random(round)), EAGER);
                    assertThat(recovered.durablePayload()).asString(UTF_8).isEqualTo("two");
                    assertThat(recovered.get(new byte[] {1}))
                            .as("the write in round %s", round)
                            .isEqualTo(new byte[] {2});
                }
            }
        }
    }

    private static Environment environment() {
        return Environment.builder()
                .memoryBytes(1 << 20)
                .backgroundThreads(1)
                .allocator(new HeapSlabs())
                .build();
    }
}
