package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * A commit whose timer was refused for want of memory left its store without one: no commit became durable by itself
 * any more.
 */
class CommitsWithoutTimerTest {
    private static final byte[] A = "a".getBytes(UTF_8);

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private boolean refusing;

    private final BackgroundExecutor executor = new ForwardingExecutor(stepped) {
        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            if (refusing) {
                throw new OutOfMemoryError("for a test");
            }
            return super.schedule(delayNanos, work);
        }
    };

    @Test
    void theNextCommitHasATimerAgain() {
        try (Environment environment = Environment.builder()
                .memoryBytes(8 << 20)
                .allocator(new HeapSlabs())
                .clock(clock)
                .executor(executor)
                .build()) {
            Store store = environment.open(
                    FileStores.inMemory(),
                    StoreOptions.builder()
                            .commitInterval(Duration.ofSeconds(60))
                            .build());
            store.put(A, A);
            refusing = true;
            store.commit(new byte[] {1}); // counts, so it does not throw
            refusing = false;
            store.put(A, A);
            store.commit(new byte[] {2});
            clock.advance(61_000_000_000L);
            stepped.drain();
            assertThat(store.durablePayload()).isEqualTo(new byte[] {2});
        }
    }
}
