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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An executor refused the work that completes the future of a checkpoint. The store took no writes then, and when the checkpoint or
 * its store was closed, or the store was repaired before the next attempt, the future never completed: whoever waited for it waited
 * for ever.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RefusedCallbacksTest {
    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private int refused;

    private final Environment environment = Environment.builder()
            .memoryBytes(8 << 20)
            .clock(clock)
            .executor(new ForwardingExecutor(stepped) {
                @Override
                public void execute(Kind kind, Runnable work) {
                    if (kind == Kind.CALLBACK) {
                        refused++;
                        throw new RejectedExecutionException("no callback");
                    }
                    super.execute(kind, work);
                }
            })
            .build();

    private final Store store = environment.open(
            new CrashFileStore(), StoreOptions.builder().name("test").build());

    @AfterEach
    void close() {
        store.close();
        environment.close();
    }

    private Checkpoint checkpoint() {
        store.put("key".getBytes(UTF_8), new byte[100]);
        return store.checkpoint(new byte[0]);
    }

    private static void await(CompletableFuture<Void> completion) throws Exception {
        completion.get(120, TimeUnit.SECONDS);
    }

    private static void assertClosed(Checkpoint checkpoint) {
        assertThatThrownBy(() -> await(checkpoint.completion())).hasCauseInstanceOf(StoreClosedException.class);
    }

    @Test
    void aCheckpointIsCompletedOnAnotherThreadAndTheStoreTakesWrites() throws Exception {
        Checkpoint checkpoint = checkpoint();
        CompletableFuture<Thread> by = checkpoint.completion().thenApply(ignored -> Thread.currentThread());
        stepped.drain();
        assertThat(by.get(120, TimeUnit.SECONDS)).isNotSameAs(Thread.currentThread());
        assertThat(refused).isEqualTo(1);
        assertThat(checkpoint.files()).hasSize(1);
        assertThat(store.statistics().readOnlyCause()).isNull();
        store.put("key".getBytes(UTF_8), new byte[100]);
    }

    /** All memory is in files already. */
    @Test
    void aCheckpointThatWaitsForNothing() throws Exception {
        store.put("key".getBytes(UTF_8), new byte[100]);
        store.flush();
        await(store.checkpoint(new byte[0]).completion());
    }

    @Test
    void aCheckpointThatIsClosedIsTold() {
        Checkpoint checkpoint = checkpoint();
        checkpoint.close();
        assertClosed(checkpoint);
    }

    @Test
    void allCheckpointsOfAStoreThatIsClosedAreTold() {
        List<Checkpoint> checkpoints = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            checkpoints.add(checkpoint());
        }
        store.close();
        checkpoints.forEach(RefusedCallbacksTest::assertClosed);
    }
}
