package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CompactionFilter;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.iter.ListCursor;
import io.forebay.store.iter.ModelEntry;
import io.forebay.store.iter.Source;
import io.forebay.store.iter.WriteHistory;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.util.Seeded;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class FlushJobTest {
    private static final long TARGET = 1 << 20;
    private static final long[] NO_SNAPSHOTS = {};

    private final SstDirectory directory = new SstDirectory(new MemoryFileStore());
    private final Version empty = new Version(List.of());

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private FlushJob job(long boundary, long[] snapshots, Version below, CompactionFilter filter) {
        return new FlushJob(
                directory.target(TARGET), boundary, snapshots, below, List.of(), WriteHistory.MERGE, filter);
    }

    private static List<String> text(List<FileMeta> run) throws IOException {
        return SstDirectory.entries(run).stream()
                .map(entry -> (entry.kind() == ValueKind.PUT
                                ? "put "
                                : entry.kind() == ValueKind.MERGE ? "merge " : "delete ")
                        + new String(entry.key(), StandardCharsets.US_ASCII) + "@" + entry.sequence() + "="
                        + new String(entry.value(), StandardCharsets.US_ASCII))
                .toList();
    }

    private static long newestDelete(List<FileMeta> run, String key) throws IOException {
        return SstDirectory.tombstones(run)
                .covering(bytes(key), 0, key.length())
                .sequences()[0];
    }

    private void releaseAndClose(FlushResult result) throws IOException {
        result.release();
        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    @Test
    void memtablesBecomeOneRunWhichKeepsItsSequences() throws IOException {
        WriteHistory history = new WriteHistory()
                .add(bytes("a"), ValueKind.PUT, bytes("1"))
                .add(bytes("b"), ValueKind.PUT, bytes("2"))
                .add(bytes("a"), ValueKind.PUT, bytes("3"));
        FlushResult result =
                job(FlushJob.NO_BOUNDARY, NO_SNAPSHOTS, empty, null).run(() -> history.sources(List.of(2L, 3L)));

        assertThat(text(result.upToCommit())).containsExactly("put a@3=3", "put b@2=2");
        assertThat(result.aboveCommit()).isEmpty();
        assertThat(result.bytes()).isEqualTo(result.upToCommit().get(0).fileBytes());
        releaseAndClose(result);
    }

    @Test
    void aCommitInsideMakesTwoRuns() throws IOException {
        WriteHistory history = new WriteHistory()
                .add(bytes("a"), ValueKind.PUT, bytes("1"))
                .deleteRange(bytes("b"), bytes("d"))
                .add(bytes("a"), ValueKind.DELETE, bytes(""))
                .deleteRange(bytes("c"), bytes("e"))
                .add(bytes("c"), ValueKind.MERGE, bytes("5"));
        List<FileMeta> old = directory.write(
                new WriteHistory().add(bytes("c"), ValueKind.PUT, bytes("0")).source(), TARGET, List.of());
        Version below = SstDirectory.version(old);
        FlushResult result = job(2, NO_SNAPSHOTS, below, null).run(() -> history.sources(List.of(5L)));

        assertThat(text(result.upToCommit())).containsExactly("put a@1=1");
        assertThat(text(result.aboveCommit())).containsExactly("delete a@3=", "put c@5=5");
        assertThat(newestDelete(result.upToCommit(), "c")).isEqualTo(2);
        assertThat(newestDelete(result.aboveCommit(), "c")).isEqualTo(4);
        assertThat(result.bytes())
                .isEqualTo(result.upToCommit().get(0).fileBytes()
                        + result.aboveCommit().get(0).fileBytes());
        below.release();
        releaseAndClose(result);
    }

    @Test
    void deletesOfNothingMakeNoFile() throws IOException {
        WriteHistory history =
                new WriteHistory().add(bytes("a"), ValueKind.DELETE, bytes("")).deleteRange(bytes("b"), null);
        FlushResult result =
                job(FlushJob.NO_BOUNDARY, NO_SNAPSHOTS, empty, null).run(() -> history.sources(List.of(2L)));

        assertThat(result.upToCommit()).isEmpty();
        assertThat(result.bytes()).isZero();
        releaseAndClose(result);
    }

    @Test
    void deletesStayWhereAnOlderFileLiesBelow() throws IOException {
        List<FileMeta> old = directory.write(
                new WriteHistory()
                        .add(bytes("c"), ValueKind.PUT, bytes("0"))
                        .add(bytes("e"), ValueKind.PUT, bytes("0"))
                        .source(),
                TARGET,
                List.of());
        Version below = SstDirectory.version(old);
        WriteHistory history = new WriteHistory();
        for (String key : List.of("b", "c", "d", "e", "f")) {
            history.add(bytes(key), ValueKind.DELETE, bytes(""));
        }
        FlushResult result =
                job(FlushJob.NO_BOUNDARY, NO_SNAPSHOTS, below, null).run(() -> history.sources(List.of(5L)));

        assertThat(text(result.upToCommit())).containsExactly("delete c@2=", "delete d@3=", "delete e@4=");
        below.release();
        releaseAndClose(result);
    }

    @Test
    void versionsThatASnapshotSeesStay() throws IOException {
        WriteHistory history = new WriteHistory();
        for (int i = 1; i <= 6; i++) {
            history.add(bytes("k"), ValueKind.PUT, bytes("" + i));
        }
        FlushResult result =
                job(FlushJob.NO_BOUNDARY, new long[] {2, 5}, empty, null).run(() -> history.sources(List.of(3L, 6L)));

        assertThat(text(result.upToCommit())).containsExactly("put k@6=6", "put k@5=5", "put k@2=2");
        releaseAndClose(result);
    }

    @Test
    void theFilterDropsValues() throws IOException {
        WriteHistory history = new WriteHistory()
                .add(bytes("a"), ValueKind.PUT, bytes("drop"))
                .add(bytes("b"), ValueKind.PUT, bytes("keep"));
        CompactionFilter filter = (key, keyLength, value, valueLength) -> value[0] == 'd';
        FlushResult result =
                job(FlushJob.NO_BOUNDARY, NO_SNAPSHOTS, empty, filter).run(() -> history.sources(List.of(2L)));

        assertThat(text(result.upToCommit())).containsExactly("put b@2=keep");
        releaseAndClose(result);
    }

    @Test
    void filesEndWhereThePartsOfTheBottomDo() throws IOException {
        byte[] large = new byte[1000];
        WriteHistory bottom = new WriteHistory();
        WriteHistory newer = new WriteHistory();
        for (char letter = 'a'; letter <= 'h'; letter++) {
            bottom.add(bytes("" + letter), ValueKind.PUT, large);
            newer.add(bytes(letter + "1"), ValueKind.PUT, large);
        }
        List<FileMeta> old = directory.write(bottom.source(), 500, List.of());
        Version below = SstDirectory.version(old);
        FlushJob job = new FlushJob(
                directory.target(30_000),
                FlushJob.NO_BOUNDARY,
                NO_SNAPSHOTS,
                below,
                List.of(),
                WriteHistory.MERGE,
                null);
        FlushResult result = job.run(() -> newer.sources(List.of(8L)));

        assertThat(old).hasSize(8);
        assertThat(text(result.upToCommit())).hasSize(8);
        assertThat(result.upToCommit()).hasSize(8);
        below.release();
        releaseAndClose(result);
    }

    @Test
    void whenTheSecondRunFailsTheFirstOneGoes() throws IOException {
        WriteHistory history = new WriteHistory()
                .add(bytes("a"), ValueKind.PUT, bytes("1"))
                .add(bytes("b"), ValueKind.PUT, bytes("2"));
        List<ListCursor> cursors = new ArrayList<>();
        int[] calls = new int[1];
        FlushJob job = job(1, NO_SNAPSHOTS, empty, null);

        assertThatThrownBy(() -> job.run(() -> {
                    if (++calls[0] == 2) {
                        assertThat(directory.names()).hasSize(1);
                        throw new IOException("No memtable any more");
                    }
                    cursors.add(new ListCursor(history.sorted()));
                    return List.of(new Source(cursors.get(0), RangeTombstones.NONE));
                }))
                .hasMessage("No memtable any more");

        assertThat(directory.names()).isEmpty();
        assertThat(cursors).allMatch(ListCursor::isClosed);
        directory.close();
    }

    @Test
    void whenTheFilterFailsNothingIsLeft() throws IOException {
        WriteHistory history = new WriteHistory();
        for (int i = 100; i < 200; i++) {
            history.add(bytes("k" + i), ValueKind.PUT, new byte[50]);
        }
        List<ListCursor> cursors = new ArrayList<>();
        CompactionFilter filter = (key, keyLength, value, valueLength) -> {
            if (key[2] == '9') {
                throw new IllegalStateException("A filter with a bug");
            }
            return false;
        };
        FlushJob job = new FlushJob(
                directory.target(700),
                FlushJob.NO_BOUNDARY,
                NO_SNAPSHOTS,
                empty,
                List.of(),
                WriteHistory.MERGE,
                filter);

        assertThatThrownBy(() -> job.run(() -> {
                    cursors.add(new ListCursor(history.sorted()));
                    return List.of(Source.of(cursors.get(0)));
                }))
                .hasMessage("A filter with a bug");

        assertThat(directory.names()).isEmpty();
        assertThat(cursors).hasSize(1).allMatch(ListCursor::isClosed);
        directory.close();
    }

    /** Every snapshot, the commit and the newest state read the same before and after; the commit needs its run only. */
    @Test
    void keepsEveryState() {
        Seeded.run(FlushJobTest.class, 400, FlushJobTest::keepsEveryState);
    }

    private static void keepsEveryState(Random random) throws IOException {
        SstDirectory directory = new SstDirectory(new MemoryFileStore());
        WriteHistory history = WriteHistory.random(random, 2 + random.nextInt(100), true);
        long last = history.lastSequence();
        long flushed = random.nextBoolean() ? 0 : random.nextLong(last);
        WriteHistory older = history.part(0, flushed);
        WriteHistory memtables = history.part(flushed, last);
        List<FileMeta> old = directory.write(older.source(), 200 + random.nextInt(500), List.of());
        Version below = SstDirectory.version(old);
        long commit = random.nextInt(3) == 0 ? FlushJob.NO_BOUNDARY : flushed + 1 + random.nextLong(last - flushed);
        TreeSet<Long> snapshots = new TreeSet<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            snapshots.add(random.nextLong(last + 1));
        }
        long[] states = snapshots.stream().mapToLong(Long::longValue).toArray();
        List<Long> cuts = memtables.cuts(random, 1 + random.nextInt(4));
        cuts.removeIf(cut -> cut <= flushed);

        FlushJob job = new FlushJob(
                directory.target(200 + random.nextInt(1000)),
                commit,
                states,
                below,
                List.of(),
                WriteHistory.MERGE,
                null);
        FlushResult result = job.run(() -> memtables.sources(cuts));

        WriteHistory lower = older.with(SstDirectory.contents(result.upToCommit()));
        WriteHistory all = lower.with(SstDirectory.contents(result.aboveCommit()));
        for (long state : states) {
            assertThat(SstDirectory.state(all, state))
                    .as("snapshot " + state)
                    .isEqualTo(SstDirectory.state(history, state));
        }
        assertThat(SstDirectory.state(all, last)).as("newest").isEqualTo(SstDirectory.state(history, last));
        if (commit != FlushJob.NO_BOUNDARY) {
            assertThat(SstDirectory.state(lower, commit))
                    .as("commit " + commit)
                    .isEqualTo(SstDirectory.state(history, commit));
            assertThat(result.upToCommit()).allMatch(file -> file.info().maxSequence() <= commit);
            assertThat(result.aboveCommit()).allMatch(file -> file.info().minSequence() > commit);
        } else {
            assertThat(result.aboveCommit()).isEmpty();
        }
        // Both are runs: files that overlap would be refused.
        assertThat(new SortedRun(1, result.upToCommit()).size() + new SortedRun(2, result.aboveCommit()).size())
                .isEqualTo(directory.names().size() - below.fileCount());
        for (ModelEntry entry : SstDirectory.entries(result.upToCommit())) {
            assertThat(entry.sequence())
                    .as("an entry that is not committed yet")
                    .isPositive();
        }
        below.release();
        result.release();
        assertThat(directory.names()).isEmpty();
        directory.close();
    }
}
