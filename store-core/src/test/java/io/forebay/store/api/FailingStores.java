package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Store;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.SteppedEnvironment;
import org.junit.jupiter.api.AfterEach;

/** A store on a disk that fails when it is told to; the base of tests of what comes after that. */
abstract class FailingStores {
    static final long SECOND = 1_000_000_000L;
    final FaultInjector faults = new FaultInjector();
    final CrashFileStore disk = new CrashFileStore();
    final FaultFileStore files = new FaultFileStore(disk, faults);
    final SteppedEnvironment stepped = new SteppedEnvironment();

    @AfterEach
    void nothingIsLeft() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
        assertThat(faults.open()).isZero();
        assertThat(faults.violations()).isEmpty();
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    void put(Store store, String key) {
        store.put(bytes(key), bytes("value of " + key));
    }
}
