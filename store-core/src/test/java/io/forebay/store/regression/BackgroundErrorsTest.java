package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.Checkpoint;
import io.forebay.store.FileStore;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import io.forebay.store.testing.jvmerrors.JvmErrors.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The heap ended for a moment, at each place in turn, while background work ran that somebody waits for. Nothing set the alarm for the
 * next attempt then: the store stayed read-only although its message said that it tries again, or a commit did not become durable.
 */
@Timeout(600)
class BackgroundErrorsTest {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private static ErrorAgent agent;

    private boolean full;

    /** First all classes: an error in the initializer of one would make it unusable for other tests. */
    @BeforeAll
    static void instrument() {
        BackgroundErrorsTest once = new BackgroundErrorsTest();
        once.repair(0);
        once.commitAlarm(0);
        once.checkpoint(0);
        Configurator.setLevel("io.forebay.store", Level.OFF);
        agent = new ErrorAgent(List.of("io.forebay.store.db"));
    }

    @AfterAll
    static void restore() {
        JvmErrors.disarm();
        agent.close();
        Configurator.setLevel("io.forebay.store", Level.WARN);
    }

    private FileStore files() {
        return new ForwardingFileStore(new CrashFileStore()) {
            @Override
            public WritableFile create(String name) throws IOException {
                if (full) {
                    throw new IOException("no space");
                }
                return super.create(name);
            }
        };
    }

    private static Store open(SteppedEnvironment environment, FileStore files) {
        Store store = environment.open(files, StoreOptions.builder().commitInterval(Duration.ofMillis(500)));
        store.put(KEY, new byte[100]);
        store.commitDurably(new byte[] {1});
        environment.executor.drain();
        return store;
    }

    /** Runs what is due while the heap ends at one place. The executor of an environment outlives what a task throws. */
    private static void drainWithError(SteppedEnvironment environment, long point) {
        JvmErrors.arm(Kind.OUT_OF_MEMORY, point, false);
        for (boolean ended = false; !ended; ) {
            try {
                environment.executor.drain();
                ended = true;
            } catch (OutOfMemoryError e) {
                assertThat(e).hasMessageStartingWith("injected");
            }
        }
        JvmErrors.disarm();
    }

    private static void laterOn(SteppedEnvironment environment) {
        for (int minute = 0; minute < 3; minute++) {
            environment.clock.advance(MINUTE);
            environment.executor.drain();
        }
    }

    private static String where(long point) {
        return "after an error at point " + point + ", " + JvmErrors.struck();
    }

    private static void forEachPoint(int least, java.util.function.LongConsumer run) {
        long point = 0;
        do {
            run.accept(++point);
        } while (JvmErrors.struck() != null);
        assertThat(point).as("points").isGreaterThan(least);
    }

    @Test
    void aRepairThatIsCutOffIsRepeated() {
        forEachPoint(25, this::repair);
    }

    private void repair(long point) {
        try (SteppedEnvironment environment = new SteppedEnvironment()) {
            Store store = open(environment, files());
            store.put(KEY, new byte[200]);
            full = true;
            try {
                store.commitDurably(new byte[] {2});
            } catch (StoreException e) {
                assertThat(e).hasMessageContaining("by itself");
            }
            full = false;
            environment.clock.advance(MINUTE);
            drainWithError(environment, point);
            assertKeepsItsWord(environment, store, where(point));
        }
    }

    /** A repair whose work fails again. */
    @Test
    void aRepairThatFailsIsRepeated() {
        forEachPoint(8, point -> {
            try (SteppedEnvironment environment = new SteppedEnvironment()) {
                Store store = open(environment, files());
                store.put(KEY, new byte[200]);
                full = true;
                try {
                    store.commitDurably(new byte[] {2});
                } catch (StoreException e) {
                    assertThat(e).hasMessageContaining("by itself");
                }
                environment.clock.advance(MINUTE);
                drainWithError(environment, point);
                full = false;
                assertKeepsItsWord(environment, store, where(point));
            }
        });
    }

    /** The store says by itself whether it tries again. */
    private static void assertKeepsItsWord(SteppedEnvironment environment, Store store, String where) {
        String before = store.statistics().readOnlyCause();
        boolean byItself = before != null && message(store).contains("by itself");
        laterOn(environment);
        if (byItself) {
            assertThat(store.statistics().readOnlyCause()).as(where).isNull();
        } else if (store.statistics().readOnlyCause() != null) {
            if (message(store).contains("Close it")) {
                return;
            }
            store.resume();
        }
        assertThat(store.durablePayload()).as(where).containsExactly(2);
        store.put(KEY, new byte[300]);
        store.commitDurably(new byte[] {3});
    }

    /** Why the store is read-only, and what there is to do. */
    private static String message(Store store) {
        return catchThrowable(() -> store.put(KEY, new byte[1])).getMessage();
    }

    @Test
    void aCommitBecomesDurable() {
        forEachPoint(20, this::commitAlarm);
    }

    private void commitAlarm(long point) {
        try (SteppedEnvironment environment = new SteppedEnvironment()) {
            Store store = open(environment, files());
            store.put(KEY, new byte[200]);
            store.commit(new byte[] {2});
            environment.clock.advance(Duration.ofSeconds(1).toNanos());
            drainWithError(environment, point);
            laterOn(environment);
            if (store.statistics().readOnlyCause() != null) {
                assertThat(message(store)).as(where(point)).doesNotContain("by itself");
            } else {
                assertThat(store.durablePayload()).as(where(point)).containsExactly(2);
            }
        }
    }

