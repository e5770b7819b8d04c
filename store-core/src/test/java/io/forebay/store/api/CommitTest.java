package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a commit becomes durable, what a crash leaves, and what all of it costs. */
class CommitTest {
    private static final long SECOND = 1_000_000_000L;

    private final CrashFileStore files = new CrashFileStore();
    private final SteppedEnvironment stepped = new SteppedEnvironment();

    @AfterEach
    void close() {
        stepped.close();
    }

    /** A store with the value 1 for a, in the durable commit one, and nothing to do in the background. */
    private Store withDurableCommit() {
        Store store = stepped.open(files);
        store.put(bytes("a"), bytes("1"));
        store.commitDurably(bytes("one"));
        stepped.executor.drain();
        return store;
    }

    private void pass(long seconds) {
        stepped.clock.advance(seconds * SECOND);
        stepped.executor.drain();
    }

    @Test
    void aDurableCommitSurvivesACrashAndLaterWritesDoNot() {
        Store store = stepped.open(files);
        store.put(bytes("a"), bytes("1"));
        store.commitDurably(bytes("one"));
        store.put(bytes("a"), bytes("2"));
        store.put(bytes("b"), bytes("2"));
        store.commit(bytes("two"));
        assertThat(store.committedPayload()).isEqualTo(bytes("two"));
        assertThat(store.durablePayload()).isEqualTo(bytes("one"));
        assertAfterCrash("one", "1", null);
    }

    /** The commit came after the memtable was frozen, so there was nothing to flush for it. */
    @Test
    void aFlushWithoutNewWritesMakesTheCommitDurable() {
        Store store = stepped.open(files);
        store.put(bytes("a"), bytes("1"));
        store.flush();
        store.commit(bytes("one"));
        assertThat(store.durablePayload()).isEmpty();
        store.flush();
        assertThat(store.durablePayload()).isEqualTo(bytes("one"));
        assertAfterCrash("one", "1", null);
    }

    @Test
    void soDoesACompaction() {
        Store store = stepped.open(files);
        store.put(bytes("a"), bytes("1"));
        store.flush();
        store.commit(bytes("one"));
        store.compact();
        assertThat(store.durablePayload()).isEqualTo(bytes("one"));
        assertAfterCrash("one", "1", null);
    }

    /** A host may keep anything in a payload, the manifest of a store included. */
    @Test
    void aPayloadThatHoldsTheManifestIsTornLikeAnyOther() throws IOException {
        Store store = stepped.open(files);
        store.commitDurably(bytes("one"));
        store.commitDurably(bytes("two"));
        String manifest = "MANIFEST-0000000000000001";
        byte[] before = read(files, manifest);
        store.commitDurably(Arrays.copyOf(before, before.length + 10));
        byte[] after = read(files, manifest);
        assertThat(after.length).isGreaterThan(2 * before.length);
        for (int cut = 1; cut <= 10; cut++) {
            CrashFileStore left = files.afterKill();
            left.delete(manifest);
            left.putIfAbsent(manifest, Arrays.copyOf(after, after.length - cut));
            try (SteppedEnvironment next = new SteppedEnvironment()) {
                assertThat(next.open(left).committedPayload()).isEqualTo(bytes("two"));
            }
        }
    }

