package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A checkpoint was closed while another call was about to close it: the future was completed by the thread of the second
 * call, so code that was attached to it and waited for the end of the store waited for ever.
 */
class CheckpointClosedTwiceTest {
    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private final List<Runnable> held = new ArrayList<>();
    private final List<Runnable> callbacks = new ArrayList<>();
    private Kind hold = Kind.COMPACTION;
    private Runnable onCleanup = () -> {};

    private final Environment environment = Environment.builder()
            .memoryBytes(8 << 20)
            .clock(clock)
            .executor(new ForwardingExecutor(stepped) {
                @Override
                public void execute(Kind kind, Runnable work) {
                    if (kind == Kind.CLEANUP) {
                        onCleanup.run();
                    }
                    if (kind == hold) {
                        held.add(work);
                    } else if (kind == Kind.CALLBACK) {
                        callbacks.add(work);
                    } else {
                        super.execute(kind, work);
                    }
                }
            })
            .build();

    @Test
    void theFutureIsCompletedByAThreadForCallbacks() {
        try (environment;
                Store store = environment.open(
                        new CrashFileStore(),
                        StoreOptions.builder().name("test").build())) {
            for (int i = 0; i < 10; i++) {
                store.put("key".getBytes(UTF_8), new byte[100 + i]);
                store.flush();
            }
            hold = Kind.FLUSH;
            store.put("key".getBytes(UTF_8), new byte[100]);
            Checkpoint checkpoint = store.checkpoint(new byte[0]);
            held.remove(0).run(); // compacts, so that nobody else has the files of the checkpoint
            stepped.drain();

            boolean[] closed = new boolean[1];
            onCleanup = () -> {
                onCleanup = () -> {};
                checkpoint.close();
                closed[0] = true;
            };
            checkpoint.close();
            assertThat(closed[0]).isTrue();
            assertThat(checkpoint.completion()).isNotDone();
            callbacks.forEach(Runnable::run);
            assertThat(checkpoint.completion()).isCompletedExceptionally();

            hold = null;
            held.forEach(Runnable::run);
        }
    }
}
