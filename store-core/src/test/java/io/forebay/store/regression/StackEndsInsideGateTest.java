package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.ChildJvm;
import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A caller ran out of stack inside a call, and others waited for ever for what the call had begun. */
class StackEndsInsideGateTest {
    /** For what waits for ever. */
    private static final Duration LIMIT = Duration.ofSeconds(120);

    private static final byte[] ABSENT = "absent".getBytes(UTF_8);

    /**
     * The gate of writers stayed taken: each further write was refused as one by a second thread, and a discard waited. The set of
     * open checkpoints was torn, and no later one completed. In another JVM, because the stack may end in the initializer of a
     * class, which nothing can use after that.
     */
    @ParameterizedTest
    @ValueSource(strings = {"compact", "checkpoint"})
    void theStoreGoesOn(String call) throws Exception {
        try (ChildJvm child = ChildJvm.start(StackEndsInsideGateChild.class, call)) {
            assertThat(assertTimeoutPreemptively(LIMIT, child::readLine)).isEqualTo("done");
        }
    }

    /** A split of the memtable's index was cut off: readers waited for its end. */
    @Test
    void readersAreToldThatAPutWasCutOff() {
        try (ErrorAgent agent = new ErrorAgent(List.of("io.forebay.store.memtable"));
                Environment environment =
                        Environment.builder().memoryBytes(64 << 20).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            JvmErrors.armAt("HashIndex.moveUpperHalf", 1);
            for (int i = 0; JvmErrors.struck() == null; i++) {
                store.put(ByteBuffer.allocate(4).putInt(i).array(), ABSENT);
            }
            JvmErrors.disarm();
            assertThatThrownBy(() -> assertTimeoutPreemptively(LIMIT, () -> store.get(ABSENT)))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("open it again");
            store.discard();
        }
    }
}
