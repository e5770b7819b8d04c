package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A restore or a copy of a checkpoint that failed left files, so that its repetition was refused. */
class FailedRestoreLeavesFilesTest {
    private final FaultInjector faults = new FaultInjector();
    private final CrashFileStore disk = new CrashFileStore();
    private final FaultFileStore files = new FaultFileStore(disk, faults);
    private final SteppedEnvironment stepped = new SteppedEnvironment();

    @AfterEach
    void nothingIsLeft() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
        assertThat(faults.open()).isZero();
        assertThat(faults.violations()).isEmpty();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private void put(Store store, String key) {
        store.put(bytes(key), bytes("value of " + key));
    }

    @Test
    void restoresAndCheckpointsThatFailLeaveNothingAndCanBeRepeated() {
        Store store = stepped.open(files);
        put(store, "a");
        try (Checkpoint checkpoint = store.checkpoint(bytes("c"))) {
            stepped.executor.drain();
            CrashFileStore copy = new CrashFileStore();
            FaultFileStore place = new FaultFileStore(copy, faults);
            for (int nth = 1; nth <= 3; nth++) {
                faults.arm(Fault.LATE_ERROR, nth, false);
                assertThatThrownBy(() -> checkpoint.writeTo(place)).isInstanceOf(StoreIoException.class);
                assertThat(copy.list()).isEmpty();
            }
            checkpoint.writeTo(place);
            CrashFileStore target = new CrashFileStore();
            FaultFileStore restoredTo = new FaultFileStore(target, faults);
            RestoreSource source = new RestoreSource(files, checkpoint.metadata(), KeyRange.all());
            StoreOptions options = StoreOptions.defaults();
            for (int nth = 1; nth <= 6; nth++) {
                faults.arm(Fault.LATE_ERROR, nth, false);
                assertThatThrownBy(() -> stepped.environment.restore(restoredTo, options, List.of(source), bytes("r")))
                        .as("operation %d", nth)
                        .isInstanceOf(StoreIoException.class);
                assertThat(target.list()).isEmpty();
            }
            faults.heal();
            try (Store restored = stepped.environment.restore(restoredTo, options, List.of(source), bytes("r"))) {
                assertThat(restored.get(bytes("a"))).isEqualTo(bytes("value of a"));
            }
        }
    }
}
