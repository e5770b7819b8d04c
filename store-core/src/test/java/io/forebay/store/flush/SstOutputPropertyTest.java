package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.iter.ModelEntry;
import io.forebay.store.iter.WriteHistory;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.util.Seeded;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Random entries, range deletes, split keys and targets: any output is one run of all that was added. */
class SstOutputPropertyTest extends SstOutputs {
    @Test
    void anyOutputIsOneRunOfAllThatWasAdded() {
        Seeded.run(SstOutputPropertyTest.class, 300, SstOutputPropertyTest::writeAndCheck);
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
