package io.forebay.store.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Stores with a write-ahead log: what survives, what it costs, and how it works together with everything else. */
@Tag("smoke")
class WalTest extends LoggedStores {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void bufferedWritesSurviveAKilledProcess() {
        Store store = new SteppedEnvironment().open(files, options(Durability.BUFFERED));
        long syncs = files.syncs();
        write(store);
        assertThat(files.syncs()).isEqualTo(syncs);
        assertWritten(files.afterKill(), "two");
    }

    @Test
    void syncedWritesSurvivePowerLoss() {
        Store store = new SteppedEnvironment().open(files, options(Durability.SYNCED));
        write(store);
        for (int seed = 0; seed < 20; seed++) {
            assertWritten(files.afterCrash(new Random(seed)), "two");
        }
        assertThat(store.durablePayload()).isEqualTo(bytes("two"));
        assertThat(store.statistics().walSyncs()).isEqualTo(10);
        assertThat(store.statistics().flushes()).isZero();
    }

    @Test
    void syncMakesBufferedWritesSurvivePowerLoss() {
        Store store = new SteppedEnvironment().open(files, options(Durability.BUFFERED));
        write(store);
        assertThat(store.committedPayload()).isEqualTo(bytes("two"));
        assertThat(store.durablePayload()).isEmpty();
        long syncs = files.syncs();
        store.sync();
        store.sync();
        assertThat(files.syncs()).isEqualTo(syncs + 1);
        assertThat(store.durablePayload()).isEqualTo(bytes("two"));
        assertWritten(files.afterCrash(new Random(1)), "two");
    }

    @Test
    void commitDurablySyncsABufferedLogAndFlushesNothing() {
        Store store = new SteppedEnvironment().open(files, options(Durability.BUFFERED));
        store.put(bytes("a"), bytes("1"));
        store.commitDurably(bytes("one"));
        assertThat(store.durablePayload()).isEqualTo(bytes("one"));
        assertThat(store.statistics().flushes()).isZero();
        long syncs = files.syncs();
        store.commitDurably(bytes("one"));
        assertThat(files.syncs()).isEqualTo(syncs);
        assertAfter(files.afterCrash(new Random(1)), "one", "1");
    }

