package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * {@code compact()} failed when an ingest came between the files that it merged: what it wrote had no place, and
 * nothing was wrong.
 */
class CompactFailsBesideIngestTest {
    private static final byte[] NONE = {};
    private static final int TARGET_BYTES = 64 << 10;

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final CrashFileStore files = new CrashFileStore();
    private final List<String> keys = new ArrayList<>();
    /** What happens when the next compaction has begun to read. */
    private Runnable meanwhile = () -> {};

    private final Store store = stepped.open(
            files, StoreOptions.builder().targetFileBytes(TARGET_BYTES).compactionFilter(this::keepAll));

    private boolean keepAll(byte[] key, int keyLength, byte[] value, int valueLength) {
        Runnable now = meanwhile;
        meanwhile = () -> {};
        elsewhere(now);
        return false;
    }

    /** As another thread would: on this one the compaction is under way, and whoever waits for a flush here is refused. */
    private static void elsewhere(Runnable work) {
        FutureTask<Void> task = new FutureTask<>(work, null);
        new Thread(task, "meanwhile").start();
        try {
            task.get();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Ten small files, enough to be joined; so are those before the last two. */
    @BeforeEach
    void fillBottomRun() {
        for (char first = 'a'; first <= 'j'; first++) {
            ingest(first + "1");
        }
        store.commit(NONE);
        meanwhile = () -> ingest("h5");
    }

    @AfterEach
    void closeEverything() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
    }

    @Test
    void aCompactionThatWasAskedForGoesOn() {
        store.commitDurably(NONE);
        store.compact();
        assertThat(keys).endsWith("h5");
        // eight joined, the new one, which no commit covers yet, and two behind it
        assertThat(store.statistics().liveFiles()).isEqualTo(4);
        assertNothingWentWrong();
    }

    @Test
    void aCompactionInTheBackgroundIsPickedAgain() {
        store.commitDurably(NONE);
        stepped.executor.drain();
        assertThat(keys).endsWith("h5");
        assertThat(store.statistics().liveFiles()).isEqualTo(4);
        assertNothingWentWrong();
    }

    /** One that is large enough to be moved from its own run to the bottom as it is: then one of the two would be for nothing. */
    @Test
    void aFileThatWouldBeMovedThereWaits() {
        store.commitDurably(NONE);
        meanwhile = () -> {
            store.put("h5".getBytes(UTF_8), new byte[TARGET_BYTES / 3]);
            keys.add("h5");
            store.commitDurably(NONE);
            stepped.executor.drain();
            assertThat(store.statistics().trivialMoves()).isZero();
            assertThat(store.statistics().sortedRuns()).isEqualTo(2);
        };
        store.compact();
        assertThat(keys).endsWith("h5");
        store.compact(); // the first one leaves what came meanwhile to itself
        assertThat(store.statistics().liveFiles()).isEqualTo(1);
        assertNothingWentWrong();
    }

    @Test
    void aCommitLetsAllOfThemBeJoined() {
        meanwhile = () -> {
            ingest("h5");
            meanwhile = () -> ingest("b5");
        };
        store.commitDurably(NONE);
        store.compact();
        store.commitDurably(NONE);
        store.compact();
        stepped.executor.drain();
        assertThat(keys).endsWith("h5", "b5");
        assertThat(store.statistics().liveFiles()).isEqualTo(1);
        assertThat(store.statistics().sortedRuns()).isEqualTo(1);
        assertNothingWentWrong();
    }

    private void assertNothingWentWrong() {
        StoreStatistics statistics = store.statistics();
        assertThat(statistics.backgroundFailures()).isZero();
        assertThat(statistics.backgroundRetries()).isZero();
        assertThat(statistics.sortedRuns()).isEqualTo(1);
        List<String> seen = new ArrayList<>();
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                seen.add(new String(iterator.key(), UTF_8));
            }
        }
        assertThat(seen).isEqualTo(keys.stream().sorted().toList());
        stepped.executor.drain();
        assertThat(files.list().stream().filter(name -> name.endsWith(".sst")))
                .as("files in the directory")
                .hasSize(store.statistics().liveFiles());
    }

    private void ingest(String key) {
        try (SortedIngest ingest = store.ingest()) {
            ingest.add(key.getBytes(UTF_8), NONE);
            ingest.finish();
        }
        keys.add(key);
    }
}
