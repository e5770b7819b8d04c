package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The action by which an executor cancels an alarm threw when a store was closed. The close ended there: the last commit was not made
 * durable, and checkpoints were not told.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CancelThrowsTest {
    private final CrashFileStore files = new CrashFileStore();
    private final ManualClock clock = new ManualClock();

    @Test
    void theLastCommitIsMadeDurable() {
        Environment environment = Environment.builder()
                .memoryBytes(8 << 20)
                .clock(clock)
                .executor(new ForwardingExecutor(new SteppedExecutor(clock)) {
                    @Override
                    public Runnable schedule(long delayNanos, Runnable work) {
                        Runnable cancel = super.schedule(delayNanos, work);
                        return () -> {
                            cancel.run();
                            throw new IllegalStateException("the timer was shut down");
                        };
                    }
                })
                .build();
        Store store =
                environment.open(files, StoreOptions.builder().name("test").build());
        store.put("a".getBytes(UTF_8), new byte[1]);
        store.commit(new byte[] {1});
        Checkpoint checkpoint = store.checkpoint(new byte[0]);
        assertThatThrownBy(store::close).hasMessage("the timer was shut down");
        assertThatThrownBy(checkpoint.completion()::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(StoreClosedException.class);
        assertThat(environment.statistics().openStores()).isZero();
        environment.close();
        assertReopens();
    }

    private void assertReopens() {
        ManualClock later = new ManualClock();
        try (Environment environment = Environment.builder()
                .memoryBytes(8 << 20)
                .clock(later)
                .executor(new SteppedExecutor(later))
                .build()) {
            Store store =
                    environment.open(files, StoreOptions.builder().name("test").build());
            assertThat(store.durablePayload()).containsExactly(1);
            assertThat(store.get("a".getBytes(UTF_8))).hasSize(1);
        }
    }
}
