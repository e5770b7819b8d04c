package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.util.Seeded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random edits on a directory that crashes and fails at any moment: a reopen finds exactly the last edit that was
 * acknowledged, or the one under way, cut to its durable commit; and every file of it is there, whole.
 */
class VersionCrashTest {
    private record State(List<String> files, long commit) {}

    @Test
    void aReopenFindsTheLastAcknowledgedEdit() {
        Seeded.run(VersionCrashTest.class, 60, VersionCrashTest::run);
    }

    private static void run(Random random) throws IOException {
        CrashFileStore files = new CrashFileStore();
        int nextId = 1;
        for (int life = 0; life < 6; life++) {
            VersionFixture store = VersionFixture.open(files, random.nextInt(2_000));
            State before = state(store);
            List<State> possible = new ArrayList<>(List.of(before));
            if (random.nextInt(3) == 0) {
                files.failAfter(1 + random.nextInt(60));
            }
            long sequence = store.set.lastSequence();
            try {
                for (int i = random.nextInt(25); i > 0; i--) {
                    sequence++;
                    VersionEdit edit = randomEdit(store, random, nextId, sequence);
                    nextId += 3;
                    State after = expected(store, edit);
                    possible.add(after);
                    store.apply(edit);
                    possible = new ArrayList<>(List.of(after));
                    while (random.nextInt(3) != 0 && store.executor.step()) {
                        // some deletions happen before the crash, others do not
                    }
                }
            } catch (IOException e) {
                assertThat(e.getMessage()).contains("injected");
            }
            files.heal();
            if (random.nextInt(4) == 0) {
                store.close();
            }
            files = files.afterCrash(random);
            VersionFixture reopened = VersionFixture.open(files);
            assertThat(state(reopened)).isIn(possible);
            List<Long> tables = new ArrayList<>();
            for (PhysicalFile file : reopened.registry.liveFiles()) {
                assertThat(files.size(file.id().name())).isEqualTo(100);
                tables.add(file.id().low());
            }
            reopened.executor.drain();
            assertThat(reopened.tables()).containsExactlyInAnyOrderElementsOf(tables);
            reopened.close();
        }
    }

    /** What a reopen shows: files up to the durable commit. */
    private static State state(VersionFixture store) {
        return cut(store.state(), store.set.durableCommit().sequence());
    }

    private static State cut(List<String> files, long commit) {
        return new State(
                files.stream()
                        .filter(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)) <= commit)
                        .toList(),
                commit);
    }

    private static State expected(VersionFixture store, VersionEdit edit) {
        Version version = store.set.current();
        RunMap runs = new RunMap(version.runs());
        runs.play(edit);
        Version next = new Version(runs.toRuns());
        version.release();
        List<String> lines = new ArrayList<>();
        for (SortedRun run : next.runs()) {
            for (FileMeta file : run.files()) {
                lines.add(run.rank() + " " + file.id().low() + " " + file.range() + " " + file.newestSequence());
            }
        }
        next.release();
        long commit = edit.commit() == null
                ? store.set.durableCommit().sequence()
                : edit.commit().sequence();
        return cut(lines, commit);
    }

    private static VersionEdit randomEdit(VersionFixture store, Random random, int nextId, long sequence)
            throws IOException {
        VersionEdit edit = new VersionEdit();
        Version version = store.set.current();
        try {
            List<SortedRun> runs = version.runs();
            boolean compact = !runs.isEmpty() && random.nextInt(3) == 0;
            if (compact) {
                int count = 1 + random.nextInt(runs.size());
                long newest = 0;
                for (SortedRun run : runs.subList(runs.size() - count, runs.size())) {
                    for (FileMeta file : run.files()) {
                        edit.remove(run.rank(), file);
                        newest = Math.max(newest, file.newestSequence());
                    }
                }
                edit.add(0, store.create(new FileId(0, nextId), "a", "m", newest));
                edit.add(0, store.create(new FileId(0, nextId + 1), "m", "z", newest));
            } else {
                long rank = store.set.nextRank();
                edit.add(rank, store.create(new FileId(0, nextId + 2), "b", "y", sequence));
            }
        } finally {
            version.release();
        }
        if (random.nextInt(3) != 0) {
            edit.commit(sequence, new byte[random.nextInt(20)]);
        }
        return edit;
    }
}
