package io.forebay.store.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.iter.ModelEntry;
import io.forebay.store.iter.WriteHistory;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.util.Seeded;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Random histories in random runs, some of which a job merges. */
class CompactionJobStatesTest {
    /** Whatever neighbouring runs are merged, every snapshot and the newest state read the same before and after. */
    @Test
    void keepsEveryState() {
        Seeded.run(CompactionJobStatesTest.class, 400, CompactionJobStatesTest::keepsEveryState);
    }

    private static void keepsEveryState(Random random) throws IOException {
        SstDirectory directory = new SstDirectory(new CrashFileStore());
        WriteHistory history = WriteHistory.random(random, 3 + random.nextInt(120), true);
        long last = history.lastSequence();
        List<List<FileMeta>> runs = new ArrayList<>();
        long above = 0;
        for (long cut : history.cuts(random, 1 + random.nextInt(5))) {
            runs.add(directory.write(history.part(above, cut).source(), 200 + random.nextInt(600), List.of()));
            above = cut;
        }
        runs.removeIf(List::isEmpty);
        @SuppressWarnings({"unchecked", "rawtypes"})
        Version version = SstDirectory.version((List<FileMeta>[]) runs.toArray(new List[0]));
        TreeSet<Long> snapshots = new TreeSet<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            snapshots.add(random.nextLong(last + 1));
        }
        long[] states = snapshots.stream().mapToLong(Long::longValue).toArray();
        int oldest = random.nextInt(runs.size());
        int newest = oldest + random.nextInt(runs.size() - oldest);
        SortedRun[] merged = new SortedRun[newest - oldest + 1];
        for (int i = 0; i < merged.length; i++) {
            merged[i] = version.run(newest - i);
        }
        long durable = random.nextInt(3) == 0 ? last : random.nextLong(last + 1);
        Compaction compaction = CompactionJobTest.of(Compaction.Kind.MERGE, oldest, merged);

        CompactionResult result = new CompactionJob(
                        compaction,
                        version,
                        directory.target(200 + random.nextInt(800)),
                        states,
                        durable,
                        WriteHistory.MERGE,
                        null)
                .run();

        WriteHistory after = SstDirectory.contents(result.outputs());
        for (int i = 0; i < runs.size(); i++) {
            if (i < oldest || i > newest) {
                after = after.with(SstDirectory.contents(runs.get(i)));
            }
        }
        for (long state : states) {
            assertThat(SstDirectory.state(after, state))
                    .as("snapshot " + state)
                    .isEqualTo(SstDirectory.state(history, state));
        }
        assertThat(SstDirectory.state(after, last)).as("newest").isEqualTo(SstDirectory.state(history, last));
        CompactionJobTest.assertRemovesInputs(result.edit(), compaction);
        assertThat(new SortedRun(oldest, result.outputs()).files()).isEqualTo(result.outputs());
        if (oldest > 0) {
            assertThat(result.outputs()).allMatch(file -> !isZeroOver(file, version));
        } else if (states.length == 0) {
            assertThat(result.outputs()).allMatch(file -> file.pointDeletes() + file.rangeDeletes() == 0);
        }
        assertThat(result.bytesWritten()).isEqualTo(CompactionJobTest.bytes(result.outputs()));
        result.release();
        version.release();
        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    /** True when an entry without a sequence lies over something older, which would then be newer. */
    private static boolean isZeroOver(FileMeta file, Version version) {
        try {
            for (ModelEntry entry : SstDirectory.entries(List.of(file))) {
                if (entry.sequence() == 0) {
                    for (FileMeta older : version.run(0).files()) {
                        if (older.range().contains(entry.key())) {
                            return true;
                        }
                    }
                }
            }
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
