package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.version.manifest.ManifestWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManifestTest {
    private static final String GOLDEN_HEADER = "0000001e666c37e0" + "46424d414e494631" + "00000002" + "020100"
            + "0e020000" + "100101" + "0000000000000081";

    /** A manifest after each of its edits. */
    private record Point(long manifestBytes, List<String> state, List<Long> tables, long commit) {}

    private final MemoryFileStore files = new MemoryFileStore();
    private final List<Point> history = new ArrayList<>();

    private static byte[] read(FileStore files, String name) throws IOException {
        try (ReadableFile file = files.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private static void write(FileStore files, String name, byte[] bytes) throws IOException {
        try (WritableFile file = files.create(name)) {
            file.append(ByteBuffer.wrap(bytes));
        }
    }

    private static String onlyManifest(FileStore files) throws IOException {
        List<String> manifests = files.list().stream()
                .filter(name -> name.startsWith("MANIFEST"))
                .toList();
        assertThat(manifests).hasSize(1);
        return manifests.get(0);
    }

    private void note(VersionFixture store) throws IOException {
        store.executor.drain();
        history.add(new Point(
                read(files, onlyManifest(files)).length,
                store.state(),
                store.state().stream()
                        .map(line -> Long.parseLong(line.split(" ")[1]))
                        .sorted()
                        .toList(),
                store.set.durableCommit().sequence()));
    }

    /** Flushes, a compaction, a commit of its own; every edit commits, so that each state is one that a reopen finds. */
    private VersionFixture writeHistory() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        note(store);
        List<FileMeta> tiers = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            FileMeta file = store.create(new FileId(0, i), "a" + i, "k" + i, 10 * i);
            tiers.add(file);
            store.apply(new VersionEdit().add(store.set.nextRank(), file).commit(10 * i, new byte[i]));
            note(store);
        }
        VersionEdit compaction = new VersionEdit();
        compaction.add(0, store.create(new FileId(0, 5), "a", "f", 20));
        compaction.add(0, store.create(new FileId(0, 6), "f", "x", 20));
        compaction.remove(1, tiers.get(0)).remove(2, tiers.get(1));
        store.apply(compaction);
        note(store);
        store.apply(new VersionEdit().commit(50, "payload".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        note(store);
        return store;
    }

    /** A copy of the directory as it was with the manifest cut off. Deleted tables are there again, as after a crash. */
    private FileStore copy(String manifest, byte[] bytes) throws IOException {
        MemoryFileStore copy = new MemoryFileStore();
        for (int i = 1; i <= 6; i++) {
            write(copy, new FileId(0, i).name(), new byte[100]);
        }
        write(copy, manifest, bytes);
        return copy;
    }

    @Test
    void aManifestCutAnywhereIsAPrefixOfItsEdits() throws IOException {
        VersionFixture store = writeHistory();
        String manifest = onlyManifest(files);
        byte[] bytes = read(files, manifest);
        store.close();
        int whole = -1;
        for (int length = 0; length <= bytes.length; length++) {
            if (whole + 1 < history.size() && history.get(whole + 1).manifestBytes() == length) {
                whole++;
            }
            FileStore copy = copy(manifest, Arrays.copyOf(bytes, length));
            if (whole < 0) {
                assertThatThrownBy(() -> VersionFixture.open(copy))
                        .as("cut at %d", length)
                        .isInstanceOf(CorruptionException.class);
                continue;
            }
            Point expected = history.get(whole);
            VersionFixture reopened = VersionFixture.open(copy);
            assertThat(reopened.state()).as("cut at %d", length).isEqualTo(expected.state());
            assertThat(reopened.set.durableCommit().sequence()).isEqualTo(expected.commit());
            assertThat(reopened.set.lastSequence()).isEqualTo(expected.commit());
            reopened.executor.drain();
            assertThat(reopened.tables()).containsExactlyElementsOf(expected.tables());
            if (length % 7 == 0) {
                appendAndReopen(reopened, copy, expected);
            }
        }
        assertThat(whole).isEqualTo(history.size() - 1);
    }

    private static void appendAndReopen(VersionFixture store, FileStore files, Point before) throws IOException {
        FileMeta file = store.create(new FileId(0, 77), "0", "1", before.commit() + 1);
        store.apply(new VersionEdit().add(1_000, file).commit(before.commit() + 1, new byte[0]));
        List<String> state = store.state();
        store.close();
        assertThat(state).hasSize(before.state().size() + 1);
        VersionFixture next = VersionFixture.open(files);
        assertThat(next.state()).isEqualTo(state);
        next.close();
        onlyManifest(files);
    }

    @Test
    void everyDamagedByteOfAFullManifestIsNoticed() throws IOException {
        VersionFixture store = writeHistory();
        String manifest = onlyManifest(files);
        byte[] bytes = read(files, manifest);
        store.close();
        for (int at = 0; at < bytes.length; at++) {
            byte[] damaged = bytes.clone();
            damaged[at] ^= 0x20;
            FileStore copy = copy(manifest, damaged);
            assertThatThrownBy(() -> VersionFixture.open(copy))
                    .as("byte %d", at)
                    .isInstanceOfSatisfying(
                            CorruptionException.class, e -> assertThat(e.file()).isEqualTo(manifest));
            assertThat(copy.list()).hasSize(7);
        }
    }

    @Test
    void aTornNewManifestLeavesTheOldOneInForce() throws IOException {
        VersionFixture store = writeHistory();
        store.close();
        byte[] bytes = read(files, Manifest.name(1));
        Point last = history.get(history.size() - 1);
        int header = (int) history.get(0).manifestBytes();
        for (int length = 0; length < header; length++) {
            FileStore copy = copy(Manifest.name(1), bytes);
            write(copy, Manifest.name(2), Arrays.copyOf(bytes, length));
            VersionFixture reopened = VersionFixture.open(copy);
            assertThat(reopened.state()).isEqualTo(last.state());
            reopened.apply(new VersionEdit().commit(60, new byte[0]));
            reopened.close();
            // The torn number is not used again, and both older manifests are gone.
            assertThat(onlyManifest(copy)).isEqualTo(Manifest.name(3));
        }
    }

    @Test
    void ofTwoWholeManifestsTheNewerOneCounts() throws IOException {
        VersionFixture store = writeHistory();
        byte[] old = read(files, Manifest.name(1));
        store.close();
        VersionFixture second = VersionFixture.open(files);
        second.apply(new VersionEdit().commit(99, new byte[] {9}));
        second.close();
        assertThat(onlyManifest(files)).isEqualTo(Manifest.name(2));
        write(files, Manifest.name(1), old);
        VersionFixture third = VersionFixture.open(files);
        assertThat(third.set.durableCommit().sequence()).isEqualTo(99);
        third.close();
    }

    @Test
    void aCrashBeforeTheFirstManifestIsAnEmptyDirectory() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        store.close();
        byte[] bytes = read(files, Manifest.name(1));
        for (int length = 0; length < bytes.length; length++) {
            MemoryFileStore copy = new MemoryFileStore();
            write(copy, Manifest.name(1), Arrays.copyOf(bytes, length));
            VersionFixture reopened = VersionFixture.open(copy);
            assertThat(reopened.state()).isEmpty();
            reopened.close();
            assertThat(onlyManifest(copy)).isEqualTo(Manifest.name(2));
        }
    }

    @Test
    void tablesWithoutAManifestAreCorruptionAndNotGarbage() throws IOException {
        write(files, new FileId(0, 1).name(), new byte[10]);
        assertThatThrownBy(() -> VersionFixture.open(files))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(new FileId(0, 1).name());
        assertThat(files.list()).containsExactly(new FileId(0, 1).name());
    }

    @Test
    void goldenHeader() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        store.close();
        // length, checksum, magic, version, last sequence 0, commit at 0 without payload, next rank 1, id
        assertThat(HexFormat.of().formatHex(read(files, Manifest.name(1)))).isEqualTo(GOLDEN_HEADER);
    }

    private static void writeManifest(FileStore files, String header, byte[]... edits) throws IOException {
        try (ManifestWriter log = new ManifestWriter(files.create(Manifest.name(1)), 1)) {
            log.append(HexFormat.of().parseHex(header));
            for (byte[] edit : edits) {
                log.append(edit);
            }
        }
    }

    @Test
    void otherFormatVersionsAreRefused() throws IOException {
        writeManifest(files, "46424d414e494631" + "00000003");
        assertThatThrownBy(() -> VersionFixture.open(files))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining(Manifest.name(1))
                .hasMessageContaining("version 3")
                .hasMessageContaining("reads version 2");
        MemoryFileStore old = new MemoryFileStore();
        writeManifest(old, "46424d414e494631" + "00000001");
        List<String> before = old.list();
        assertThatThrownBy(() -> VersionFixture.open(old))
                .isInstanceOf(FormatTooOldException.class)
                .hasMessageContaining(Manifest.name(1))
                .hasMessageContaining("version 1")
                .hasMessageContaining("changelog topic");
        assertThat(old.list()).isEqualTo(before);
        MemoryFileStore zero = new MemoryFileStore();
        writeManifest(zero, "46424d414e494631" + "00000000");
        assertThatThrownBy(() -> VersionFixture.open(zero)).isInstanceOf(CorruptionException.class);
        MemoryFileStore foreign = new MemoryFileStore();
        writeManifest(foreign, "46424d414e494630" + "00000002");
        assertThatThrownBy(() -> VersionFixture.open(foreign)).isInstanceOf(CorruptionException.class);
        MemoryFileStore brief = new MemoryFileStore();
        writeManifest(brief, "46424d");
        assertThatThrownBy(() -> VersionFixture.open(brief)).isInstanceOf(CorruptionException.class);
    }

    @Test
    void editsThatContradictEachOtherAreCorruption() throws IOException {
        FileMeta file = VersionFixture.meta(new FileId(0, 1), "a", "m", 1, 1);
        FileMeta other = VersionFixture.meta(new FileId(0, 2), "l", "z", 1, 1);
        byte[] remove = VersionEditCodec.encode(new VersionEdit().remove(3, file));
        byte[] add = VersionEditCodec.encode(
                new VersionEdit().add(3, file).add(3, other).commit(9, new byte[0]));
        for (byte[] edit : List.of(remove, add)) {
            MemoryFileStore broken = new MemoryFileStore();
            writeManifest(broken, "46424d414e494631" + "00000002", edit);
            assertThatThrownBy(() -> VersionFixture.open(broken))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(Manifest.name(1))
                    .hasMessageContaining(file.id().name());
        }
    }

    @Test
    void namesThatOnlyLookLikeManifestsAreLeftAlone() throws IOException {
        for (String name :
                List.of("MANIFEST-1", "MANIFEST-00000000000000001", "MANIFEST-000000000000000a", "MANIFEST")) {
            write(files, name, new byte[] {1});
        }
        VersionFixture store = VersionFixture.open(files);
        store.close();
        assertThat(files.list()).hasSize(5).contains(Manifest.name(1));
    }
}
