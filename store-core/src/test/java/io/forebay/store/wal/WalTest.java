package io.forebay.store.wal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashChoice.Names;
import io.forebay.store.testing.CrashChoice.Tails;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Stores with a write-ahead log: what survives, what it costs, and how it works together with everything else. */
@Tag("smoke")
class WalTest {
    private static final long SECOND = 1_000_000_000L;

    private final CrashFileStore files = new CrashFileStore();

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
    void commitsAloneDoNotGrowTheLogWithoutEnd() {
        int most = 64 << 10;
        byte[] payload = new byte[1000];
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(Durability.BUFFERED).walBytes(most));
            for (int i = 0; i < 1000; i++) {
                ByteBuffer.wrap(payload).putInt(i);
                store.commit(payload);
                stepped.executor.drain();
                assertThat(store.statistics().walBytes())
                        .as("after commit %d", i)
                        .isLessThan(most + most / 8);
            }
        }
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            assertThat(stepped.open(files, options(Durability.BUFFERED)).durablePayload())
                    .isEqualTo(payload);
        }
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
    void aBatchIsThereAsAWholeOrNotAtAll() throws Exception {
        Store store = new SteppedEnvironment().open(files, options(Durability.BUFFERED));
        store.put(bytes("a"), bytes("1"));
        long before = files.size(logs().get(0));
        store.write(new WriteBatch()
                .put(bytes("a"), bytes("2"))
                .delete(bytes("b"))
                .deleteRange(bytes("c"), null)
                .put(bytes("d"), bytes("4")));
        long after = files.size(logs().get(0));
        CrashFileStore left = files.afterKill();
        byte[] log = read(left, logs().get(0));
        for (long length = before; length <= after; length++) {
            CrashFileStore cut = left.afterKill();
            replace(cut, logs().get(0), Arrays.copyOf(log, (int) length));
            try (SteppedEnvironment stepped = new SteppedEnvironment()) {
                Store reopened = stepped.open(cut, options(Durability.BUFFERED));
                boolean whole = length == after;
                assertThat(reopened.get(bytes("a"))).isEqualTo(bytes(whole ? "2" : "1"));
                assertThat(reopened.get(bytes("d"))).isEqualTo(whole ? bytes("4") : null);
            }
        }
    }

    @Test
    void aBatchLargerThanTheMemtablesIsAtomic() {
        StoreOptions.Builder options = options(Durability.SYNCED).memtableBytes(32 << 10);
        SteppedEnvironment stepped = new SteppedEnvironment(1 << 20);
        Store store = stepped.open(files, options);
        store.put(bytes("a"), bytes("1"));
        WriteBatch batch = new WriteBatch();
        byte[] value = new byte[1000];
        for (int i = 0; i < 500; i++) {
            batch.put(bytes(String.format("key%04d", i)), value);
        }
        store.write(batch);
        assertThat(store.statistics().flushes()).isPositive();
        try (SteppedEnvironment other = new SteppedEnvironment(1 << 20)) {
            Store reopened = other.open(files.afterCrash(new Random(1)), options);
            assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("1"));
            for (int i = 0; i < 500; i++) {
                assertThat(reopened.get(bytes(String.format("key%04d", i)))).isEqualTo(value);
            }
        }
    }

    /** The batch fills the memtable that it ends in, and is the last thing that the flush can keep. */
    @Test
    void aFlushBehindALargeBatchKeepsIt() {
        StoreOptions.Builder options = options(Durability.BUFFERED).memtableBytes(32 << 10);
        Store store = new SteppedEnvironment(1 << 20).open(files, options);
        store.put(bytes("a"), bytes("1"));
        store.commitDurably(bytes("one"));
        byte[] value = new byte[100_000];
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 4; i++) {
            batch.put(bytes("large" + i), value);
        }
        store.write(batch);
        store.flush();
        try (SteppedEnvironment other = new SteppedEnvironment(1 << 20)) {
            CrashChoice nothing = new CrashChoice(Names.NONE, Tails.NONE, new Random(1));
            Store reopened = other.open(files.afterCrash(nothing), options);
            assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("1"));
            for (int i = 0; i < 4; i++) {
                assertThat(reopened.get(bytes("large" + i))).as("%d", i).isEqualTo(value);
            }
        }
    }

    /** The batch fills the memtable that it ends in; nothing in the log behind it says that it is whole. */
    @ParameterizedTest
    @EnumSource
    void aLargeBatchAtTheEndSurvivesOneOpeningAfterAnother(Durability between) {
        StoreOptions.Builder options = options(Durability.SYNCED).memtableBytes(32 << 10);
        Store store = new SteppedEnvironment(1 << 20).open(files, options);
        store.put(bytes("a"), bytes("1"));
        byte[] value = new byte[400_000];
        store.write(new WriteBatch().put(bytes("large"), value));
        CrashFileStore left = files.afterCrash(new Random(1));
        for (Durability durability : new Durability[] {between, Durability.SYNCED, Durability.NONE}) {
            try (SteppedEnvironment other = new SteppedEnvironment(1 << 20)) {
                Store reopened = other.open(left, options.durability(durability));
                assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("1"));
                assertThat(reopened.get(bytes("large"))).isEqualTo(value);
                reopened.close();
            }
        }
    }

    @Test
    void aReplayLargerThanTheMemoryIsFlushedOnTheWay() {
        StoreOptions.Builder options = options(Durability.BUFFERED);
        Store store = new SteppedEnvironment(64 << 20).open(files, options);
        byte[] value = new byte[10_000];
        for (int i = 0; i < 1000; i++) {
            Arrays.fill(value, (byte) i);
            store.put(bytes(String.format("key%04d", i)), value);
        }
        assertThat(store.statistics().flushes()).isZero();
        try (SteppedEnvironment small = new SteppedEnvironment(1 << 20)) {
            Store reopened = small.open(files.afterKill(), options);
            assertThat(small.environment.statistics().memoryPeak()).isLessThanOrEqualTo(1 << 20);
            for (int i = 0; i < 1000; i++) {
                assertThat(reopened.get(bytes(String.format("key%04d", i)))[5]).isEqualTo((byte) i);
            }
        }
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

    @Test
    void hotKeysCannotGrowTheLogsBeyondTheBound() {
        long bound = 64 << 10;
        StoreOptions.Builder options = options(Durability.BUFFERED).walBytes(bound);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options);
            byte[] value = new byte[100];
            for (int i = 0; i < 20_000; i++) {
                store.put(bytes("key" + i % 10), value);
                if (i % 100 == 0) {
                    stepped.executor.drain();
                }
                assertThat(store.statistics().walBytes()).isLessThan(bound);
            }
            long sum = logs().stream().mapToLong(files::size).sum();
            assertThat(store.statistics().walBytes()).isEqualTo(sum);
            assertThat(store.statistics().walBytesWritten()).isGreaterThan(20 * bound);
            // each of them leaves a file of ten keys, which compactions make one of
            assertThat(store.statistics().flushes()).isBetween(40L, 200L);
        }
    }

    @Test
    void aFlushThatDoesNotComeIsPaidForByWriters() {
        long bound = 1 << 20;
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(Durability.BUFFERED).walBytes(bound));
            byte[] value = new byte[100];
            for (int i = 0; i < 100_000; i++) {
                store.put(bytes("key" + i % 10), value);
            }
            // nobody but the writer itself did background work
            assertThat(store.statistics().walBytes()).isLessThan(bound + bound / 4);
        }
    }

    private static void write(Store store) {
        store.put(bytes("a"), bytes("1"));
        store.commit(bytes("one"));
        store.merge(bytes("a"), bytes("2"));
        store.put(bytes("gone"), bytes("x"));
        store.delete(bytes("gone"));
        store.write(new WriteBatch().put(bytes("r1"), bytes("x")).put(bytes("r3"), bytes("x")));
        store.deleteRange(bytes("r0"), bytes("r2"));
        store.commit(bytes("two"));
        store.put(bytes("last"), bytes("y"));
    }

    private static void assertWritten(CrashFileStore left, String payload) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            check(stepped.open(left, options(Durability.BUFFERED)), payload);
        }
    }

    private static void check(Store store, String payload) {
        assertThat(store.get(bytes("a"))).isEqualTo(bytes("1,2"));
        assertThat(store.get(bytes("gone"))).isNull();
        assertThat(store.get(bytes("r1"))).isNull();
        assertThat(store.get(bytes("r3"))).isEqualTo(bytes("x"));
        assertThat(store.get(bytes("last"))).isEqualTo(bytes("y"));
        assertThat(store.committedPayload()).isEqualTo(bytes(payload));
        assertThat(store.durablePayload()).isEqualTo(bytes(payload));
    }

    private static void assertAfter(CrashFileStore left, String payload, String a) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(left, options(Durability.BUFFERED));
            assertThat(store.committedPayload()).isEqualTo(bytes(payload));
            assertThat(store.get(bytes("a"))).isEqualTo(bytes(a));
        }
    }

    private List<String> logs() {
        return files.list().stream().filter(name -> name.startsWith("WAL-")).toList();
    }

    private static byte[] read(FileStore from, String name) throws Exception {
        try (ReadableFile file = from.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private static void replace(FileStore in, String name, byte[] content) throws Exception {
        in.delete(name);
        in.putIfAbsent(name, content);
    }

    private static StoreOptions.Builder options(Durability durability) {
        return StoreOptions.builder().durability(durability).mergeFunction(MergeFunction.append((byte) ','));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
