package io.forebay.store.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CheckpointDescription;
import io.forebay.store.CheckpointFile;
import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyRange;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.util.Crc32c;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SstInfo;
import io.forebay.store.version.VersionEdit;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes of a checkpoint. */
class CheckpointManifestTest {
    static FileMeta file(long id, String from, String to, boolean virtual) {
        return new FileMeta(
                new FileId(id, 0x1112131415161718L),
                new SstInfo(1000 + id, 5, 290, 10 * id, 1, 2, 1_700_000_000_000L, null),
                KeyRange.of(
                        from.getBytes(StandardCharsets.UTF_8), to == null ? null : to.getBytes(StandardCharsets.UTF_8)),
                virtual,
                -1,
                null);
    }

    /** That file with values in value files. */
    static FileMeta withValues(FileMeta file, ValueShare... shares) {
        SstInfo known = file.info();
        SstInfo info = new SstInfo(
                known.fileBytes(),
                known.minSequence(),
                known.maxSequence(),
                known.entries(),
                known.pointDeletes(),
                known.rangeDeletes(),
                known.creationMillis(),
                known.keyId(),
                known.expiry(),
                known.eventTimes(),
                known.tailOffset(),
                known.tailSizes(),
                List.of(shares),
                known.superseded());
        return new FileMeta(file.id(), info, file.range(), file.virtual(), file.overrideSequence(), null);
    }

    private static CheckpointManifest sample() {
        return CheckpointManifest.of(new VersionEdit()
                .lastSequence(300)
                .commit(300, new byte[] {1, 2})
                .mergeName("append-44")
                .add(7, file(2, "a", "m", false))
                .add(0, file(1, "a", "d", true))
                .add(0, file(1, "x", null, true)));
    }

    static byte[] sampleBytes() {
        return sample().encode();
    }

    @Test
    void goldenBytes() {
        GoldenBytes.verify("checkpoint", sample().encode());
        byte[] golden = GoldenBytes.read("checkpoint");
        CheckpointManifest decoded = CheckpointManifest.decode(golden);
        assertThat(decoded.added()).isEqualTo(sample().added());
        assertThat(decoded.lastSequence()).isEqualTo(300);
        assertThat(decoded.mergeName()).isEqualTo("append-44");
        assertThat(decoded.payload()).containsExactly(1, 2);
        assertThat(decoded.encode()).isEqualTo(golden);
    }

    @Test
    void everyPhysicalFileIsDescribedOnceWithTheRangeOfAllItsParts() {
        CheckpointDescription description = sample().description();
        assertThat(description.files())
                .containsExactly(
                        new CheckpointFile("00000000000000011112131415161718.sst", 1001, range("a", null)),
                        new CheckpointFile("00000000000000021112131415161718.sst", 1002, range("a", "m")));
        assertThat(description.payload()).containsExactly(1, 2);
        assertThat(description.entries()).isEqualTo(40);
        description.payload()[0] = 9;
        assertThat(description.payload()).isNotSameAs(sample().payload());
    }

    @Test
    void valueFilesAreDescribedWithTheRangeOfAllThatHaveValuesInThem() {
        ValueShare shared = new ValueShare(1, 9, 5000, 60, 70, null);
        CheckpointManifest manifest = CheckpointManifest.of(new VersionEdit()
                .lastSequence(300)
                .commit(300, new byte[0])
                .add(7, withValues(file(2, "a", "m", false), shared, new ValueShare(0, 8, 4000, 0, 4000, "other")))
                .add(0, withValues(file(1, "k", "z", false), new ValueShare(1, 9, 5000, 60, 30, null))));
        assertThat(manifest.description().files())
                .containsExactly(
                        new CheckpointFile("00000000000000000000000000000008.val", 4000, range("a", "m")),
                        new CheckpointFile("00000000000000010000000000000009.val", 5000, range("a", "z")),
                        new CheckpointFile("00000000000000011112131415161718.sst", 1001, range("k", "z")),
                        new CheckpointFile("00000000000000021112131415161718.sst", 1002, range("a", "m")));
        assertThat(manifest.description().keyIds()).containsExactly("other");
    }

    @Test
    void everyDamagedByteIsNoticed() {
        byte[] good = sample().encode();
        for (int i = 0; i < good.length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] bad = good.clone();
                bad[i] ^= (byte) (1 << bit);
                assertThatThrownBy(() -> CheckpointManifest.decode(bad))
                        .as("byte %d, bit %d", i, bit)
                        .isInstanceOf(CorruptionException.class)
                        .hasMessageContaining("CHECKPOINT");
            }
        }
    }

    @Test
    void everyTruncationIsNoticed() {
        byte[] good = sample().encode();
        for (int length = 0; length < good.length; length++) {
            byte[] bad = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> CheckpointManifest.decode(bad)).isInstanceOf(CorruptionException.class);
        }
        assertThatThrownBy(() -> CheckpointManifest.decode(Arrays.copyOf(good, good.length + 1)))
                .isInstanceOf(CorruptionException.class);
    }

    @Test
    void otherVersionsAreRefusedByName() {
        assertThatThrownBy(() -> CheckpointManifest.decode(withVersion(3)))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("version 3")
                .hasMessageContaining("reads version 2");
        assertThatThrownBy(() -> CheckpointManifest.decode(withVersion(1)))
                .isInstanceOf(FormatTooOldException.class)
                .hasMessageContaining("version 1")
                .hasMessageContaining("savepoint");
        assertThatThrownBy(() -> CheckpointManifest.decode(withVersion(0)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("format version");
    }

    private static byte[] withVersion(int version) {
        ByteBuffer other = ByteBuffer.wrap(sample().encode());
        other.putInt(8, version);
        other.putInt(other.capacity() - 4, Crc32c.masked(other.array(), 0, other.capacity() - 4));
        return other.array();
    }

    @Test
    void onlyWholeStatesAreCheckpoints() {
        assertThatThrownBy(() -> CheckpointManifest.of(new VersionEdit().lastSequence(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CheckpointManifest.of(new VersionEdit().commit(1, new byte[0])))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CheckpointManifest.of(
                        new VersionEdit().lastSequence(1).commit(1, new byte[0]).remove(0, file(1, "a", "b", false))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static KeyRange range(String from, String to) {
        return KeyRange.of(
                from.getBytes(StandardCharsets.UTF_8), to == null ? null : to.getBytes(StandardCharsets.UTF_8));
    }
}
