package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyProvider;
import io.forebay.store.ReadableFile;
import io.forebay.store.StoreException;
import io.forebay.store.WritableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Crc32c;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class EncryptedManifestTest {
    private static final KeyProvider KEYS = TestKeys.provider("k");
    private static final String NAME = Manifest.name(1);
    private static final FileId ID = new FileId(1, 2);

    private static FileMeta file(String keyId) {
        FileMeta plain = VersionFixture.meta(ID, "secret-from", "secret-to", 3, 9);
        return new FileMeta(
                plain.id(),
                new SstInfo(
                        plain.fileBytes(),
                        plain.info().minSequence(),
                        plain.info().maxSequence(),
                        plain.entries(),
                        plain.pointDeletes(),
                        plain.rangeDeletes(),
                        plain.info().creationMillis(),
                        keyId),
                plain.range(),
                plain.virtual(),
                plain.overrideSequence(),
                null);
    }

    private static byte[] manifest(Encryption encryption) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        VersionEdit state = new VersionEdit().commit(9, "secret payload".getBytes(StandardCharsets.US_ASCII));
        try (Manifest manifest = Manifest.create(files, 1, 7, state.mergeName("secret-merge"), encryption)) {
            manifest.append(new VersionEdit().add(0, file(encryption.isOn() ? "k" : null)));
            manifest.append(new VersionEdit().lastSequence(10));
        }
        try (ReadableFile file = files.open(NAME)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private static Manifest.Recovered recover(byte[] bytes, Encryption encryption) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        try (WritableFile file = files.create(NAME)) {
            file.append(ByteBuffer.wrap(bytes));
        }
        return Manifest.recover(files, encryption);
    }

    private static List<String> edits(Manifest.Recovered recovered) {
        return recovered.edits().stream()
                .map(edit -> HexFormat.of().formatHex(VersionEditCodec.encode(edit)))
                .toList();
    }

    @Test
    void goldenBytes() throws IOException {
        GoldenBytes.verify("manifest-encrypted", manifest(TestKeys.golden()));
        assertThat(recover(GoldenBytes.read("manifest-encrypted"), TestKeys.golden())
                        .edits())
                .hasSize(3);
    }

    /** @param keyId of the SST @param valuesKeyId of its value file */
    private static MemoryFileStore store(Encryption encryption, String keyId, String valuesKeyId) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        ValueShare share = new ValueShare(0, 9, 50, 10, 40, valuesKeyId);
        SstInfo info = new SstInfo(100, 3, 9, 1, 0, 0, 0, keyId, null, null, -1, null, List.of(share), null);
        FileMeta file = new FileMeta(ID, info, file(null).range(), false, -1, null);
        VersionEdit state =
                new VersionEdit().lastSequence(9).commit(9, new byte[0]).add(0, file);
        Manifest.create(files, 1, 7, state, encryption).close();
        return files;
    }

    private static void open(MemoryFileStore files, Encryption encryption) throws IOException {
        VersionFixture fixture = new VersionFixture(files);
        FileRegistry registry = new FileRegistry(files, fixture.tables, fixture.executor, encryption);
        VersionSet.open(files, registry, fixture.ids).close();
    }

    /** Somebody without a key makes a manifest of his own, or values for an SST. */
    @Test
    void theKeysOfValueFilesAreCheckedAsThoseOfSsts() throws IOException {
        String name = new FileId(0, 9).valueFileName();
        assertThatThrownBy(() -> open(store(Encryption.NONE, null, "k"), Encryption.of(KEYS, false)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(name + " is encrypted");
        Encryption only = Encryption.of(KEYS, true);
        assertThatThrownBy(() -> open(store(only, "k", null), only))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining(name);
    }

    @Test
    void comesBackAndIsNotReadable() throws IOException {
        byte[] bytes = manifest(Encryption.of(KEYS, false));
        Manifest.Recovered recovered = recover(bytes, Encryption.of(KEYS, true));
        assertThat(recovered.keyId()).isEqualTo("k");
        assertThat(recovered.edits().get(0).mergeName()).isEqualTo("secret-merge");
        assertThat(recovered.edits().get(1).added().get(0).file()).isEqualTo(file("k"));
        for (String secret : List.of("secret", "FBMANIF1")) {
            byte[] text = secret.getBytes(StandardCharsets.US_ASCII);
            assertThat(TestKeys.contains(bytes, text)).as(secret).isFalse();
            assertThat(TestKeys.contains(manifest(Encryption.NONE), text))
                    .as(secret)
                    .isTrue();
        }
    }

    @Test
    void keysAreNeeded() throws IOException {
        byte[] bytes = manifest(Encryption.of(KEYS, false));
        assertThatThrownBy(() -> recover(bytes, Encryption.NONE))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining(NAME)
                .hasMessageContaining("\"k\"")
                .hasMessageContaining("StoreOptions.encryption");
        assertThatThrownBy(() -> recover(bytes, Encryption.of(TestKeys.provider("x"), false)))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("\"k\"");
        assertThatThrownBy(() -> recover(bytes, Encryption.of(TestKeys.impostor("k"), false)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(NAME);
    }

    @Test
    void aPlainOneIsReadUnlessThatIsForbidden() throws IOException {
        byte[] plain = manifest(Encryption.NONE);
        assertThat(recover(plain, Encryption.of(KEYS, false)).keyId()).isNull();
        assertThatThrownBy(() -> recover(plain, Encryption.of(KEYS, true))).isInstanceOf(EncryptionException.class);
    }

    /** With the checksum repaired, and without: what is read is what was written, or less of it from the end. */
    @Test
    void everyChangeOfAByteIsNoticedOrHarmless() throws IOException {
        byte[] bytes = manifest(TestKeys.seeded(KEYS, 3));
        List<String> written = edits(recover(bytes, Encryption.of(KEYS, true)));
        int noticed = 0;
        for (int at = 0; at < bytes.length; at++) {
            for (int change = 1; change < 256; change <<= 1) {
                byte[] damaged = bytes.clone();
                damaged[at] ^= (byte) change;
                assertHarmless(damaged, written);
                noticed += isRefused(withChecksums(damaged)) ? 1 : 0;
            }
        }
        int lengthsAndChecksums = 3 * 8;
        assertThat(noticed).isGreaterThanOrEqualTo((bytes.length - lengthsAndChecksums) * 8);
    }

    private static void assertHarmless(byte[] damaged, List<String> written) throws IOException {
        try {
            Manifest.Recovered recovered = recover(damaged, Encryption.of(KEYS, true));
            assertThat(written).startsWith(edits(recovered).toArray(new String[0]));
        } catch (CorruptionException | EncryptionException | FormatTooNewException | FormatTooOldException e) {
            assertThat(e).hasMessageContaining(NAME);
        }
    }

    private static boolean isRefused(byte[] damaged) throws IOException {
        try {
            recover(damaged, Encryption.of(KEYS, true));
            return false;
        } catch (StoreException e) {
            assertThat(e).isInstanceOfAny(CorruptionException.class, EncryptionException.class);
            return true;
        }
    }

    /** Repairs the checksum of every record, as far as their lengths make sense. */
    private static byte[] withChecksums(byte[] log) {
        ByteBuffer buffer = ByteBuffer.wrap(log.clone());
        for (int at = 0; at + 8 < log.length; ) {
            int length = buffer.getInt(at);
            if (length < 1 || length > log.length - at - 8) {
                break;
            }
            ByteBuffer checked = ByteBuffer.allocate(4 + length);
            checked.putInt(length).put(buffer.array(), at + 8, length);
            buffer.putInt(at + 4, Crc32c.masked(checked.array(), 0, 4 + length));
            at += 8 + length;
        }
        return buffer.array();
    }

    @Test
    void aFileRemembersItsKey() {
        VersionEdit edit = new VersionEdit().add(4, file("ключ")).add(4, file(null));
        VersionEdit decoded = VersionEditCodec.decode(VersionEditCodec.encode(edit), "M", 0);
        assertThat(decoded.added().get(0).file()).isEqualTo(file("ключ"));
        assertThat(decoded.added().get(1).file().keyId()).isNull();
    }

    @Test
    void aPlainManifestCannotListEncryptedFiles() throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        VersionEdit state =
                new VersionEdit().lastSequence(9).commit(9, new byte[0]).add(0, file("k"));
        Manifest.create(files, 1, 7, state, Encryption.NONE).close();
        SlabPool pool = new SlabPool(new HeapSlabs(), 4 << 20);
        FileRegistry registry = new FileRegistry(
                files,
                new TableCache(new BlockCache(pool), pool, 16, MappedFiles.none()),
                new SteppedExecutor(new ManualClock()),
                Encryption.of(KEYS, false));
        assertThatThrownBy(() -> VersionSet.open(files, registry, () -> 8))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(NAME)
                .hasMessageContaining(ID.name());
    }
}
