package io.forebay.store.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyProvider;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Crc32c;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SstInfo;
import io.forebay.store.version.VersionEdit;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class EncryptedCheckpointTest {
    private static final KeyProvider KEYS = TestKeys.provider("k");

    private static CheckpointManifest sample() {
        return CheckpointManifest.of(new VersionEdit()
                .lastSequence(300)
                .commit(300, "secret payload".getBytes(StandardCharsets.US_ASCII))
                .mergeName("secret-merge")
                .add(7, CheckpointManifestTest.file(2, "secret-a", "secret-m", false))
                .add(0, CheckpointManifestTest.file(1, "secret-a", null, true)));
    }

    private static byte[] repaired(byte[] bytes) {
        byte[] copy = bytes.clone();
        ByteBuffer.wrap(copy).putInt(copy.length - 4, Crc32c.masked(copy, 0, copy.length - 4));
        return copy;
    }

    @Test
    void goldenBytes() {
        GoldenBytes.verify("checkpoint-encrypted", sample().encode(TestKeys.golden()));
        CheckpointManifest decoded =
                CheckpointManifest.decode(GoldenBytes.read("checkpoint-encrypted"), TestKeys.golden());
        assertThat(decoded.encode()).isEqualTo(sample().encode());
    }

    @Test
    void comesBackAndIsNotReadable() {
        byte[] one = sample().encode(Encryption.of(KEYS, false));
        byte[] other = sample().encode(Encryption.of(KEYS, false));
        assertThat(CheckpointManifest.decode(one, Encryption.of(KEYS, true)).encode())
                .isEqualTo(sample().encode());
        byte[] secret = "secret".getBytes(StandardCharsets.US_ASCII);
        assertThat(TestKeys.contains(sample().encode(), secret)).isTrue();
        assertThat(TestKeys.contains(one, secret)).isFalse();
        assertThat(one).hasSameSizeAs(other).isNotEqualTo(other);
    }

    @Test
    void keysAreNeeded() {
        byte[] bytes = sample().encode(Encryption.of(KEYS, false));
        assertThatThrownBy(() -> CheckpointManifest.decode(bytes))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("CHECKPOINT")
                .hasMessageContaining("\"k\"");
        assertThatThrownBy(() -> CheckpointManifest.decode(bytes, Encryption.of(TestKeys.provider("x"), false)))
                .isInstanceOf(EncryptionException.class);
        assertThatThrownBy(() -> CheckpointManifest.decode(bytes, Encryption.of(TestKeys.impostor("k"), false)))
                .isInstanceOf(CorruptionException.class);
    }

    @Test
    void aPlainOneIsReadUnlessThatIsForbidden() {
        byte[] plain = sample().encode();
        assertThat(CheckpointManifest.decode(plain, Encryption.of(KEYS, false)).mergeName())
                .isEqualTo("secret-merge");
        assertThatThrownBy(() -> CheckpointManifest.decode(plain, Encryption.of(KEYS, true)))
                .isInstanceOf(EncryptionException.class);
    }

    @Test
    void everyChangeOfAByteIsNoticedWhateverTheChecksumSays() {
        byte[] bytes = sample().encode(TestKeys.seeded(KEYS, 3));
        for (int at = 0; at < bytes.length - 4; at++) {
            for (int change = 1; change < 256; change <<= 1) {
                byte[] damaged = bytes.clone();
                damaged[at] ^= (byte) change;
                assertRefused(damaged);
                assertRefused(repaired(damaged));
            }
        }
        for (int length = 0; length < bytes.length; length++) {
            assertRefused(Arrays.copyOf(bytes, length));
            if (length >= 20) {
                byte[] cut = Arrays.copyOf(bytes, length);
                ByteBuffer.wrap(cut).putInt(12, length - 20);
                assertRefused(repaired(cut));
            }
        }
    }

    private static void assertRefused(byte[] bytes) {
        assertThatThrownBy(() -> CheckpointManifest.decode(bytes, Encryption.of(KEYS, false)))
                .isInstanceOfAny(
                        CorruptionException.class,
                        EncryptionException.class,
                        FormatTooNewException.class,
                        FormatTooOldException.class);
    }

    /** Somebody without a key makes metadata of his own for files that he cannot read. */
    @Test
    void plainMetadataOfEncryptedFilesIsForged() {
        FileMeta file = CheckpointManifestTest.file(2, "a", "m", false);
        FileMeta encrypted = new FileMeta(
                file.id(),
                new SstInfo(
                        file.fileBytes(),
                        file.info().minSequence(),
                        file.info().maxSequence(),
                        file.entries(),
                        file.pointDeletes(),
                        file.rangeDeletes(),
                        file.info().creationMillis(),
                        "k"),
                file.range(),
                file.virtual(),
                file.overrideSequence(),
                null);
        CheckpointManifest forged = CheckpointManifest.of(
                new VersionEdit().lastSequence(300).commit(300, new byte[0]).add(0, encrypted));
        assertThatThrownBy(() -> CheckpointManifest.decode(forged.encode(), Encryption.of(KEYS, false)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(file.id().name());
        CheckpointManifest.decode(forged.encode(Encryption.of(KEYS, false)), Encryption.of(KEYS, false));
    }

    @Test
    void plainMetadataOfEncryptedValuesIsForged() {
        FileMeta file = CheckpointManifestTest.withValues(
                CheckpointManifestTest.file(2, "a", "m", false), new ValueShare(1, 9, 5000, 60, 70, "k"));
        CheckpointManifest forged = CheckpointManifest.of(
                new VersionEdit().lastSequence(300).commit(300, new byte[0]).add(0, file));
        assertThatThrownBy(() -> CheckpointManifest.decode(forged.encode(), Encryption.of(KEYS, false)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("00000000000000010000000000000009.val");
        CheckpointManifest.decode(forged.encode(Encryption.of(KEYS, false)), Encryption.of(KEYS, false));
    }
}
