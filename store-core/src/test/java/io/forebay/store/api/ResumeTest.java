package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.Checkpoint;
import io.forebay.store.CompactionFilter;
import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.RestoreSource;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A store that stopped taking writes, and what brings it back. */
class ResumeTest {
    private static final long SECOND = 1_000_000_000L;

    private final FaultInjector faults = new FaultInjector();
    private final CrashFileStore disk = new CrashFileStore();
    private final FaultFileStore files = new FaultFileStore(disk, faults);
    private final SteppedEnvironment stepped = new SteppedEnvironment();

    @AfterEach
    void nothingIsLeft() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
        assertThat(faults.open()).isZero();
        assertThat(faults.violations()).isEmpty();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private void put(Store store, String key) {
        store.put(bytes(key), bytes("value of " + key));
    }

    private Throwable failedCommit(Store store, Fault fault, long nth) {
        faults.arm(fault, nth, true);
        return catchThrowable(() -> store.commitDurably(bytes("failed")));
    }

    @Test
    void aFullDiskStopsWritesAndTheyGoOnByThemselvesWhenThereIsSpace() {
        Store store = stepped.open(files);
        put(store, "a");
        store.commitDurably(bytes("first"));
        put(store, "b");
        assertThat(failedCommit(store, Fault.DISK_FULL, 1))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("No space left on device")
                .hasMessageContaining("tries again by itself");
        assertThatThrownBy(() -> put(store, "c"))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("No space left on device");
        assertThat(store.get(bytes("a"))).isEqualTo(bytes("value of a"));
        assertThat(store.get(bytes("b"))).isEqualTo(bytes("value of b"));
        assertThat(store.statistics().readOnlyCause()).contains("No space left");
        assertThat(store.statistics().resumes()).isZero();
        // still full
        long retries = store.statistics().backgroundRetries();
        for (int i = 0; i < 5; i++) {
            stepped.clock.advance(60 * SECOND);
            stepped.executor.drain();
        }
        assertThat(store.statistics().backgroundRetries()).isEqualTo(retries + 5);
        assertThatThrownBy(() -> put(store, "c")).isInstanceOf(ReadOnlyStoreException.class);
        faults.heal();
        stepped.clock.advance(60 * SECOND);
        stepped.executor.drain();
        assertThat(store.statistics().readOnlyCause()).isNull();
        assertThat(store.statistics().resumes()).isEqualTo(1);
        // the commit that was answered with an error is durable now
        assertThat(store.durablePayload()).isEqualTo(bytes("failed"));
        put(store, "c");
        store.commitDurably(bytes("second"));
        store.close();
        Store again = stepped.open(files);
        assertThat(again.durablePayload()).isEqualTo(bytes("second"));
        assertThat(again.multiGet(List.of(bytes("a"), bytes("b"), bytes("c"))))
                .containsExactly(bytes("value of a"), bytes("value of b"), bytes("value of c"));
    }

    @Test
    void attemptsBecomeRarer() {
        Store store = stepped.open(files);
        put(store, "a");
        failedCommit(store, Fault.DISK_FULL, 1);
        long begin = stepped.clock.nanoTime();
        long[] at = new long[12];
        for (int i = 0; i < at.length; ) {
            stepped.clock.advance(SECOND / 10);
            stepped.executor.drain();
            if (store.statistics().backgroundRetries() > i) {
                at[i++] = (stepped.clock.nanoTime() - begin) / (SECOND / 10);
            }
        }
        assertThat(at).startsWith(1, 3, 7, 15, 31);
        assertThat(at[11] - at[10]).isEqualTo(300);
        faults.heal();
    }

    @Test
    void resumeTriesAtOnce() {
        Store store = stepped.open(files);
        assertThatCode(store::resume).doesNotThrowAnyException();
        put(store, "a");
        failedCommit(store, Fault.DISK_FULL, 1);
        assertThatThrownBy(store::resume)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("No space left on device");
        faults.heal();
        store.resume();
        put(store, "b");
        assertThat(store.durablePayload()).isEqualTo(bytes("failed"));
        store.close();
        assertThatThrownBy(store::resume).isInstanceOf(StoreClosedException.class);
    }