    @Test
    void aBufferedCommitIsSyncedWithinTheInterval() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(Durability.BUFFERED).commitInterval(Duration.ofSeconds(60)));
            store.put(bytes("a"), bytes("1"));
            store.commit(bytes("one"));
            stepped.clock.advance(59 * SECOND);
            stepped.executor.drain();
            assertThat(store.durablePayload()).isEmpty();
            stepped.clock.advance(SECOND);
            stepped.executor.drain();
            assertThat(store.durablePayload()).isEqualTo(bytes("one"));
            assertThat(store.statistics().flushes()).isZero();
            // and the next one again
            store.commit(bytes("two"));
            stepped.clock.advance(60 * SECOND);
            stepped.executor.drain();
            assertThat(store.durablePayload()).isEqualTo(bytes("two"));
        }
    }

    @Test
    void withAnIntervalOfZeroEveryBufferedCommitStartsASync() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(Durability.BUFFERED).commitInterval(Duration.ZERO));
            for (int i = 0; i < 3; i++) {
                store.commit(bytes("" + i));
                stepped.executor.drain();
                assertThat(store.durablePayload()).isEqualTo(bytes("" + i));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void closeKeepsWhatIsNotCommitted(Durability durability) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(durability));
            store.commit(bytes("one"));
            store.put(bytes("a"), bytes("1"));
            store.close();
            assertAfter(files.afterCrash(new Random(3)), "one", "1");
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void anUncommittedFlushIsKeptAndItsLogGoes(Durability durability) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(durability));
            store.commit(bytes("one"));
            store.put(bytes("a"), bytes("1"));
            assertThat(logs()).hasSize(1);
            store.put(bytes("b"), bytes("1"));
            store.flush();
            store.put(bytes("b"), bytes("2"));
            store.flush();
            // the log of the first memtable had a successor when the second one was flushed
            assertThat(logs()).hasSize(1);
            assertThat(store.statistics().liveFiles()).isEqualTo(2);
            assertAfter(files.afterCrash(new Random(5)), "one", "1");
        }
    }

    @Test
    void withoutALogThereIsNothingToSync() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files);
            store.put(bytes("a"), bytes("1"));
            assertThatThrownBy(store::sync)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("commitDurably");
            assertThat(logs()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void reopenedWithAnyDurabilityAllLogsAreReplayed(Durability next) {
        for (Durability first : List.of(Durability.BUFFERED, Durability.SYNCED)) {
            CrashFileStore fresh = new CrashFileStore();
            write(new SteppedEnvironment().open(fresh, options(first)));
            CrashFileStore left = fresh.afterKill();
            try (SteppedEnvironment stepped = new SteppedEnvironment()) {
                Store store = stepped.open(left, options(next));
                check(store, "two");
                assertThat(store.statistics().writes()).isZero();
                store.put(bytes("more"), bytes("x"));
                store.commit(bytes("three"));
                store.close();
                store = stepped.open(left, options(first));
                assertThat(store.get(bytes("more"))).isEqualTo(bytes("x"));
                assertThat(store.committedPayload()).isEqualTo(bytes("three"));
                assertThat(store.get(bytes("a"))).isEqualTo(bytes("1,2"));
            }
        }
    }

    @Test
    void withoutALogAReplayedStoreFallsBackToWhatWasReplayed() {
        write(new SteppedEnvironment().open(files, options(Durability.SYNCED)));
        CrashFileStore left = files.afterKill();
        Store store = new SteppedEnvironment().open(left, options(Durability.NONE));
        assertThat(left.list()).noneMatch(name -> name.startsWith("WAL"));
        store.put(bytes("a"), bytes("lost"));
        store.flush();
        store.compact();
        assertWritten(left.afterCrash(new Random(1)), "two");
    }

    @Test
    void ingestedFilesAreKeptAmongLoggedWrites() {
        Store store = new SteppedEnvironment().open(files, options(Durability.SYNCED));
        store.put(bytes("a"), bytes("old"));
        store.put(bytes("z"), bytes("26"));
        try (SortedIngest ingest = store.ingest()) {
            ingest.add(bytes("a"), 0, 1, bytes("new"), 0, 3);
            ingest.add(bytes("b"), 0, 1, bytes("new"), 0, 3);
            ingest.finish();
        }
        assertAfter(files.afterCrash(new Random(1)), "", "new");
        store.put(bytes("b"), bytes("newer"));
        try (SortedIngest ingest = store.ingest()) {
            ingest.add(bytes("c"), 0, 1, bytes("c"), 0, 1);
            ingest.finish();
        }
        store.commit(bytes("done"));
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store reopened = stepped.open(files.afterCrash(new Random(2)), options(Durability.SYNCED));
            assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("new"));
            assertThat(reopened.get(bytes("b"))).isEqualTo(bytes("newer"));
            assertThat(reopened.get(bytes("c"))).isEqualTo(bytes("c"));
            assertThat(reopened.get(bytes("z"))).isEqualTo(bytes("26"));
            assertThat(reopened.committedPayload()).isEqualTo(bytes("done"));
        }
    }

    @Test
    void checkpointsAndRestoredStoresHaveLogsOfTheirOwn() {
        CrashFileStore copy = new CrashFileStore();
        CrashFileStore target = new CrashFileStore();
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(Durability.SYNCED));
            store.put(bytes("a"), bytes("1"));
            byte[] metadata;
            try (Checkpoint checkpoint = store.checkpoint(bytes("mine"))) {
                store.put(bytes("a"), bytes("2"));
                stepped.executor.drain();
                checkpoint.writeTo(copy);
                metadata = checkpoint.metadata();
            }
            assertThat(copy.list()).noneMatch(name -> name.startsWith("WAL"));
            assertAfter(files.afterCrash(new Random(1)), "", "2");
            Store restored = stepped.environment.restore(
                    target,
                    options(Durability.SYNCED).build(),
                    List.of(new RestoreSource(copy, metadata, KeyRange.all())),
                    bytes("restored"));
            restored.put(bytes("b"), bytes("2"));
            assertAfter(target.afterCrash(new Random(1)), "restored", "1");
            try (SteppedEnvironment other = new SteppedEnvironment()) {
                assertThat(other.open(target.afterCrash(new Random(1)), options(Durability.NONE))
                                .get(bytes("b")))
                        .isEqualTo(bytes("2"));
            }
        }
    }
}
