package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Clock;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A commit whose record could not be made left a gap in the write-ahead log, and the next open refused the store. */
class GapInLogAfterFailedCommitTest {
    /** A clock that fails when asked to, as the memory for a payload may. */
    private static final class BrittleClock implements Clock {
        private boolean broken;

        @Override
        public long nanoTime() {
            if (broken) {
                broken = false;
                throw new IllegalStateException("no time");
            }
            return 1;
        }

        @Override
        public long currentTimeMillis() {
            return 1;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFailedCommitLeavesNoGapInTheLog(Durability durability) {
        CrashFileStore disk = new CrashFileStore();
        BrittleClock clock = new BrittleClock();
        StoreOptions options =
                StoreOptions.builder().name("test").durability(durability).build();
        try (SteppedEnvironment stepped = new SteppedEnvironment(16 << 20, new Random(1));
                Environment environment = Environment.builder()
                        .memoryBytes(16 << 20)
                        .executor(stepped.executor)
                        .clock(clock)
                        .build()) {
            Store store = environment.open(disk, options);
            store.put(bytes("a"), bytes("1"));
            store.commitDurably(bytes("first"));
            store.put(bytes("a"), bytes("2"));
            clock.broken = true;
            assertThatThrownBy(() -> store.commit(bytes("second"))).hasMessage("no time");
            long last = store.statistics().lastSequence();
            assertThat(store.committedPayload()).isEqualTo(bytes("first"));
            store.put(bytes("b"), bytes("3"));
            assertThat(store.statistics().lastSequence()).isEqualTo(last + 1);
            store.commitDurably(bytes("third"));
            store.put(bytes("b"), bytes("4"));
            if (durability != Durability.NONE) {
                store.sync();
            }
            // what a kill leaves, while the store is open
            try (SteppedEnvironment after = new SteppedEnvironment(16 << 20, new Random(2))) {
                Store reopened = after.environment.open(disk.afterKill(), options);
                assertThat(reopened.committedPayload()).isEqualTo(bytes("third"));
                assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("2"));
                assertThat(reopened.get(bytes("b"))).isEqualTo(bytes(durability == Durability.NONE ? "3" : "4"));
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
