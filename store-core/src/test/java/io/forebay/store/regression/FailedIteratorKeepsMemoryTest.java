package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import io.forebay.store.testing.jvmerrors.JvmErrors.Kind;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The heap ended while an iterator or a snapshot was opened, or a memtable was frozen. Memory and files that were referenced by then
 * stayed so for the life of the environment.
 */
@Timeout(300)
class FailedIteratorKeepsMemoryTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    /** What allocates behind its entry, in room that was reserved, or only to report a fault; and what gives memory back. */
    private static final Set<String> NOT_AT_ENTRY = Set.of(
            "io.forebay.store.iter.MergingIterator.close",
            "io.forebay.store.iter.MergingIterator.letGo",
            "io.forebay.store.iter.MergingIterator.toAll",
            "io.forebay.store.db.read.Claims.claim",
            "io.forebay.store.db.read.ReadPath.iterator",
            "io.forebay.store.iter.RetentionIterator.<init>",
            "io.forebay.store.db.state.ReadStates.replacing");

    private static ErrorAgent agent;

    /** First all classes: an error in the initializer of one would make it unusable for other tests. */
    @BeforeAll
    static void instrument() {
        FailedIteratorKeepsMemoryTest once = new FailedIteratorKeepsMemoryTest();
        once.run(0, FailedIteratorKeepsMemoryTest::iterate);
        once.run(0, FailedIteratorKeepsMemoryTest::snapshot);
        once.run(0, Store::flush);
        Configurator.setLevel("io.forebay.store", Level.OFF);
        agent = new ErrorAgent(
                List.of("io.forebay.store.db.read", "io.forebay.store.db.state", "io.forebay.store.iter"));
    }

    @AfterAll
    static void restore() {
        JvmErrors.disarm();
        agent.close();
        Configurator.setLevel("io.forebay.store", Level.WARN);
    }

    private static void iterate(Store store) {
        try (StoreIterator rows = store.iterator(KeyRange.all())) {
            rows.seekToFirst();
        }
    }

    private static void snapshot(Store store) {
        try (Snapshot snapshot = store.snapshot()) {
            snapshot.get(KEY);
        }
    }

    @Test
    void anIterator() {
        forEachPoint(FailedIteratorKeepsMemoryTest::iterate);
    }

    @Test
    void aSnapshot() {
        forEachPoint(FailedIteratorKeepsMemoryTest::snapshot);
    }

    @Test
    void aFreeze() {
        forEachPoint(Store::flush);
    }

    private void forEachPoint(Consumer<Store> call) {
        long point = 0;
        do {
            run(++point, call);
        } while (JvmErrors.struck() != null);
        assertThat(point).as("points").isGreaterThan(5);
    }

    private void run(long point, Consumer<Store> call) {
        CrashFileStore files = new CrashFileStore();
        try (SteppedEnvironment environment = new SteppedEnvironment()) {
            Store store = environment.open(files, StoreOptions.builder());
            store.put(KEY, new byte[100]);
            store.commitDurably(new byte[0]);
            store.put(KEY, new byte[200]);
            JvmErrors.arm(Kind.OUT_OF_MEMORY, point, false);
            try {
                call.accept(store);
            } catch (OutOfMemoryError | StoreException e) {
                assertThat(e).hasStackTraceContaining("injected");
            } finally {
                JvmErrors.disarm();
            }
            if (JvmErrors.struck() != null && NOT_AT_ENTRY.contains(JvmErrors.struck())) {
                return;
            }
            String where = "after an error at point " + point + ", " + JvmErrors.struck();
            assertThat(store.statistics().openIterators()).as(where).isZero();
            assertThat(store.statistics().openSnapshots()).as(where).isZero();
            if (store.statistics().readOnlyCause() == null) {
                store.put(KEY, new byte[300]);
                store.compact();
                environment.executor.drain();
                assertThat(files.list().stream().filter(name -> name.endsWith(".sst")))
                        .as(where)
                        .hasSize(store.statistics().liveFiles());
            }
            store.discard();
            environment.close();
            assertThat(environment.slabs.outstanding()).as(where).isZero();
        }
    }
}
