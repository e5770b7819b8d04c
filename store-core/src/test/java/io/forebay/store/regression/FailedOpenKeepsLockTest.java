package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Store;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A store that was open when there was no memory to note that it was kept its lock and its memory for good. */
class FailedOpenKeepsLockTest {
    private static ErrorAgent agent;

    @BeforeAll
    static void instrument() {
        agent = new ErrorAgent(List.of("io.forebay.store.db"));
    }

    @AfterAll
    static void restore() {
        JvmErrors.disarm();
        agent.close();
    }

    @Test
    void aFailedOpenKeepsNoLockAndNoMemory() {
        CrashFileStore files = new CrashFileStore();
        byte[] key = "key".getBytes(UTF_8);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            try (Store store = stepped.open(files)) {
                store.put(key, key);
                store.commitDurably(key);
            }
            JvmErrors.armAt("Engine.opened", 1);
            assertThatThrownBy(() -> stepped.open(files)).isInstanceOf(OutOfMemoryError.class);
            JvmErrors.disarm();
            assertThat(JvmErrors.struck()).endsWith("Engine.opened");
            assertThat(stepped.environment.statistics().openStores()).isZero();
            Store store = stepped.open(files);
            assertThat(store.get(key)).isEqualTo(key);
            stepped.close();
            assertThat(stepped.slabs.outstanding()).isZero();
        }
    }
}