    @Test
    void aCommitThatWaitsForItsTimerIsNotForgotten() {
        Store store = stepped.open(files, StoreOptions.builder().commitInterval(java.time.Duration.ofSeconds(600)));
        put(store, "a");
        store.commit(bytes("waits"));
        faults.arm(Fault.DISK_FULL, 1, true);
        assertThatThrownBy(store::flush).isInstanceOf(ReadOnlyStoreException.class);
        faults.heal();
        store.resume();
        assertThat(store.durablePayload()).isEqualTo(bytes("waits"));
        put(store, "b");
        store.commit(bytes("waits, too"));
        stepped.clock.advance(700 * SECOND);
        stepped.executor.drain();
        assertThat(store.durablePayload()).isEqualTo(bytes("waits, too"));
    }

    @Test
    void everySyncThatFailsIsFollowedByNewFiles() {
        for (int nth = 1; nth <= 3; nth++) {
            CrashFileStore place = new CrashFileStore();
            Store store = stepped.open(new FaultFileStore(place, faults));
            put(store, "a");
            store.commitDurably(bytes("first"));
            List<String> before = place.list();
            put(store, "b");
            faults.arm(Fault.FAILED_SYNC, nth, false);
            assertThatThrownBy(() -> store.commitDurably(bytes("second"))).isInstanceOf(ReadOnlyStoreException.class);
            String struck = faults.struck();
            faults.heal();
            store.resume();
            stepped.executor.drain();
            assertThat(store.durablePayload()).isEqualTo(bytes("second"));
            if (struck.contains("MANIFEST")) {
                assertThat(place.list()).as(struck).doesNotContainAnyElementsOf(manifests(before));
            } else if (struck.endsWith(".sst")) {
                assertThat(place.list()).doesNotContain(struck.substring(struck.indexOf(' ') + 1));
            }
            for (int i = 0; i < 20; i++) {
                try (SteppedEnvironment other = new SteppedEnvironment()) {
                    Store recovered = other.open(place.afterCrash(new Random(i)));
                    assertThat(recovered.durablePayload()).isEqualTo(bytes("second"));
                    assertThat(recovered.get(bytes("b"))).isEqualTo(bytes("value of b"));
                }
            }
            store.close();
        }
    }

    private static List<String> manifests(List<String> names) {
        return names.stream().filter(name -> name.startsWith("MANIFEST")).toList();
    }

    @Test
    void aCompactionThatFindsNoSpaceDoesNotStopWrites() {
        Store store = stepped.open(files);
        for (int round = 0; round < 3; round++) {
            put(store, "a");
            store.commitDurably(bytes("" + round));
        }
        faults.arm(Fault.DISK_FULL, 1, true);
        assertThatThrownBy(store::compact)
                .isInstanceOf(StoreIoException.class)
                .hasRootCauseMessage("No space left on device");
        put(store, "b");
        assertThat(store.statistics().readOnlyCause()).isNull();
        faults.heal();
        store.compact();
        assertThat(store.statistics().sortedRuns()).isLessThanOrEqualTo(2);
        assertThat(store.get(bytes("b"))).isEqualTo(bytes("value of b"));
    }

