package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Store;
import io.forebay.store.StoreIoException;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An open removed files on the word of the end of a manifest that was never synced: a power loss took that end, and not the deletions. */
class FilesOfUnsyncedEditDeletedTest {
    private final FaultInjector faults = new FaultInjector();

    @AfterEach
    void nothingIsLeft() {
        assertThat(faults.open()).isZero();
        assertThat(faults.violations()).isEmpty();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private void put(Store store, String key) {
        store.put(bytes(key), bytes("value of " + key));
    }

    /** A process that ends leaves the end of a manifest that was never synced; a power failure takes it away later. */
    @Test
    void whatOnlyAnUnsyncedEditMakesObsoleteSurvivesAReopenAndAPowerFailure() {
        for (int seed = 0; seed < 40; seed++) {
            CrashFileStore place = new CrashFileStore();
            leaveUnsyncedCompaction(place);
            try (SteppedEnvironment second = new SteppedEnvironment()) {
                Store reopened = second.open(place);
                assertThat(reopened.statistics().liveFiles()).isEqualTo(1);
                for (int steps = seed % 5; steps > 0; steps--) {
                    second.executor.step();
                }
                try (SteppedEnvironment third = new SteppedEnvironment()) {
                    Store recovered = third.open(place.afterCrash(new Random(seed)));
                    assertThat(recovered.get(bytes("a"))).isEqualTo(bytes("value of a"));
                    assertThat(recovered.get(bytes("b0"))).isEqualTo(bytes("value of b0"));
                    assertThat(recovered.get(bytes("b1"))).isEqualTo(bytes("value of b1"));
                }
            }
        }
    }

    /** The edit of a compaction is in the manifest, as the file system shows it, but not on the disk. */
    private void leaveUnsyncedCompaction(CrashFileStore place) {
        try (SteppedEnvironment first = new SteppedEnvironment()) {
            Store store = first.open(new FaultFileStore(place, faults));
            for (int round = 0; round < 2; round++) {
                put(store, "a");
                put(store, "b" + round);
                store.commitDurably(bytes("" + round));
            }
            faults.arm(Fault.FAILED_SYNC, 3, true);
            assertThatThrownBy(store::compact).isInstanceOf(StoreIoException.class);
            assertThat(faults.struck()).contains("MANIFEST");
        }
        faults.heal();
    }
}
