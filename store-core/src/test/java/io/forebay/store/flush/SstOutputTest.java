package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.iter.ModelEntry;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.sst.HeldMemory;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HandleCountingFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.version.FileBounds;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Where files end, what their metadata says, and what a failure leaves. */
class SstOutputTest extends SstOutputs {
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

    /** Not so early that a merge of small files would make the same small files again. */
    @Test
    void aFileEndsEarlyWhenTheBudgetHasNoRoomForItsTail() throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 100_000; i < 140_000; i++) {
            entries.add(put("k" + i, i));
        }
        long target = 3 << 20;
        SlabPool pool = new SlabPool(new HeapSlabs(), 1 << 20);
        SstTarget with = directory.target(target).holding(new HeldMemory(pool, SlabPool.Use.METADATA));
        List<FileMeta> few = write(with, entries, FragmentArray.EMPTY, List.of(), 0);
        assertThat(few).hasSize(2);
        assertThat(pool.used()).isZero();

        assertThat(pool.tryReserve(SlabPool.Use.MEMTABLE_HEAP, 1 << 20)).isTrue();
        List<FileMeta> more = write(with, entries, FragmentArray.EMPTY, List.of(), 0);
        assertThat(more.subList(0, more.size() - 1))
                .hasSizeGreaterThan(1)
                .allSatisfy(file -> assertThat(file.fileBytes()).isBetween(target / 3, target / 2));
        assertThat(SstDirectory.entries(more)).isEqualTo(entries);
        few.forEach(file -> file.file().release());
        dropAndClose(more);
    }

    /** Range deletes of more bytes than are read without knowing better. */
    @Test
    void whatTheMetadataOfAFileKnowsSavesAReadWhenItIsOpened() throws IOException {
        HandleCountingFileStore.Counts counts = new HandleCountingFileStore.Counts();
        SstDirectory counting = new SstDirectory(new HandleCountingFileStore(files, counts));
        List<Fragment> deletes = new ArrayList<>();
        for (int i = 1_000; i < 3_000; i += 2) {
            deletes.add(deleted("k" + i, "k" + (i + 1), 5));
        }
        List<FileMeta> run =
                write(counting.target(1 << 20), List.of(put("a", 7)), FragmentArray.of(deletes), List.of(), 0);
        assertThat(run).hasSize(1);
        assertThat(run.get(0).info().tailSizes().rangeDeleteBytes()).isGreaterThan(8 << 10);
        assertThat(counts.reads()).isZero();
        run.get(0).file().reader();
        assertThat(counts.reads()).isEqualTo(1);
        SstDirectory.release(run);
        counting.close();
        directory.close();
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
}