    /** The flush that a checkpoint waits for. */
    @Test
    void aCheckpointIsTold() {
        forEachPoint(25, this::checkpoint);
    }

    private void checkpoint(long point) {
        try (SteppedEnvironment environment = new SteppedEnvironment()) {
            Store store = open(environment, files());
            store.put(KEY, new byte[200]);
            try (Checkpoint checkpoint = store.checkpoint(new byte[] {2})) {
                drainWithError(environment, point);
                laterOn(environment);
                assertThat(checkpoint.completion().isDone()).as(where(point)).isTrue();
                if (!checkpoint.completion().isCompletedExceptionally()) {
                    assertThat(checkpoint.files()).as(where(point)).hasSize(2);
                }
            }
        }
    }

    /** There is no memory for the failure that its future gets. */
    @Test
    void aCheckpointThatFailsIsToldAgain() {
        try (SteppedEnvironment environment = new SteppedEnvironment()) {
            Store store = open(environment, files());
            store.put(KEY, new byte[200]);
            try (Checkpoint checkpoint = store.checkpoint(new byte[] {2})) {
                full = true;
                JvmErrors.armAt("CheckpointImpl.outcome", 1);
                assertThatThrownBy(environment.executor::drain).isInstanceOf(OutOfMemoryError.class);
                JvmErrors.disarm();
                full = false;
                assertThat(checkpoint.completion()).isNotDone();
                environment.clock.advance(Duration.ofMillis(10).toNanos());
                environment.executor.drain();
                assertThat(checkpoint.completion()).isCompletedExceptionally();
            }
        }
    }

    /** A close that is cut off is called again. */
    @Test
    void aCheckpointThatIsClosedIsTold() {
        forEachPoint(3, point -> {
            try (SteppedEnvironment environment = new SteppedEnvironment()) {
                Store store = open(environment, files());
                store.put(KEY, new byte[200]);
                Checkpoint checkpoint = store.checkpoint(new byte[] {2});
                callWithError(point, checkpoint::close);
                checkpoint.close();
                assertTold(checkpoint, where(point));
            }
        });
    }

    /** The heap ends for longer. */
    @Test
    void aCheckpointThatIsClosedIsToldByTheNextClose() {
        forEachPoint(3, point -> {
            try (SteppedEnvironment environment = new SteppedEnvironment()) {
                Store store = open(environment, files());
                store.put(KEY, new byte[200]);
                Checkpoint checkpoint = store.checkpoint(new byte[] {2});
                callWithError(point, true, checkpoint::close);
                checkpoint.close();
                assertTold(checkpoint, where(point));
            }
        });
    }

    /** Its work was cut off for good, and it went on taking writes. */
    @Test
    void aDiscardThatCannotBeginChangesNothing() {
        try (SteppedEnvironment environment = new SteppedEnvironment()) {
            Store store = open(environment, files());
            JvmErrors.armAt("StoreCloser.requireStack", 1);
            assertThatThrownBy(store::discard).isInstanceOf(OutOfMemoryError.class);
            JvmErrors.disarm();
            store.put(KEY, new byte[300]);
            store.commitDurably(new byte[] {3});
            store.discard();
        }
    }

    @Test
    void theCheckpointsOfAStoreThatIsClosedAreTold() {
        forEachPoint(20, point -> {
            try (SteppedEnvironment environment = new SteppedEnvironment()) {
                Store store = open(environment, files());
                List<Checkpoint> checkpoints = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    store.put(KEY, new byte[200 + i]);
                    checkpoints.add(store.checkpoint(new byte[] {2}));
                }
                callWithError(point, store::close);
                store.close();
                checkpoints.forEach(one -> assertTold(one, where(point)));
            }
        });
    }

    /** Maybe on another thread, when this one was cut off. */
    private static void assertTold(Checkpoint checkpoint, String where) {
        assertThat(checkpoint.completion().handle((ignored, failure) -> where)).succeedsWithin(Duration.ofMinutes(2));
    }

    private static void callWithError(long point, Runnable call) {
        callWithError(point, false, call);
    }

    private static void callWithError(long point, boolean forGood, Runnable call) {
        JvmErrors.arm(Kind.OUT_OF_MEMORY, point, forGood);
        try {
            call.run();
        } catch (OutOfMemoryError | StoreException e) {
            assertThat(e).hasStackTraceContaining("injected");
        } finally {
            JvmErrors.disarm();
        }
    }

    /** The taking of a checkpoint. What it has taken of files is given back. */
    @Test
    void aCheckpointThatIsNotTakenKeepsNoFiles() {
        forEachPoint(7, point -> {
            CrashFileStore disk = new CrashFileStore();
            try (SteppedEnvironment environment = new SteppedEnvironment()) {
                Store store = open(environment, disk);
                store.put(KEY, new byte[200]);
                store.flush();
                List<Checkpoint> taken = new ArrayList<>();
                callWithError(point, () -> taken.add(store.checkpoint(new byte[] {2})));
                environment.executor.drain();
                taken.forEach(Checkpoint::close);
                laterOn(environment);
                if (store.statistics().readOnlyCause() != null) {
                    return; // by name; the writes of a store whose freeze was cut off are refused
                }
                store.put(KEY, new byte[300]);
                store.compact();
                environment.executor.drain();
                assertThat(disk.list().stream().filter(name -> name.endsWith(".sst")))
                        .as(where(point))
                        .hasSize(store.statistics().liveFiles());
            }
        });
    }
}
