package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.iter.ModelEntry;
import io.forebay.store.iter.OlderData;
import io.forebay.store.iter.Retention;
import io.forebay.store.iter.RetentionIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which values of an output go to value files, and what becomes of those that are there. */
class ValueOutputTest {
    private static final int THRESHOLD = 50;
    private static final int LARGE = 12 << 10;
    /** Value files of merges with SSTs of that target size are small below this. */
    private static final int SMALL = LARGE / 16;

    private final MemoryFileStore files = new MemoryFileStore();
    private final SstDirectory directory = new SstDirectory(files);

    @AfterEach
    void close() {
        directory.close();
    }

    private static ModelEntry entry(int number, byte kind, int length) {
        byte[] value = new byte[length];
        Arrays.fill(value, (byte) number);
        byte[] key = String.format("key-%05d", number).getBytes(StandardCharsets.US_ASCII);
        return new ModelEntry(key, 7, kind, value);
    }

    private static List<ModelEntry> puts(int count) {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(entry(i, ValueKind.PUT, THRESHOLD + i % 7));
        }
        return entries;
    }

    private List<FileMeta> write(List<ModelEntry> entries, long targetFileBytes) throws IOException {
        SstTarget target = directory.valueTarget(targetFileBytes, THRESHOLD);
        try (SstOutput output = new SstOutput(target, TombstoneFeed.NONE, List.of())) {
            for (ModelEntry entry : entries) {
                SstDirectory.add(output, entry);
            }
            return output.finish();
        }
    }

    private List<FileMeta> merged(List<FileMeta> run, int threshold, Set<FileId> garbage) throws IOException {
        Retention retention =
                new Retention(new long[0], -1, Long.MAX_VALUE, -1, OlderData.UNKNOWN, null, null, Retention.FOLD_BYTES);
        try (RetentionIterator entries = new RetentionIterator(List.of(Version.source(run, null)), retention);
                SstOutput output = new SstOutput(
                        directory.valueTarget(LARGE, threshold),
                        entries::cutTombstone,
                        List.of(),
                        0,
                        KeyRange.all(),
                        null,
                        garbage)) {
            output.addAll(entries);
            return output.finish();
        }
    }

    private static Set<String> valueFiles(List<FileMeta> run) {
        Set<String> names = new TreeSet<>();
        for (FileMeta file : run) {
            for (ValueShare share : file.info().valueFiles()) {
                names.add(FileId.of(share).valueFileName());
            }
        }
        return names;
    }

    /** The same entries, wherever their values are. */
    private static void check(List<FileMeta> run, List<ModelEntry> expected, boolean apart) throws IOException {
        List<ModelEntry> found = SstDirectory.entries(run);
        assertThat(found).hasSize(expected.size());
        for (int i = 0; i < found.size(); i++) {
            ModelEntry wanted = expected.get(i);
            boolean isReference = apart && wanted.kind() == ValueKind.PUT && wanted.value().length >= THRESHOLD;
            byte kind = isReference ? ValueKind.REFERENCE : wanted.kind();
            assertThat(found.get(i)).isEqualTo(new ModelEntry(wanted.key(), wanted.sequence(), kind, wanted.value()));
        }
    }

    @Test
    void longValuesOfPutsAreWrittenApart() throws IOException {
        List<ModelEntry> entries = List.of(
                entry(1, ValueKind.PUT, THRESHOLD - 1),
                entry(2, ValueKind.PUT, THRESHOLD),
                entry(3, ValueKind.MERGE, 1000),
                entry(4, ValueKind.DELETE, 0),
                entry(5, ValueKind.PUT, 70_000),
                entry(6, ValueKind.PUT, 0));
        List<FileMeta> run = write(entries, LARGE);
        check(run, entries, true);
        ValueShare share = run.get(0).info().valueFiles().get(0);
        assertThat(share.bytes()).isEqualTo(THRESHOLD + 4 + 70_000 + 4);
        assertThat(share.fileBytes()).isBetween(share.bytes(), share.bytes() + 128);
        assertThat(directory.valueFileNames()).isEqualTo(valueFiles(run)).hasSize(1);
        SstDirectory.release(run);
        assertThat(directory.valueFileNames()).isEmpty();
    }

    @Test
    void eachSstOfAnOutputHasAFileOfItsOwn() throws IOException {
        List<ModelEntry> entries = puts(300);
        List<FileMeta> run = write(entries, 700);
        assertThat(run).hasSizeGreaterThan(2);
        assertThat(valueFiles(run)).hasSize(run.size()).isEqualTo(directory.valueFileNames());
        check(run, entries, true);
        SstDirectory.release(run.subList(0, 1));
        assertThat(directory.valueFileNames()).isEqualTo(valueFiles(run.subList(1, run.size())));
        SstDirectory.release(run.subList(1, run.size()));
    }

    /** Values that are written, and values that stay where they are. */
    @Test
    void anSstEndsWhenItsValuesAreSeveralTargetSizes() throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            entries.add(entry(i, ValueKind.PUT, 2_000));
        }
        List<FileMeta> run = write(entries, LARGE);
        checkSizes(run);
        List<FileMeta> merged = merged(run, THRESHOLD, Set.of());
        checkSizes(merged);
        assertThat(valueFiles(merged)).isEqualTo(valueFiles(run));
        check(merged, entries, true);
        SstDirectory.release(run);
        SstDirectory.release(merged);
    }

    private static void checkSizes(List<FileMeta> run) {
        long full = (long) SstTarget.VALUES_PER_SST * LARGE;
        assertThat(run).hasSize((int) (100 * 2_004 / (full + 2_004)) + 1);
        for (FileMeta file : run.subList(0, run.size() - 1)) {
            assertThat(file.fileBytes()).isLessThan(LARGE);
            assertThat(file.valueBytes()).isBetween(full, full + 2_004);
        }
    }

    @Test
    void anOutputThatIsNotFinishedLeavesNothing() throws IOException {
        SstTarget target = directory.valueTarget(700, THRESHOLD);
        try (SstOutput output = new SstOutput(target, TombstoneFeed.NONE, List.of())) {
            for (ModelEntry entry : puts(300)) {
                SstDirectory.add(output, entry);
            }
        }
        assertThat(directory.names()).isEmpty();
        assertThat(directory.valueFileNames()).isEmpty();
    }

    /** The disk may have the file although the call says that it has not. */
    @Test
    void aFileWhoseMakingFailedIsNotLeft() throws IOException {
        FileStore failing = new ForwardingFileStore(files) {
            @Override
            public WritableFile create(String name) throws IOException {
                WritableFile made = super.create(name);
                if (name.endsWith(".val")) {
                    made.close();
                    throw new IOException("late");
                }
                return made;
            }
        };
        try (SstDirectory other = new SstDirectory(failing)) {
            SstOutput output = new SstOutput(other.valueTarget(LARGE, THRESHOLD), TombstoneFeed.NONE, List.of());
            assertThatThrownBy(() -> SstDirectory.add(output, entry(1, ValueKind.PUT, THRESHOLD)))
                    .hasMessage("late");
            assertThat(files.list()).anyMatch(name -> name.endsWith(".val"));
            output.close();
            assertThat(other.valueFileNames()).isEmpty();
            assertThat(files.list()).isEmpty();
        }
    }

    @Test
    void aMergeMovesPlaces() throws IOException {
        List<ModelEntry> entries = puts(300);
        List<FileMeta> run = write(entries, 700);
        Set<String> before = valueFiles(run);
        List<FileMeta> merged = merged(run, THRESHOLD, Set.of());
        assertThat(merged).hasSize(1);
        assertThat(valueFiles(merged)).isEqualTo(before);
        long shares = 0;
        for (ValueShare share : merged.get(0).info().valueFiles()) {
            shares += share.bytes();
        }
        assertThat(shares)
                .isEqualTo(entries.stream()
                        .mapToLong(each -> each.value().length + 4)
                        .sum());
        SstDirectory.release(run);
        assertThat(directory.valueFileNames()).isEqualTo(before);
        check(merged, entries, true);
        SstDirectory.release(merged);
        assertThat(directory.valueFileNames()).isEmpty();
    }

    /** Flushes of a few values leave a file each; merges make one of them, and leave the long ones alone. */
    @Test
    void valuesOfSmallFilesAreCopiedToOne() throws IOException {
        List<ModelEntry> entries = puts(300);
        List<FileMeta> run = new ArrayList<>(write(entries.subList(0, 100), LARGE));
        for (int i = 100; i < 300; i += 2) {
            run.addAll(write(entries.subList(i, i + 2), LARGE));
        }
        Set<String> before = valueFiles(run);
        assertThat(before).hasSize(101);
        ValueShare longest = run.get(0).info().valueFiles().get(0);
        assertThat(longest.fileBytes()).isGreaterThan(SMALL);
        List<FileMeta> merged = merged(run, THRESHOLD, Set.of());
        SstDirectory.release(run);
        assertThat(valueFiles(merged)).hasSize(2).contains(FileId.of(longest).valueFileName());
        assertThat(directory.valueFileNames()).isEqualTo(valueFiles(merged));
        check(merged, entries, true);
        List<FileMeta> again = merged(merged, THRESHOLD, Set.of());
        assertThat(valueFiles(again)).isEqualTo(valueFiles(merged));
        SstDirectory.release(merged);
        SstDirectory.release(again);
    }

    @Test
    void valuesOfAFileThatIsGivenUpAreCopied() throws IOException {
        List<ModelEntry> entries = puts(300);
        List<FileMeta> run = write(entries, 700);
        ValueShare given = run.get(0).info().valueFiles().get(0);
        List<FileMeta> merged = merged(run, THRESHOLD, Set.of(FileId.of(given)));
        assertThat(valueFiles(merged))
                .hasSize(run.size())
                .doesNotContain(FileId.of(given).valueFileName());
        SstDirectory.release(run);
        assertThat(directory.valueFileNames()).isEqualTo(valueFiles(merged));
        check(merged, entries, true);
        SstDirectory.release(merged);
    }

    @Test
    void withoutTheOptionValuesComeBackToTheirSst() throws IOException {
        List<ModelEntry> entries = puts(300);
        List<FileMeta> run = write(entries, LARGE);
        List<FileMeta> merged = merged(run, 0, Set.of());
        SstDirectory.release(run);
        assertThat(valueFiles(merged)).isEmpty();
        assertThat(directory.valueFileNames()).isEmpty();
        check(merged, entries, false);
        SstDirectory.release(merged);
    }
}
