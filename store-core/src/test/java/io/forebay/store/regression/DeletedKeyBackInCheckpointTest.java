package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A restored checkpoint showed a deleted key again: the flush that it waited for left out the delete, because a
 * compaction filter had dropped the value from the store, and the checkpoint still had that value.
 */
final class DeletedKeyBackInCheckpointTest {
    private final FileStore files = new MemoryFileStore();
    /** Compactions first, flushes only when somebody waits. */
    private final HeldFlushes executor = new HeldFlushes();

    private boolean expired;
    private Environment environment;
    private Store store;
    private int checkpoints;

    private static final class HeldFlushes implements BackgroundExecutor {
        private final SteppedExecutor others = new SteppedExecutor(new ManualClock());
        private final Queue<Runnable> flushes = new ArrayDeque<>();
        boolean held;

        @Override
        public void execute(Kind kind, Runnable work) {
            if (kind == Kind.FLUSH) {
                flushes.add(work);
            } else {
                others.execute(kind, work);
            }
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            return others.schedule(delayNanos, work);
        }

        @Override
        public boolean help() {
            Runnable flush = flushes.poll();
            if (flush != null) {
                flush.run();
                return true;
            }
            return others.help();
        }

        void compact() {
            others.drain();
        }

        @Override
        public void close() {
            others.close();
        }
    }

    @BeforeEach
    void open() {
        environment = Environment.builder()
                .memoryBytes(8 << 20)
                .executor(executor)
                .random(new Random(1)::nextLong)
                .build();
        store = environment.open(
                files,
                StoreOptions.builder()
                        .mergeFunction(MergeFunction.append((byte) ','))
                        .compactionFilter((key, keyLength, value, length) -> expired && length > 0 && value[0] == 'D')
                        .build());
    }

    @AfterEach
    void close() {
        environment.close();
    }

    /** Some runs, so that a compaction is due. {@code k} to {@code p} have values that the filter may drop. */
    private void writeRuns() {
        for (char key = 'k'; key <= 'p'; key++) {
            put(String.valueOf(key), "D" + key);
        }
        for (int i = 0; i < 4; i++) {
            put("a", "v" + i);
            store.commitDurably(new byte[0]);
        }
        assertEquals(0, store.statistics().compactions());
    }

    private void expireAndCompact() {
        expired = true;
        executor.compact();
        assertTrue(store.statistics().compactions() > 0, "no compaction came");
    }

    private Checkpoint checkpoint() {
        return store.checkpoint(bytes("c" + checkpoints++));
    }

    private List<String> restored(Checkpoint checkpoint) {
        while (!checkpoint.completion().isDone()) {
            executor.help();
        }
        checkpoint.completion().join();
        StoreOptions options = StoreOptions.builder()
                .mergeFunction(MergeFunction.append((byte) ','))
                .build();
        try (SteppedEnvironment other = new SteppedEnvironment(8 << 20, new Random(2));
                Store copy = other.environment.restore(
                        new MemoryFileStore(),
                        options,
                        List.of(new RestoreSource(files, checkpoint.metadata(), KeyRange.all())),
                        new byte[0])) {
            List<String> before = entries(copy);
            assertTrue(copy.verify().isClean());
            copy.compact();
            assertEquals(before, entries(copy));
            return before;
        }
    }

    @Test
    void aDeletedKeyStaysDeleted() {
        writeRuns();
        store.delete(bytes("k"));
        Checkpoint checkpoint = checkpoint();
        expireAndCompact();
        assertEquals(List.of("a=v3", "l=Dl", "m=Dm", "n=Dn", "o=Do", "p=Dp"), restored(checkpoint));
        assertNull(store.get(bytes("k")));
    }

    @Test
    void aDeletedRangeStaysDeleted() {
        writeRuns();
        store.deleteRange(bytes("k"), bytes("n"));
        Checkpoint checkpoint = checkpoint();
        expireAndCompact();
        assertEquals(List.of("a=v3", "n=Dn", "o=Do", "p=Dp"), restored(checkpoint));
    }

    @Test
    void anOperandIsMergedOntoWhatTheCheckpointHas() {
        writeRuns();
        store.merge(bytes("k"), bytes("x"));
        store.delete(bytes("l"));
        store.merge(bytes("l"), bytes("y"));
        Checkpoint checkpoint = checkpoint();
        expireAndCompact();
        assertEquals(List.of("a=v3", "k=Dk,x", "l=y", "m=Dm", "n=Dn", "o=Do", "p=Dp"), restored(checkpoint));
    }

    /** The flush that the checkpoint waits for drops the newest value: the older one must not show instead. */
    @Test
    void anOlderValueDoesNotComeBackForOneThatTheFlushDrops() {
        writeRuns();
        put("k", "D-newer");
        Checkpoint checkpoint = checkpoint();
        expireAndCompact();
        assertEquals(List.of("a=v3", "l=Dl", "m=Dm", "n=Dn", "o=Do", "p=Dp"), restored(checkpoint));
    }

    /** The second one waits for two flushes; between them a compaction drops what the first one made. */
    @Test
    void aDeleteBehindAnotherCheckpointHidesWhatThatOneFlushed() {
        for (int i = 0; i < 3; i++) {
            put("a", "v" + i);
            store.commitDurably(new byte[0]);
        }
        put("a", "v3");
        put("k", "Dk");
        store.commit(new byte[0]);
        Checkpoint first = checkpoint();
        store.delete(bytes("k"));
        store.deletePrefix(bytes("l"));
        Checkpoint second = checkpoint();
        while (!first.completion().isDone()) {
            executor.help();
        }
        expireAndCompact();
        assertEquals(List.of("a=v3"), restored(second));
        assertEquals(List.of("a=v3", "k=Dk"), restored(first));
    }

    private void put(String key, String value) {
        store.put(bytes(key), bytes(value));
    }

    private static List<String> entries(Store from) {
        List<String> entries = new ArrayList<>();
        try (StoreIterator iterator = from.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                entries.add(new String(iterator.key(), UTF_8) + "=" + new String(iterator.value(), UTF_8));
            }
        }
        return entries;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
