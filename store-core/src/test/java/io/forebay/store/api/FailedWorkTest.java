package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CompactionFilter;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.FaultInjector.Fault;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What a compaction, a callback, a checkpoint or an ingest that fails does to the store, and to the next one. */
class FailedWorkTest extends FailingStores {
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
            assertThatThrownBy(checkpoint::files).isInstanceOf(IllegalStateException.class);
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
}