    @Test
    void aCompactionInTheBackgroundIsTriedAgainLater() {
        Store store = stepped.open(
                files, StoreOptions.builder().memtableBytes(16 << 10).targetFileBytes(4 << 10));
        int round = 0;
        while (store.statistics().compactions() == 0) {
            for (int i = 0; i < 20; i++) {
                store.put(bytes("key " + i), new byte[300]);
            }
            store.commitDurably(bytes("" + round++));
            if (store.statistics().backgroundFailures() == 0) {
                faults.arm(Fault.IO_ERROR, 1, false);
            }
            while (stepped.executor.step()) {
                // one fault in whatever is done first
            }
            faults.heal();
            stepped.clock.advance(60 * SECOND);
        }
        assertThat(store.statistics().backgroundFailures()).isPositive();
        assertThat(store.statistics().backgroundRetries()).isPositive();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    @Test
    void damageIsNotRepairedByTryingAgain() {
        Store store = stepped.open(files);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 50; i++) {
                put(store, "key " + i);
            }
            store.commitDurably(bytes("good"));
        }
        stepped.executor.drain();
        store.close();
        disk.damage(
                disk.list().stream()
                        .filter(name -> name.endsWith(".sst"))
                        .findFirst()
                        .orElseThrow(),
                20);
        Store damaged = stepped.open(files);
        assertThatThrownBy(damaged::compact).isInstanceOf(CorruptionException.class);
        assertThatThrownBy(damaged::resume)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasCauseInstanceOf(CorruptionException.class)
                .hasMessageContaining("open it again");
        stepped.clock.advance(600 * SECOND);
        stepped.executor.drain();
        assertThat(damaged.statistics().backgroundRetries()).isZero();
        assertThatThrownBy(() -> put(damaged, "a")).isInstanceOf(ReadOnlyStoreException.class);
    }

    /** Fails while {@link #failure} is set. */
    private static final class Moody implements MergeFunction {
        final AtomicReference<RuntimeException> failure = new AtomicReference<>();

        @Override
        public String name() {
            return "moody";
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> values) {
            if (failure.get() != null) {
                throw failure.get();
            }
            StringBuilder all = new StringBuilder();
            values.forEach(value -> all.append(new String(value, UTF_8)));
            return bytes(all.toString());
        }
    }

    @Test
    void aMergeFunctionThatFailsStopsNothingThatWouldHaveToBeResumed() {
        Moody moody = new Moody();
        Store store = stepped.open(files, StoreOptions.builder().mergeFunction(moody));
        store.put(bytes("k"), bytes("1"));
        store.commitDurably(bytes("first"));
        moody.failure.set(new ArithmeticException("not today"));
        store.merge(bytes("k"), bytes("2"));
        store.write(new WriteBatch()
                .put(bytes("other"), bytes("x"))
                .merge(bytes("k"), bytes("3"))
                .merge(bytes("k"), bytes("4")));
        assertThatThrownBy(() -> store.get(bytes("k")))
                .isInstanceOf(StoreException.class)
                .hasCause(moody.failure.get());
        assertThat(store.get(bytes("other"))).isEqualTo(bytes("x"));
        store.commitDurably(bytes("second"));
        put(store, "a");
        store.compact();
        stepped.clock.advance(600 * SECOND);
        stepped.executor.drain();
        assertThat(store.statistics().readOnlyCause()).isNull();
        assertThat(store.statistics().backgroundRetries()).isZero();
        moody.failure.set(null);
        assertThat(store.get(bytes("k"))).isEqualTo(bytes("1234"));
        store.compact();
        store.close();
        assertThat(stepped.open(files, StoreOptions.builder().mergeFunction(moody))
                        .get(bytes("k")))
                .isEqualTo(bytes("1234"));
    }

    @Test
    void aCompactionFilterThatFailsStopsWritesUntilResume() {
        AtomicReference<RuntimeException> failure = new AtomicReference<>();
        CompactionFilter filter = (key, keyLength, value, valueLength) -> {
            if (failure.get() != null) {
                throw failure.get();
            }
            return false;
        };
        Store store = stepped.open(files, StoreOptions.builder().compactionFilter(filter));
        put(store, "a");
        failure.set(new IllegalStateException("broken filter"));
        assertThatThrownBy(store::flush)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasCause(failure.get());
        assertThat(store.get(bytes("a"))).isEqualTo(bytes("value of a"));
        failure.set(null);
        store.resume();
        store.flush();
        put(store, "b");
        store.commitDurably(bytes("both"));
    }

    @Test
    void aCheckpointThatWaitsForAFailedFlushFailsAndTheNextOneWorks() {
        Store store = stepped.open(files);
        put(store, "a");
        faults.arm(Fault.DISK_FULL, 1, true);
        try (Checkpoint checkpoint = store.checkpoint(bytes("c"))) {
            stepped.executor.drain();
            assertThat(checkpoint.completion()).isCompletedExceptionally();
            assertThatThrownBy(checkpoint.completion()::join)
                    .hasCauseInstanceOf(ReadOnlyStoreException.class)
                    .hasRootCauseMessage("No space left on device");
            faults.heal();
            store.resume();
            assertThat(checkpoint.completion()).isCompletedExceptionally();
        }
        try (Checkpoint checkpoint = store.checkpoint(bytes("c"))) {
            stepped.executor.drain();
            assertThat(checkpoint.completion()).isCompleted();
            assertThat(checkpoint.files()).hasSize(1);
        }
    }

    @Test
    void anIngestThatIsOpenDuringTheFailureKeepsOtherWritesOut() {
        Store store = stepped.open(files);
        put(store, "a");
        try (SortedIngest ingest = store.ingest()) {
            ingest.add(bytes("i"), bytes("ingested"));
            faults.arm(Fault.DISK_FULL, 1, true);
            assertThatThrownBy(ingest::finish).isInstanceOf(StoreException.class);
        }
        faults.heal();
        stepped.clock.advance(60 * SECOND);
        stepped.executor.drain();
        assertThat(store.get(bytes("i"))).isNull();
        put(store, "b");
        try (SortedIngest ingest = store.ingest()) {
            ingest.add(bytes("i"), bytes("ingested"));
            ingest.finish();
        }
        assertThat(store.get(bytes("i"))).isEqualTo(bytes("ingested"));
        stepped.executor.drain();
        store.commitDurably(bytes("all"));
        assertThat(disk.list().stream().filter(name -> name.endsWith(".sst")))
                .hasSize(store.statistics().liveFiles());
    }

    @Test
    void aCloseTriesOnceMore() {
        Store store = stepped.open(files);
        put(store, "a");
        failedCommit(store, Fault.DISK_FULL, 1);
        faults.heal();
        store.close();
        assertThat(stepped.open(files).durablePayload()).isEqualTo(bytes("failed"));
    }

    @Test
    void restoresAndCheckpointsThatFailLeaveNothingAndCanBeRepeated() {
        Store store = stepped.open(files);
        put(store, "a");
        try (Checkpoint checkpoint = store.checkpoint(bytes("c"))) {
            stepped.executor.drain();
            CrashFileStore copy = new CrashFileStore();
            FaultFileStore place = new FaultFileStore(copy, faults);
            for (int nth = 1; nth <= 3; nth++) {
                faults.arm(Fault.LATE_ERROR, nth, false);
                assertThatThrownBy(() -> checkpoint.writeTo(place)).isInstanceOf(StoreIoException.class);
                assertThat(copy.list()).isEmpty();
            }
            checkpoint.writeTo(place);
            CrashFileStore target = new CrashFileStore();
            FaultFileStore restoredTo = new FaultFileStore(target, faults);
            RestoreSource source = new RestoreSource(files, checkpoint.metadata(), KeyRange.all());
            StoreOptions options = StoreOptions.defaults();
            for (int nth = 1; nth <= 6; nth++) {
                faults.arm(Fault.LATE_ERROR, nth, false);
                assertThatThrownBy(() -> stepped.environment.restore(restoredTo, options, List.of(source), bytes("r")))
                        .as("operation %d", nth)
                        .isInstanceOf(StoreIoException.class);
                assertThat(target.list()).isEmpty();
            }
            faults.heal();
            try (Store restored = stepped.environment.restore(restoredTo, options, List.of(source), bytes("r"))) {
                assertThat(restored.get(bytes("a"))).isEqualTo(bytes("value of a"));
            }
        }
    }

    /** A process that ends leaves the end of a manifest that was never synced; a power failure takes it away later. */
    @Test
    void whatOnlyAnUnsyncedEditMakesObsoleteSurvivesAReopenAndAPowerFailure() {
        for (int seed = 0; seed < 40; seed++) {
            CrashFileStore place = new CrashFileStore();
            leaveUnsyncedCompaction(place);
            try (SteppedEnvironment second = new SteppedEnvironment()) {
                Store reopened = second.open(place);
                assertThat(reopened.statistics().liveFiles()).isEqualTo(1);
                for (int steps = seed % 5; steps > 0; steps--) {
                    second.executor.step();
                }
                try (SteppedEnvironment third = new SteppedEnvironment()) {
                    Store recovered = third.open(place.afterCrash(new Random(seed)));
                    assertThat(recovered.get(bytes("a"))).isEqualTo(bytes("value of a"));
                    assertThat(recovered.get(bytes("b0"))).isEqualTo(bytes("value of b0"));
                    assertThat(recovered.get(bytes("b1"))).isEqualTo(bytes("value of b1"));
                }
            }
        }
    }

    /** The edit of a compaction is in the manifest, as the file system shows it, but not on the disk. */
    private void leaveUnsyncedCompaction(CrashFileStore place) {
        try (SteppedEnvironment first = new SteppedEnvironment()) {
            Store store = first.open(new FaultFileStore(place, faults));
            for (int round = 0; round < 2; round++) {
                put(store, "a");
                put(store, "b" + round);
                store.commitDurably(bytes("" + round));
            }
            faults.arm(Fault.FAILED_SYNC, 3, true);
            assertThatThrownBy(store::compact).isInstanceOf(StoreIoException.class);
            assertThat(faults.struck()).contains("MANIFEST");
        }
        faults.heal();
    }
}
