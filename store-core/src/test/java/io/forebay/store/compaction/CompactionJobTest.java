package io.forebay.store.compaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CompactionFilter;
import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreException;
import io.forebay.store.iter.ModelEntry;
import io.forebay.store.iter.WriteHistory;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CompactionJobTest {
    private static final long TARGET = 1 << 20;
    private static final long[] NO_SNAPSHOTS = {};
    private static final long ALL_DURABLE = Long.MAX_VALUE;

    private final CrashFileStore files = new CrashFileStore();
    private final SstDirectory directory = new SstDirectory(files);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private CompactionJob job(Compaction compaction, Version version, CompactionFilter filter) {
        return job(compaction, version, filter, WriteHistory.MERGE);
    }

    private CompactionJob job(
            Compaction compaction, Version version, CompactionFilter filter, MergeFunction mergeFunction) {
        return new CompactionJob(
                compaction, version, directory.target(TARGET), NO_SNAPSHOTS, ALL_DURABLE, mergeFunction, filter);
    }

    /** A compaction of whole runs, newest first. */
    static Compaction of(Compaction.Kind kind, long outputRank, SortedRun... runs) {
        List<Compaction.Input> inputs = new ArrayList<>();
        for (SortedRun run : runs) {
            inputs.add(new Compaction.Input(run.rank(), run.files()));
        }
        return new Compaction(kind, inputs, outputRank);
    }

    private List<FileMeta> write(WriteHistory history) throws IOException {
        return directory.write(history.source(), TARGET, List.of());
    }

    /** Three runs of the keys 100 to 139, oldest first; the newest deletes every second of them. */
    private Version threeRuns() throws IOException {
        WriteHistory history = new WriteHistory();
        long[] ends = new long[3];
        for (int run = 0; run < 3; run++) {
            for (int i = 100; i < 140; i++) {
                if (run < 2) {
                    history.add(bytes("k" + i), ValueKind.PUT, bytes("value " + run));
                } else if (i % 2 == 0) {
                    history.add(bytes("k" + i), ValueKind.DELETE, bytes(""));
                }
            }
            ends[run] = history.lastSequence();
        }
        return SstDirectory.version(
                write(history.part(0, ends[0])),
                write(history.part(ends[0], ends[1])),
                write(history.part(ends[1], ends[2])));
    }

    static long bytes(List<FileMeta> run) {
        return run.stream().mapToLong(FileMeta::fileBytes).sum();
    }

    static void assertRemovesInputs(VersionEdit edit, Compaction compaction) {
        List<VersionEdit.Removed> expected = new ArrayList<>();
        for (Compaction.Input input : compaction.inputs()) {
            for (FileMeta file : input.files()) {
                expected.add(new VersionEdit.Removed(
                        input.rank(), file.id(), file.range().from()));
            }
        }
        assertThat(edit.removed()).usingRecursiveFieldByFieldElementComparator().isEqualTo(expected);
    }

    private void closeAll(Version version) throws IOException {
        version.release();
        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    @Test
    void aDropIsAnEditAlone() throws IOException {
        Version version = threeRuns();
        Compaction drop = of(Compaction.Kind.DROP, SortedRun.BOTTOM, version.run(2), version.run(1));
        CompactionResult result = job(drop, version, null).run();

        assertRemovesInputs(result.edit(), drop);
        assertThat(result.edit().added()).isEmpty();
        assertThat(result.outputs()).isEmpty();
        assertThat(result.bytesRead() + result.bytesWritten()).isZero();
        result.release();
        closeAll(version);
    }

    @Test
    void aMoveIsAnEditAlone() throws IOException {
        Version version = threeRuns();
        Compaction move = of(Compaction.Kind.MOVE, 7, version.run(2));
        Set<String> before = directory.names();
        CompactionResult result = job(move, version, null).run();

        assertRemovesInputs(result.edit(), move);
        assertThat(result.edit().added())
                .containsExactly(new VersionEdit.Added(7, version.run(2).file(0)));
        assertThat(result.bytesRead() + result.bytesWritten()).isZero();
        result.release();
        assertThat(directory.names()).isEqualTo(before);
        closeAll(version);
    }

    @Test
    void aMergeIntoTheBottomLeavesLiveValuesWithoutSequences() throws IOException {
        Version version = threeRuns();
        Compaction merge = of(Compaction.Kind.MERGE, SortedRun.BOTTOM, version.run(2), version.run(1), version.run(0));
        CompactionResult result = job(merge, version, null).run();

        assertRemovesInputs(result.edit(), merge);
        assertThat(result.edit().added())
                .isEqualTo(result.outputs().stream()
                        .map(file -> new VersionEdit.Added(SortedRun.BOTTOM, file))
                        .toList());
        List<ModelEntry> entries = SstDirectory.entries(result.outputs());
        assertThat(entries).hasSize(20).allSatisfy(entry -> {
            assertThat(entry.key()[3] % 2).isEqualTo(1);
            assertThat(entry.value()).isEqualTo(bytes("value 1"));
            assertThat(entry.sequence()).isZero();
        });
        assertThat(result.bytesRead()).isEqualTo(version.bytes());
        assertThat(result.bytesWritten()).isEqualTo(bytes(result.outputs()));
        result.release();
        closeAll(version);
    }

    @Test
    void whatIsNotDurableKeepsItsSequence() throws IOException {
        Version version = threeRuns();
        Compaction merge = of(Compaction.Kind.MERGE, SortedRun.BOTTOM, version.run(1), version.run(0));
        CompactionJob job =
                new CompactionJob(merge, version, directory.target(TARGET), NO_SNAPSHOTS, 60, WriteHistory.MERGE, null);
        CompactionResult result = job.run();

        for (ModelEntry entry : SstDirectory.entries(result.outputs())) {
            int number = Integer.parseInt(new String(entry.key(), 1, 3, StandardCharsets.US_ASCII));
            // Keys 100 to 119 were overwritten at 41 to 60.
            assertThat(entry.sequence()).isEqualTo(number < 120 ? 0 : number - 59);
        }
        result.release();
        closeAll(version);
    }

    @Test
    void aMergeOfTiersKeepsDeletesOfWhatLiesBelow() throws IOException {
        Version version = threeRuns();
        Compaction merge = of(Compaction.Kind.MERGE, 2, version.run(2), version.run(1));
        CompactionResult result = job(merge, version, null).run();

        assertThat(SstDirectory.entries(result.outputs()))
                .hasSize(40)
                .allMatch(entry -> entry.sequence() > 40)
                .filteredOn(entry -> entry.kind() == ValueKind.DELETE)
                .hasSize(20);
        result.release();
        closeAll(version);
    }

    @Test
    void aMergeOfTiersEndsItsFilesWhereThePartsOfTheBottomDo() throws IOException {
        WriteHistory bottom = new WriteHistory();
        WriteHistory newer = new WriteHistory();
        for (char letter = 'a'; letter <= 'd'; letter++) {
            bottom.add(bytes("" + letter), ValueKind.PUT, new byte[1000]);
            newer.add(bytes(letter + "1"), ValueKind.PUT, new byte[1000]);
        }
        Version version = SstDirectory.version(
                directory.write(bottom.source(), 500, List.of()), write(newer.part(0, 2)), write(newer.part(2, 4)));
        Compaction merge = of(Compaction.Kind.MERGE, 2, version.run(2), version.run(1));
        CompactionJob job = new CompactionJob(
                merge, version, directory.target(30_000), NO_SNAPSHOTS, ALL_DURABLE, WriteHistory.MERGE, null);
        CompactionResult result = job.run();

        assertThat(version.bottom().size()).isEqualTo(4);
        assertThat(result.outputs()).hasSize(4);
        result.release();
        closeAll(version);
    }

    @Test
    void ofAVirtualFileOnlyTheVisiblePartIsMerged() throws IOException {
        WriteHistory history = new WriteHistory()
                .add(bytes("a"), ValueKind.PUT, bytes("1"))
                .add(bytes("c"), ValueKind.PUT, bytes("2"))
                .add(bytes("e"), ValueKind.PUT, bytes("3"))
                .deleteRange(bytes("b"), bytes("z"));
        FileMeta whole = write(history.part(0, 3)).get(0);
        FileMeta clipped = whole.clip(KeyRange.of(bytes("b"), bytes("d")));
        FileMeta deletes = write(history.part(3, 4)).get(0);
        FileMeta clippedDeletes = deletes.clip(KeyRange.of(bytes("c"), bytes("d")));
        Version version = SstDirectory.version(
                write(new WriteHistory().add(bytes("x"), ValueKind.PUT, bytes("0"))),
                List.of(clipped),
                List.of(clippedDeletes));
        Compaction merge = of(Compaction.Kind.MERGE, 2, version.run(2), version.run(1));
        CompactionJob job = new CompactionJob(
                merge, version, directory.target(TARGET), new long[] {3}, ALL_DURABLE, WriteHistory.MERGE, null);
        CompactionResult result = job.run();

        assertThat(SstDirectory.entries(result.outputs()))
                .containsExactly(new ModelEntry(bytes("c"), 2, ValueKind.PUT, bytes("2")));
        assertThat(SstDirectory.tombstones(result.outputs()).range()).isEqualTo(KeyRange.of(bytes("c"), bytes("d")));
        result.release();
        closeAll(version);
    }

    @Test
    void aCancelledJobLeavesNothing() throws IOException {
        Version version = threeRuns();
        Set<String> before = directory.names();
        Compaction merge = of(Compaction.Kind.MERGE, SortedRun.BOTTOM, version.run(1), version.run(0));
        CompactionJob job = job(merge, version, null);
        job.cancel();

        assertThat(job.run()).isNull();
        assertThat(directory.names()).isEqualTo(before);
        closeAll(version);
    }

    @Test
    void aJobThatIsCancelledUnderWayEndsSoonAndLeavesNothing() throws IOException {
        WriteHistory history = new WriteHistory();
        for (int i = 10_000; i < 20_000; i++) {
            history.add(bytes("k" + i), ValueKind.PUT, bytes("value"));
        }
        Version version = SstDirectory.version(write(history));
        Set<String> before = directory.names();
        int[] asked = new int[1];
        CompactionJob[] job = new CompactionJob[1];
        CompactionFilter filter = (key, keyLength, value, valueLength) -> {
            if (++asked[0] == 5000) {
                assertThatNewFileIsThere(before);
                job[0].cancel();
            }
            return false;
        };
        job[0] = new CompactionJob(
                of(Compaction.Kind.MERGE, SortedRun.BOTTOM, version.run(0)),
                version,
                directory.target(10_000),
                NO_SNAPSHOTS,
                ALL_DURABLE,
                WriteHistory.MERGE,
                filter);

        assertThat(job[0].run()).isNull();
        assertThat(asked[0]).isBetween(5000, 6100);
        assertThat(directory.names()).isEqualTo(before);
        closeAll(version);
    }

    @Test
    void aJobThatIsCancelledAtItsLastEntryLeavesNothing() throws IOException {
        Version version = threeRuns();
        Set<String> before = directory.names();
        CompactionJob[] job = new CompactionJob[1];
        CompactionFilter filter = (key, keyLength, value, valueLength) -> {
            if (key[2] == '3' && key[3] == '9') {
                job[0].cancel();
            }
            return false;
        };
        job[0] = job(of(Compaction.Kind.MERGE, SortedRun.BOTTOM, version.run(0)), version, filter);

        assertThat(job[0].run()).isNull();
        assertThat(directory.names()).isEqualTo(before);
        closeAll(version);
    }

    private void assertThatNewFileIsThere(Set<String> before) {
        assertThat(files.list()).hasSizeGreaterThan(before.size());
    }

    @Test
    void aDamagedBlockIsNotSpread() throws IOException {
        Version version = threeRuns();
        Set<String> before = directory.names();
        FileMeta damaged = version.run(1).file(0);
        files.damage(damaged.id().name(), 300);
        Compaction merge = of(Compaction.Kind.MERGE, SortedRun.BOTTOM, version.run(1), version.run(0));

        assertThatThrownBy(() -> job(merge, version, null).run())
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(damaged.id().name());
        assertThat(directory.names()).isEqualTo(before);
        closeAll(version);
    }

    @Test
    void operandsWithoutAMergeFunctionAreRefused() throws IOException {
        WriteHistory history = new WriteHistory();
        for (int i = 0; i < 4; i++) {
            history.add(bytes("k"), ValueKind.MERGE, bytes("" + i));
        }
        Version version = SstDirectory.version(write(history.part(0, 2)), write(history.part(2, 4)));
        Set<String> before = directory.names();
        Compaction merge = of(Compaction.Kind.MERGE, SortedRun.BOTTOM, version.run(1), version.run(0));

        assertThatThrownBy(() -> job(merge, version, null, null).run())
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("merge function");
        assertThat(directory.names()).isEqualTo(before);
        closeAll(version);
    }

    /** As in {@code SstOutputTest}: every change of the directory fails from one on. */
    @Test
    void aFailureLeavesTheInputsAlone() throws IOException {
        Version version = threeRuns();
        Set<String> before = directory.names();
        Compaction merge = of(Compaction.Kind.MERGE, 2, version.run(2), version.run(1));
        CompactionResult result = null;
        int tries = 0;
        while (result == null) {
            files.failAfter(++tries);
            try {
                result = new CompactionJob(
                                merge,
                                version,
                                directory.target(500),
                                NO_SNAPSHOTS,
                                ALL_DURABLE,
                                WriteHistory.MERGE,
                                null)
                        .run();
            } catch (IOException e) {
                files.heal();
                assertThat(directory.names()).as("try " + tries).isEqualTo(before);
            }
            files.heal();
        }
        assertThat(tries).isGreaterThan(5);
        assertThat(SstDirectory.entries(result.outputs())).hasSize(40);
        result.release();
        assertThat(directory.names()).isEqualTo(before);
        closeAll(version);
    }
}
