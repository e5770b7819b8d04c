package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.iter.ModelEntry;
import io.forebay.store.iter.WriteHistory;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.util.Seeded;
import io.forebay.store.version.FileBounds;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SstOutputTest {
    private static final long NO_SPLIT = 1 << 20;
    private static final byte[] VALUE = new byte[50];

    private final CrashFileStore files = new CrashFileStore();
    private final SstDirectory directory = new SstDirectory(files);

    private static byte[] key(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static ModelEntry put(String key, long sequence) {
        return new ModelEntry(key(key), sequence, ValueKind.PUT, VALUE);
    }

    private static Fragment deleted(String from, String to, long sequence) {
        return new Fragment(key(from), to == null ? null : key(to), new long[] {sequence});
    }

    private List<FileMeta> write(
            List<ModelEntry> entries, List<Fragment> deletes, List<byte[]> cuts, long leastBytes, long targetBytes)
            throws IOException {
        return write(directory.target(targetBytes), entries, FragmentArray.of(deletes), cuts, leastBytes);
    }

    private static List<FileMeta> write(
            SstTarget target, List<ModelEntry> entries, RangeTombstones deletes, List<byte[]> cuts, long leastBytes)
            throws IOException {
        SstDirectory.Deletes left = new SstDirectory.Deletes(deletes);
        try (SstOutput output = new SstOutput(target, left, cuts, leastBytes)) {
            for (ModelEntry entry : entries) {
                left.pass(entry.key(), output);
                SstDirectory.add(output, entry);
            }
            left.pass(null, output);
            List<FileMeta> run = output.finish();
            assertThat(output.bytesWritten())
                    .isEqualTo(run.stream().mapToLong(FileMeta::fileBytes).sum());
            return run;
        }
    }

    private static List<String> ranges(List<FileMeta> run) {
        return run.stream()
                .map(file ->
                        text(file.range().from()) + " to " + text(file.range().to()))
                .toList();
    }

    /** The key right behind another one is shown with a plus. */
    private static String text(byte[] key) {
        return key == null ? "end" : new String(key, StandardCharsets.US_ASCII).replace('\0', '+');
    }

    private void dropAndClose(List<FileMeta> run) throws IOException {
        SstDirectory.release(run);
        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    @Test
    void nothingMakesNoFile() throws IOException {
        assertThat(write(List.of(), List.of(), List.of(key("k")), 0, NO_SPLIT)).isEmpty();
        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    @Test
    void aFileEndsOnceItHasTheTargetSize() throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 100; i < 400; i++) {
            entries.add(put("k" + i, i));
        }
        List<FileMeta> run = write(entries, List.of(), List.of(), 0, 2000);

        assertThat(run).hasSizeBetween(5, 15);
        assertThat(run.subList(0, run.size() - 1))
                .allSatisfy(file -> assertThat(file.fileBytes()).isBetween(1900L, 2200L));
        assertThat(SstDirectory.entries(run)).isEqualTo(entries);
        dropAndClose(run);
    }

    @Test
    void allVersionsOfAKeyStayInOneFile() throws IOException {
        List<ModelEntry> entries = new ArrayList<>(List.of(put("a", 500)));
        for (int i = 300; i > 0; i--) {
            entries.add(put("b", i));
        }
        entries.add(put("b+", 7));
        entries.add(put("c", 8));
        List<FileMeta> run = write(entries, List.of(), List.of(), 0, 1000);

        assertThat(ranges(run)).containsExactly("a to b+", "b+ to c+");
        assertThat(run).extracting(FileMeta::entries).containsExactly(301L, 2L);
        dropAndClose(run);
    }

    @Test
    void aFileEndsAtEveryCutThatItReaches() throws IOException {
        List<ModelEntry> entries = List.of(put("a", 1), put("c", 2), put("d", 3), put("h", 4));
        List<byte[]> cuts = List.of(key("b"), key("c"), key("e"), key("f"), key("z"));
        List<FileMeta> run = write(entries, List.of(), cuts, 0, NO_SPLIT);

        assertThat(ranges(run)).containsExactly("a to a+", "c to d+", "h to h+");
        dropAndClose(run);
    }

    @Test
    void aSmallFileGoesOnOverACut() throws IOException {
        List<ModelEntry> entries = new ArrayList<>(List.of(put("a", 1)));
        for (int i = 100; i < 150; i++) {
            entries.add(put("c" + i, i));
        }
        entries.add(put("e", 2));
        List<FileMeta> run = write(entries, List.of(), List.of(key("b"), key("d")), 1000, NO_SPLIT);

        assertThat(ranges(run)).containsExactly("a to c149+", "e to e+");
        dropAndClose(run);
    }

    @Test
    void aRangeDeleteAcrossTheBorderOfTwoFilesIsCutThere() throws IOException {
        List<ModelEntry> entries = List.of(put("a", 1), put("c", 2), put("e", 3));
        List<FileMeta> run = write(entries, List.of(deleted("b", "g", 9)), List.of(key("c"), key("d")), 0, NO_SPLIT);

        assertThat(ranges(run)).containsExactly("a to c", "c to d", "d to g");
        assertThat(run).extracting(FileMeta::rangeDeletes).containsExactly(1L, 1L, 1L);
        assertThat(run).extracting(FileMeta::newestSequence).containsExactly(9L, 9L, 9L);
        assertThat(SstDirectory.tombstones(run).size()).isEqualTo(1);
        dropAndClose(run);
    }

    @Test
    void rangeDeletesWithoutEntriesMakeFilesOfTheirOwn() throws IOException {
        List<FileMeta> run = write(
                List.of(put("m", 1)),
                List.of(deleted("a", "b", 5), deleted("q", null, 6)),
                List.of(key("k"), key("n"), key("s")),
                0,
                NO_SPLIT);

        assertThat(ranges(run)).containsExactly("a to b", "m to m+", "q to s", "s to end");
        assertThat(run).extracting(FileMeta::entries).containsExactly(0L, 1L, 0L, 0L);
        dropAndClose(run);
    }

    @Test
    void aFileEndsOnceItHasItsShareOfRangeDeletes() throws IOException {
        List<Fragment> deletes = new ArrayList<>();
        for (int i = 1000; i < 2000; i++) {
            deletes.add(deleted("k" + i, "k" + i + "x", i));
        }
        SstTarget target = directory.target(NO_SPLIT, Compression.NONE, 1200);
        List<FileMeta> run = write(target, List.of(put("k1500z", 1)), FragmentArray.of(deletes), List.of(), 0);

        assertThat(run).hasSizeBetween(85, 105);
        for (FileMeta file : run) {
            long bytes = 0;
            for (Fragment fragment : SstDirectory.tombstones(List.of(file)).fragments()) {
                bytes += fragment.heapBytes();
            }
            assertThat(bytes).isPositive().isLessThan(1200 + deletes.get(0).heapBytes());
        }
        assertThat(ranges(run).get(0)).startsWith("k1000 to ");
        assertThat(new SortedRun(1, run).files()).isEqualTo(run);
        assertThat(SstDirectory.tombstones(run).size()).isEqualTo(1000);
        dropAndClose(run);
    }

    @Test
    void theRangeDeletesOfBoundsThatDifferTooLateStayInOneFile() throws IOException {
        String prefix = "k".repeat(FileBounds.MAX_BYTES);
        List<Fragment> deletes = List.of(
                deleted(prefix + "a", prefix + "b", 3),
                deleted(prefix + "c", prefix + "d", 4),
                deleted("l", "m", 5),
                deleted("n", "o", 6));
        SstTarget target = directory.target(NO_SPLIT, Compression.NONE, 1);
        List<FileMeta> run = write(target, List.of(put(prefix + "e", 1)), FragmentArray.of(deletes), List.of(), 0);

        assertThat(run).extracting(FileMeta::rangeDeletes).containsExactly(2L, 1L, 1L);
        assertThat(run).extracting(FileMeta::entries).containsExactly(1L, 0L, 0L);
        assertThat(new SortedRun(1, run).files()).isEqualTo(run);
        dropAndClose(run);
    }

    @Test
    void theMetadataSaysWhatIsInTheFile() throws IOException {
        directory.clock().advance(5_000_000_000L);
        long now = directory.clock().currentTimeMillis();
        List<FileMeta> run = write(
                List.of(put("b", 7), new ModelEntry(key("c"), 9, ValueKind.DELETE, new byte[0]), put("c", 3)),
                List.of(deleted("a", "b", 8)),
                List.of(),
                0,
                NO_SPLIT);

        assertThat(run).hasSize(1);
        FileMeta file = run.get(0);
        assertThat(file.range()).isEqualTo(KeyRange.closed(key("a"), key("c")));
        assertThat(List.of(file.info().minSequence(), file.info().maxSequence()))
                .containsExactly(3L, 9L);
        assertThat(List.of(file.entries(), file.pointDeletes(), file.rangeDeletes()))
                .containsExactly(3L, 1L, 1L);
        assertThat(file.fileBytes()).isEqualTo(files.size(file.id().name()));
        assertThat(file.info().creationMillis()).isEqualTo(now);
        assertThat(file.virtual()).isFalse();
        assertThat(file.overrideSequence()).isEqualTo(-1);
        assertThat(file.keyId()).isNull();
        dropAndClose(run);
    }

    @Test
    void bytesOfFinishedFilesAreDurable() throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 100; i < 200; i++) {
            entries.add(put("k" + i, i));
        }
        List<FileMeta> run = write(entries, List.of(deleted("j", "z", 1)), List.of(), 0, 1000);
        // The edit that adds the files syncs their names.
        files.syncDirectory();
        CrashFileStore left =
                files.afterCrash(new CrashChoice(CrashChoice.Names.NONE, CrashChoice.Tails.NONE, new Random(1)));

        assertThat(run.size()).isGreaterThan(3);
        for (FileMeta file : run) {
            assertThat(left.size(file.id().name())).isEqualTo(file.fileBytes());
        }
        dropAndClose(run);
    }

    @Test
    void withoutAFinishNothingIsLeft() throws IOException {
        SstOutput output = new SstOutput(directory.target(500), TombstoneFeed.NONE, List.of());
        for (int i = 100; i < 200; i++) {
            SstDirectory.add(output, put("k" + i, i));
        }
        assertThat(directory.names()).hasSizeGreaterThan(3);
        assertThat(output.bytesWritten()).isGreaterThan(100 * 50);
        output.close();
        output.close();

        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    @Test
    void aCloseAfterTheFinishLeavesTheFiles() throws IOException {
        SstOutput output = new SstOutput(directory.target(500), TombstoneFeed.NONE, List.of());
        SstDirectory.add(output, put("k", 1));
        List<FileMeta> run = output.finish();
        output.close();

        assertThat(directory.names()).isEqualTo(SstDirectory.names(run));
        assertThat(output.bytesWritten()).isEqualTo(run.get(0).fileBytes());
        dropAndClose(run);
    }

    @Test
    void entriesOutOfOrderAreRefused() throws IOException {
        try (SstOutput output = new SstOutput(directory.target(500), TombstoneFeed.NONE, List.of())) {
            SstDirectory.add(output, put("b", 5));
            assertThatThrownBy(() -> SstDirectory.add(output, put("a", 6)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> SstDirectory.add(output, put("b", 5)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    /** From any change of the directory on every change fails: nothing is left once the disk is well. */
    @Test
    void aFailureLeavesNothing() throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 100; i < 160; i++) {
            entries.add(put("k" + i, i));
        }
        boolean failed = true;
        int tries = 0;
        while (failed) {
            files.failAfter(++tries);
            List<FileMeta> run = null;
            try {
                run = write(entries, List.of(deleted("l", "m", 9)), List.of(key("l")), 0, 700);
            } catch (IOException e) {
                assertThat(e).as("try " + tries).hasMessageNotContaining("null");
            }
            files.heal();
            failed = run == null;
            if (failed) {
                assertThat(directory.names()).as("try " + tries).isEmpty();
            } else {
                assertThat(SstDirectory.entries(run)).isEqualTo(entries);
                dropAndClose(run);
            }
        }
        assertThat(tries).isGreaterThan(20);
    }

    @Test
    void anyOutputIsOneRunOfAllThatWasAdded() {
        Seeded.run(SstOutputTest.class, 300, SstOutputTest::writeAndCheck);
    }

    private static void writeAndCheck(Random random) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        SstDirectory directory = new SstDirectory(files);
        WriteHistory history = WriteHistory.random(random, 1 + random.nextInt(150), true);
        List<ModelEntry> entries = history.sorted();
        RangeTombstones deletes = history.tombstones();
        TreeSet<byte[]> cuts = new TreeSet<>(Arrays::compareUnsigned);
        RandomKeys keys = new RandomKeys(random);
        for (int i = random.nextInt(5); i > 0; i--) {
            cuts.add(keys.key());
        }
        long leastBytes = random.nextBoolean() ? 0 : random.nextInt(800);
        Compression[] compressions = Compression.values();
        Compression compression = compressions[random.nextInt(compressions.length)];
        long tombstoneBytes = random.nextBoolean() ? Long.MAX_VALUE : 1 + random.nextInt(1000);
        SstTarget target = directory.target(200 + random.nextInt(1500), compression, tombstoneBytes);

        List<FileMeta> run = write(target, entries, deletes, List.copyOf(cuts), leastBytes);

        assertThat(directory.names()).isEqualTo(SstDirectory.names(run));
        assertThat(SstDirectory.entries(run)).isEqualTo(entries);
        assertThat(SstDirectory.tombstones(run).fragments())
                .usingRecursiveFieldByFieldElementComparator()
                .isEqualTo(SstDirectory.merged(deletes.fragments()).fragments());
        // Refuses files that overlap.
        assertThat(new SortedRun(1, run).files()).isEqualTo(run);
        byte[] lastKey = null;
        for (FileMeta file : run) {
            List<ModelEntry> own = SstDirectory.entries(List.of(file));
            checkMetadata(file, own, SstDirectory.tombstones(List.of(file)));
            if (!own.isEmpty()) {
                assertThat(own.get(0).key()).as("first key of the next file").isNotEqualTo(lastKey);
                lastKey = own.get(own.size() - 1).key();
            }
            if (leastBytes == 0) {
                for (byte[] cut : cuts) {
                    assertThat(file.range().overlaps(KeyRange.of(null, cut))
                                    && file.range().overlaps(KeyRange.of(cut, null)))
                            .as("%s across the cut %s", file.range(), Arrays.toString(cut))
                            .isFalse();
                }
            }
        }
        SstDirectory.release(run);
        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    private static void checkMetadata(FileMeta file, List<ModelEntry> entries, FragmentArray deletes) {
        KeyRange range = deletes.range();
        long min = Long.MAX_VALUE;
        long max = 0;
        for (ModelEntry entry : entries) {
            min = Math.min(min, entry.sequence());
            max = Math.max(max, entry.sequence());
            assertThat(file.range().contains(entry.key())).isTrue();
        }
        for (Fragment fragment : deletes.fragments()) {
            long[] sequences = fragment.sequences();
            min = Math.min(min, sequences[sequences.length - 1]);
            max = Math.max(max, sequences[0]);
            assertThat(file.range().intersect(KeyRange.of(fragment.start(), fragment.end())))
                    .isEqualTo(KeyRange.of(fragment.start(), fragment.end()));
        }
        boolean beginsAtKey = !entries.isEmpty()
                && Arrays.equals(entries.get(0).key(), file.range().from());
        boolean beginsAtDelete =
                range != null && Arrays.equals(range.from(), file.range().from());
        assertThat(beginsAtKey || beginsAtDelete)
                .as("a range that begins early")
                .isTrue();
        assertThat(file.entries()).isEqualTo(entries.size());
        assertThat(file.pointDeletes())
                .isEqualTo(entries.stream()
                        .filter(entry -> entry.kind() == ValueKind.DELETE)
                        .count());
        assertThat(file.info().minSequence()).isEqualTo(min);
        assertThat(file.info().maxSequence()).isEqualTo(max);
    }
}