    private static byte[] read(FileStore from, String name) throws IOException {
        try (ReadableFile file = from.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    @Test
    void uncommittedWritesThatWereFlushedAreDropped() {
        Store store = stepped.open(files);
        store.put(bytes("a"), bytes("1"));
        store.commit(bytes("one"));
        store.put(bytes("a"), bytes("2"));
        store.put(bytes("b"), bytes("2"));
        store.flush();
        assertThat(store.durablePayload()).isEqualTo(bytes("one"));
        assertThat(store.statistics().liveFiles()).isEqualTo(2);
        assertAfterCrash("one", "1", null);
    }

    @Test
    void closeMakesTheLastCommitDurableAndDropsTheRest() {
        Store store = stepped.open(files);
        store.put(bytes("a"), bytes("1"));
        store.commit(bytes("one"));
        store.put(bytes("a"), bytes("2"));
        store.close();
        assertAfterCrash("one", "1", null);
        store = stepped.open(files);
        assertThat(store.get(bytes("a"))).isEqualTo(bytes("1"));
        assertThat(store.committedPayload()).isEqualTo(bytes("one"));
        assertThat(store.statistics().durableSequence()).isEqualTo(1);
    }

    @Test
    void aCommitBecomesDurableWithinTheInterval() {
        Store store = stepped.open(files, StoreOptions.builder().commitInterval(Duration.ofSeconds(60)));
        store.put(bytes("a"), bytes("1"));
        store.commit(bytes("one"));
        pass(30);
        store.put(bytes("a"), bytes("2"));
        store.commit(bytes("two"));
        assertThat(store.durablePayload()).isEmpty();
        pass(30);
        assertThat(store.durablePayload()).isEqualTo(bytes("two"));
        assertThat(store.statistics().flushes()).isEqualTo(1);
        // and the next one again
        store.commit(bytes("three"));
        pass(59);
        assertThat(store.durablePayload()).isEqualTo(bytes("two"));
        pass(1);
        assertThat(store.durablePayload()).isEqualTo(bytes("three"));
        assertThat(store.statistics().flushes()).isEqualTo(1);
    }

    @Test
    void theIntervalIsCountedFromTheOldestCommitThatWaits() {
        Store store = stepped.open(files, StoreOptions.builder().commitInterval(Duration.ofSeconds(60)));
        store.put(bytes("a"), bytes("1"));
        store.commit(bytes("one"));
        stepped.clock.advance(50 * SECOND);
        store.commitDurably(bytes("two"));
        stepped.clock.advance(5 * SECOND);
        store.put(bytes("a"), bytes("2"));
        store.commit(bytes("three"));
        pass(10);
        assertThat(store.durablePayload()).isEqualTo(bytes("two"));
        pass(50);
        assertThat(store.durablePayload()).isEqualTo(bytes("three"));
    }

    @Test
    void withAnIntervalOfZeroEveryCommitStartsAFlush() {
        Store store = stepped.open(files, StoreOptions.builder().commitInterval(Duration.ZERO));
        for (int i = 0; i < 3; i++) {
            store.put(bytes("a"), bytes("" + i));
            store.commit(bytes("" + i));
            stepped.executor.drain();
            assertThat(store.durablePayload()).isEqualTo(bytes("" + i));
        }
    }

    @Test
    void aFullMemtableEndsAtACommitIfOneComesInTime() {
        Store store = stepped.open(files, StoreOptions.builder().memtableBytes(64 << 10));
        byte[] value = new byte[1000];
        for (int i = 0; i < 200; i++) {
            store.put(bytes("key" + i), value);
            if (i % 7 == 0) {
                store.commit(bytes("" + i));
            }
            stepped.executor.drain();
        }
        // each flush made its newest commit durable, and no run holds anything uncommitted
        StoreStatistics statistics = store.statistics();
        assertThat(statistics.flushes()).isGreaterThanOrEqualTo(3);
        assertThat(statistics.durableSequence()).isGreaterThan(140);
        int flushes = (int) statistics.flushes();
        assertThat(statistics.liveFiles()).isLessThanOrEqualTo(flushes);
    }

    @Test
    void anUnchangedCommitCostsNothing() {
        Store store = withDurableCommit();
        long syncs = files.syncs();
        for (int i = 0; i < 10; i++) {
            store.commit(bytes("one"));
            store.commitDurably(bytes("one"));
            pass(100);
        }
        store.close();
        assertThat(files.syncs()).isEqualTo(syncs);
    }

    @Test
    void aNewPayloadAloneIsOneManifestEdit() {
        Store store = withDurableCommit();
        long syncs = files.syncs();
        store.commitDurably(bytes("two"));
        assertThat(files.syncs()).isEqualTo(syncs + 1);
        assertAfterCrash("two", "1", null);
    }

    /** The process before was killed between the write of the commit and its sync. */
    @Test
    void aCommitThatAnOpenFindsIsDurable() {
        Store store = stepped.open(files);
        store.commitDurably(bytes("one"));
        CrashFileStore[] killed = new CrashFileStore[1];
        files.disk().watch(change -> {
            if (change.startsWith("append to MANIFEST")) {
                killed[0] = files.afterKill();
            }
        });
        store.commitDurably(bytes("two"));
        try (Store next = stepped.open(killed[0])) {
            assertThat(next.durablePayload()).isEqualTo(bytes("two"));
            CrashChoice nothing = new CrashChoice(CrashChoice.Names.NONE, CrashChoice.Tails.NONE, new Random(1));
            try (Store last = stepped.open(killed[0].afterCrash(nothing))) {
                assertThat(last.durablePayload()).isEqualTo(bytes("two"));
            }
        }
    }

    @Test
    void aFlushSyncsItsFileItsNameAndTheManifest() {
        Store store = withDurableCommit();
        long syncs = files.syncs();
        store.put(bytes("b"), bytes("2"));
        store.commitDurably(bytes("two"));
        assertThat(files.syncs()).isEqualTo(syncs + 3);
        assertAfterCrash("two", "1", "2");
    }

    @Test
    void openingAndClosingAnExistingStoreWritesAManifest() {
        stepped.open(files).close();
        assertThat(files.syncs()).as("syncs to create a store").isLessThanOrEqualTo(2);
        List<String> changes = new ArrayList<>();
        files.disk().watch(changes::add);
        for (int i = 0; i < 3; i++) {
            changes.clear();
            stepped.open(files).close();
            String before = "MANIFEST-000000000000000" + (i + 1);
            String begun = "MANIFEST-000000000000000" + (i + 2);
            assertThat(changes)
                    .containsExactly(
                            "sync of the directory in store",
                            "create " + begun + " in store",
                            "append to " + begun + " in store",
                            "sync of " + begun + " in store",
                            "sync of the directory in store",
                            "delete " + before + " in store");
        }
    }

    @Test
    void writesAfterTheLastCommitAreNotWrittenAtClose() {
        Store store = withDurableCommit();
        long syncs = files.syncs();
        store.put(bytes("b"), bytes("2"));
        store.close();
        assertThat(files.syncs()).isEqualTo(syncs);
    }

    @Test
    void payloadsAreCopies() {
        Store store = stepped.open(files);
        byte[] payload = bytes("one");
        store.commitDurably(payload);
        payload[0] = 0;
        store.committedPayload()[1] = 0;
        store.durablePayload()[1] = 0;
        assertThat(store.committedPayload()).isEqualTo(bytes("one"));
        assertThat(store.durablePayload()).isEqualTo(bytes("one"));
    }

    private void assertAfterCrash(String payload, String a, String b) {
        for (int i = 0; i < 5; i++) {
            try (SteppedEnvironment next = new SteppedEnvironment()) {
                Store store = next.open(files.afterCrash(new Random(i)));
                assertThat(new String(store.durablePayload(), UTF_8)).isEqualTo(payload);
                assertThat(store.get(bytes("a"))).isEqualTo(a == null ? null : bytes(a));
                assertThat(store.get(bytes("b"))).isEqualTo(b == null ? null : bytes(b));
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
