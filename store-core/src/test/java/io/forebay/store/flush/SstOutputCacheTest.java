package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.iter.ModelEntry;
import io.forebay.store.sst.CacheAdmission;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.version.FileMeta;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What outputs put into the cache leaves it with their files. */
class SstOutputCacheTest extends SstOutputs {
    private final List<ModelEntry> entries = entries();

    private static List<ModelEntry> entries() {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 100; i < 160; i++) {
            entries.add(put("k" + i, i));
        }
        return entries;
    }

    private SstOutput output() {
        return new SstOutput(
                directory.target(700), TombstoneFeed.NONE, List.of(), 0, KeyRange.all(), CacheAdmission.FREE, Set.of());
    }

    private List<FileMeta> write() throws IOException {
        try (SstOutput output = output()) {
            for (ModelEntry entry : entries) {
                SstDirectory.add(output, entry);
            }
            return output.finish();
        }
    }

    @Test
    void allBlocksAreThereAndGoWithTheirFiles() throws IOException {
        List<FileMeta> run = write();
        assertThat(run).hasSizeGreaterThan(3);
        long before = directory.cachedBytes();
        long values = entries.size() * (long) VALUE.length;
        assertThat(before).isGreaterThan(values);
        for (FileMeta file : run) {
            assertThat(file.file().reader().isTransient()).isFalse();
            file.file().release();
            assertThat(directory.cachedBytes()).isLessThan(before);
            before = directory.cachedBytes();
        }
        assertThat(before).isZero();
        directory.close();
    }

    @Test
    void withoutAFinishNothingIsLeft() throws IOException {
        SstOutput output = output();
        for (ModelEntry entry : entries) {
            SstDirectory.add(output, entry);
        }
        assertThat(directory.cachedBytes()).isPositive();
        output.close();
        assertThat(directory.cachedBytes()).isZero();
        directory.close();
    }

    /** From any change of the directory on every change fails. */
    @Test
    void aFailureLeavesNothing() throws IOException {
        List<FileMeta> run = null;
        int tries = 0;
        while (run == null) {
            files.failAfter(++tries);
            try {
                run = write();
            } catch (IOException e) {
                assertThat(directory.cachedBytes()).as("try " + tries).isZero();
            }
            files.heal();
        }
        assertThat(tries).isGreaterThan(10);
        assertThat(directory.cachedBytes()).isPositive();
        dropAndClose(run);
    }
}
