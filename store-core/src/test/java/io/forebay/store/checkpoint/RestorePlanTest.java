package io.forebay.store.checkpoint;

import static io.forebay.store.checkpoint.CheckpointManifestTest.file;
import static io.forebay.store.checkpoint.CheckpointManifestTest.withValues;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.EncryptionException;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SstInfo;
import io.forebay.store.version.VersionEdit;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Splitting and joining of checkpoints as arithmetic on file lists. */
class RestorePlanTest {
    private final FileStore here = FileStores.inMemory();
    private final FileStore there = FileStores.inMemory();

    @Test
    void filesAreClippedAndEmptyOnesLeftOut() {
        RestorePlan plan = RestorePlan.of(List.of(source(
                here,
                "d",
                "n",
                new VersionEdit()
                        .lastSequence(9)
                        .add(3, file(1, "a", "z", false))
                        .add(0, file(2, "a", "d", false))
                        .add(0, file(3, "d", "f", false))
                        .add(0, file(4, "n", "p", false)))));
        assertThat(describe(plan)).containsExactly("0: 3 [d, f)", "1: 1 [d, n) virtual");
        assertThat(plan.places()).containsOnlyKeys(id(1).name(), id(3).name());
        assertThat(plan.lastSequence()).isEqualTo(9);
        assertThat(plan.mergeName()).isNull();
    }

    @Test
    void runsAreJoinedByTheirDistanceFromTheBottom() {
        RestorePlan plan = RestorePlan.of(List.of(
                source(
                        here,
                        null,
                        "m",
                        new VersionEdit()
                                .lastSequence(9)
                                .add(17, file(1, "a", "c", false))
                                .add(4, file(2, "a", "c", false))
                                .add(0, file(3, "a", "c", false))),
                source(
                        there,
                        "m",
                        null,
                        new VersionEdit()
                                .lastSequence(1000)
                                .add(2, file(4, "x", "z", false))
                                .add(0, file(5, "x", "z", false)))));
        assertThat(describe(plan))
                .containsExactly("0: 3 [a, c)", "0: 5 [x, z)", "1: 2 [a, c)", "1: 4 [x, z)", "2: 1 [a, c)");
        assertThat(plan.lastSequence()).isEqualTo(1000);
        assertThat(plan.places().get(id(1).name())).isSameAs(here);
        assertThat(plan.places().get(id(4).name())).isSameAs(there);
    }

    @Test
    void aSourceWithoutABottomStaysAboveIt() {
        RestorePlan plan = RestorePlan.of(List.of(
                source(here, null, null, new VersionEdit().lastSequence(9).add(5, file(1, "a", "c", false)))));
        assertThat(describe(plan)).containsExactly("1: 1 [a, c)");
    }

    @Test
    void partsOfOneFileGrowTogetherAgain() {
        RestorePlan plan = RestorePlan.of(List.of(
                source(here, "g", null, new VersionEdit().lastSequence(9).add(0, file(1, "g", "z", true))),
                source(there, null, "g", new VersionEdit().lastSequence(8).add(0, file(1, "a", "g", true)))));
        assertThat(describe(plan)).containsExactly("0: 1 [a, z) virtual");
        assertThat(plan.places()).hasSize(1);
    }

    @Test
    void partsWithAGapStayApart() {
        RestorePlan plan = RestorePlan.of(List.of(
                source(here, "h", null, new VersionEdit().lastSequence(9).add(0, file(1, "a", "z", true))),
                source(there, null, "g", new VersionEdit().lastSequence(8).add(0, file(1, "a", "z", true)))));
        assertThat(describe(plan)).containsExactly("0: 1 [a, g) virtual", "0: 1 [h, z) virtual");
    }

    @Test
    void overlappingClipsAreRefused() {
        VersionEdit state = new VersionEdit().lastSequence(9);
        assertThatThrownBy(
                        () -> RestorePlan.of(List.of(source(here, null, "m", state), source(here, "l", null, state))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("overlap");
        // an empty clip overlaps nothing
        assertThat(RestorePlan.of(List.of(source(here, null, "m", state), source(here, "l", "a", state)))
                        .added())
                .isEmpty();
    }

    @Test
    void valueFilesGoWithTheirSsts() {
        VersionEdit state = new VersionEdit()
                .lastSequence(9)
                .add(1, withValues(file(1, "a", "c", false), new ValueShare(0, 7, 900, 60, 10, null)))
                .add(0, withValues(file(2, "x", "z", false), new ValueShare(0, 8, 900, 60, 10, null)));
        RestorePlan plan = RestorePlan.of(List.of(source(here, null, "m", state)));
        assertThat(plan.places()).containsOnlyKeys(id(1).name(), new FileId(0, 7).valueFileName());
        assertThat(plan.sourceFiles())
                .containsExactlyInAnyOrder(
                        id(1).name(), id(2).name(), new FileId(0, 7).valueFileName(), new FileId(0, 8).valueFileName());
    }

    /** The SST is encrypted, its values are not. */
    @Test
    void plainValueFilesAreRefusedWherePlainFilesAre() {
        SstInfo encrypted = new SstInfo(1000, 5, 290, 10, 1, 2, 0, "k");
        FileMeta file = new FileMeta(id(1), encrypted, KeyRange.of("a".getBytes(UTF_8), null), false, -1, null);
        VersionEdit state = new VersionEdit()
                .lastSequence(9)
                .commit(9, new byte[0])
                .add(0, withValues(file, new ValueShare(0, 7, 900, 60, 10, null)));
        Encryption only = Encryption.of(TestKeys.provider("k"), true);
        byte[] metadata = CheckpointManifest.of(state).encode(only);
        assertThatThrownBy(() -> RestorePlan.of(List.of(new RestoreSource(here, metadata, KeyRange.all())), only))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining(new FileId(0, 7).valueFileName());
    }

    private static RestoreSource source(FileStore files, String from, String to, VersionEdit state) {
        byte[] metadata = CheckpointManifest.of(state.commit(state.lastSequence(), new byte[0]))
                .encode();
        return new RestoreSource(
                files,
                metadata,
                KeyRange.of(from == null ? null : from.getBytes(UTF_8), to == null ? null : to.getBytes(UTF_8)));
    }

    private static FileId id(long id) {
        return file(id, "a", "b", false).id();
    }

    private static List<String> describe(RestorePlan plan) {
        return plan.added().stream()
                .map(added -> added.rank() + ": " + added.file().id().high() + " ["
                        + new String(added.file().range().from(), UTF_8) + ", "
                        + new String(added.file().range().to(), UTF_8) + ")"
                        + (added.file().virtual() ? " virtual" : ""))
                .toList();
    }
}
