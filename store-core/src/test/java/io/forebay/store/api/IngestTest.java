package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Files built from sorted entries. */
class IngestTest {
    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final CrashFileStore files = new CrashFileStore();
    private final Store store = stepped.open(
            files, StoreOptions.builder().targetFileBytes(4 << 10).mergeFunction(MergeFunction.append((byte) ',')));

    @AfterEach
    void closeEverything() {
        stepped.close();
    }

    @Test
    void entriesBecomeVisibleAtOnceInTheBottomRun() {
        try (SortedIngest ingest = store.ingest()) {
            for (int i = 0; i < 1000; i++) {
                ingest.add(key(i), value("v" + i));
            }
            assertThat(store.get(key(5))).isNull();
            ingest.finish();
        }
        assertThat(store.get(key(5))).isEqualTo(value("v5"));
        assertThat(store.statistics().sortedRuns()).isEqualTo(1);
        assertThat(store.statistics().liveFiles()).isGreaterThan(1);
        assertThat(store.statistics().flushes()).isZero();
        assertThat(store.statistics().lastSequence()).isEqualTo(1);
        store.commitDurably(new byte[0]);
        stepped.executor.drain();
        assertThat(store.statistics().bytesCompactedIn()).as("bytes rewritten").isZero();
    }

    @Test
    void entriesAreNewerThanAllThatWasWrittenBefore() {
        store.put(key(1), value("old"));
        store.merge(key(2), value("old"));
        store.deleteRange(key(0), key(9));
        store.put(key(3), value("old"));
        try (Snapshot before = store.snapshot();
                StoreIterator iterator = store.iterator(KeyRange.all())) {
            try (SortedIngest ingest = store.ingest()) {
                for (int i = 0; i < 5; i++) {
                    ingest.add(key(i), value("new"));
                }
                ingest.finish();
            }
            for (int i = 0; i < 5; i++) {
                assertThat(store.get(key(i))).isEqualTo(value("new"));
            }
            assertThat(before.get(key(1))).isNull();
            assertThat(before.get(key(3))).isEqualTo(value("old"));
            iterator.seekToFirst();
            assertThat(iterator.key()).isEqualTo(key(3));
            assertThat(iterator.value()).isEqualTo(value("old"));
            store.commitDurably(new byte[0]);
            store.compact();
            assertThat(before.get(key(1))).isNull();
            assertThat(before.get(key(3))).isEqualTo(value("old"));
        }
        store.merge(key(1), value("more"));
        store.delete(key(2));
        store.compact();
        assertThat(store.get(key(1))).isEqualTo(value("new,more"));
        assertThat(store.get(key(2))).isNull();
    }

    @Test
    void anIngestIsRecoveredOnlyWithACommitAfterIt() {
        try (SortedIngest ingest = store.ingest()) {
            ingest.add(key(1), value("1"));
            ingest.finish();
        }
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            assertThat(other.open(files.afterCrash(new Random(1)), options()).get(key(1)))
                    .isNull();
        }
        store.commitDurably(new byte[0]);
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            assertThat(other.open(files.afterCrash(new Random(1)), options()).get(key(1)))
                    .isEqualTo(value("1"));
        }
    }

    @Test
    void anAbandonedIngestLeavesNothing() {
        try (SortedIngest ingest = store.ingest()) {
            for (int i = 0; i < 1000; i++) {
                ingest.add(key(i), value("v" + i));
            }
        }
        stepped.executor.drain();
        assertThat(files.list().stream().filter(name -> name.endsWith(".sst"))).isEmpty();
        try (SortedIngest ingest = store.ingest()) {
            ingest.finish();
        }
        assertThat(store.statistics().lastSequence()).isZero();
        store.put(key(1), value("1"));
        assertThat(store.get(key(1))).isEqualTo(value("1"));
    }

    @Test
    void checkpointsTakeIngestedFilesAlong() {
        try (SortedIngest ingest = store.ingest()) {
            for (int i = 0; i < 1000; i++) {
                ingest.add(key(i), value("v" + i));
            }
            ingest.finish();
        }
        try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            checkpoint.completion().join();
            RestoreSource half = new RestoreSource(files, checkpoint.metadata(), KeyRange.of(key(500), null));
            try (Store restored =
                    stepped.environment.restore(new CrashFileStore(), options().build(), List.of(half), new byte[0])) {
                assertThat(restored.get(key(499))).isNull();
                assertThat(restored.get(key(500))).isEqualTo(value("v500"));
                restored.put(key(500), value("new"));
                assertThat(restored.get(key(500))).isEqualTo(value("new"));
            }
        }
    }

    private static StoreOptions.Builder options() {
        return StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ','));
    }

    private static byte[] key(int i) {
        return String.format("key%06d", i).getBytes(UTF_8);
    }

    private static byte[] value(String text) {
        return text.getBytes(UTF_8);
    }
}
