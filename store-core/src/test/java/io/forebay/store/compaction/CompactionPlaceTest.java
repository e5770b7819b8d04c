package io.forebay.store.compaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.KeyRange;
import io.forebay.store.iter.WriteHistory;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The result of a compaction fits into the version that it was picked from, or it fails. */
class CompactionPlaceTest {
    private static final long TARGET = 1 << 20;

    private final SstDirectory directory = new SstDirectory(new CrashFileStore());

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private CompactionJob job(Compaction compaction, Version version) {
        return new CompactionJob(
                compaction, version, directory.target(TARGET), new long[0], Long.MAX_VALUE, WriteHistory.MERGE, null);
    }

    private List<FileMeta> write(WriteHistory history) throws IOException {
        return directory.write(history.source(), TARGET, List.of());
    }

    private void closeAll(Version version) throws IOException {
        version.release();
        assertThat(directory.names()).isEmpty();
        directory.close();
    }

    @Test
    void aFileIsWrittenAnewBetweenNeighboursThatOnlyLongBoundsKeepApart() throws IOException {
        byte[][] keys = new byte[6][];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = bytes("k".repeat(1_100) + i);
        }
        List<FileMeta> run = new ArrayList<>();
        for (int part = 0; part < 3; part++) {
            WriteHistory history = new WriteHistory();
            for (byte[] key : keys) {
                history.add(key, ValueKind.PUT, bytes("part " + part));
            }
            byte[] from = part == 0 ? null : keys[part * 2];
            byte[] to = part == 2 ? null : keys[part * 2 + 2];
            run.add(write(history).get(0).clip(KeyRange.of(from, to)));
        }
        Version version = SstDirectory.version(run);
        for (FileMeta file : run) {
            Compaction rewrite = new Compaction(
                    Compaction.Kind.MERGE,
                    List.of(new Compaction.Input(SortedRun.BOTTOM, List.of(file))),
                    SortedRun.BOTTOM);
            CompactionResult result = job(rewrite, version).run();

            assertThat(result.hasPlaceIn(version)).isTrue();
            assertThat(SstDirectory.entries(result.outputs())).hasSize(2);
            result.release();
        }
        closeAll(version);
    }

    @Test
    void aResultWithoutAPlaceFailsInsteadOfBeingPickedAgain() throws IOException {
        WriteHistory history = new WriteHistory().add(bytes("a"), ValueKind.PUT, bytes("older"));
        history.add(bytes("a"), ValueKind.PUT, bytes("newer"));
        Version version = SstDirectory.version(write(history.part(0, 1)), write(history.part(1, 2)));
        Set<String> before = directory.names();
        Compaction merge = CompactionJobTest.of(Compaction.Kind.MERGE, SortedRun.BOTTOM, version.run(1));
        assertThatThrownBy(() -> job(merge, version).run())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("to run 0 overlaps files of that run which are not among its inputs");
        assertThat(directory.names()).isEqualTo(before);
        closeAll(version);
    }
}
