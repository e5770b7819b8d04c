package io.forebay.store.version.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.KeyProvider;
import io.forebay.store.ReadableFile;
import io.forebay.store.StoreException;
import io.forebay.store.WritableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An attacker who can write to the disk and knows the format: he repairs every checksum behind him. */
class EncryptedManifestReaderTest {
    private static final long ID = 0x0123456789ABCDEFL;
    private static final KeyProvider KEYS = TestKeys.provider("k");
    private static final List<byte[]> RECORDS =
            List.of(record("first record"), record("b"), record("b"), record("the fourth, which is a little longer"));

    private static byte[] record(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] log(Encryption encryption, String name, List<byte[]> records) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        try (ManifestWriter writer = new ManifestWriter(files.create(name), ID, encryption.create(name))) {
            for (byte[] record : records) {
                writer.append(record);
                writer.sync();
            }
        }
        try (ReadableFile file = files.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private static byte[] log() throws IOException {
        return log(TestKeys.seeded(KEYS, 1), "log", RECORDS);
    }

    private static List<byte[]> read(byte[] log, Encryption encryption) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        try (WritableFile file = files.create("log")) {
            file.append(ByteBuffer.wrap(log));
        }
        ManifestReader reader;
        try (ReadableFile file = files.open("log")) {
            reader = new ManifestReader(file, "log", encryption);
        }
        List<byte[]> records = new ArrayList<>();
        for (byte[] record = reader.next(); record != null; record = reader.next()) {
            records.add(record);
        }
        assertThat(reader.next()).isNull();
        return records;
    }

    private static List<byte[]> read(byte[] log) throws IOException {
        return read(log, Encryption.of(KEYS, false));
    }

    private static void assertSame(List<byte[]> read, List<byte[]> written) {
        assertThat(read).usingElementComparator(Arrays::compare).isEqualTo(written);
    }

    /** The records as they lie in the file, length and checksum included. */
    private static List<byte[]> parts(byte[] log) {
        List<byte[]> parts = new ArrayList<>();
        for (int at = 0; at < log.length; ) {
            int end = at + 8 + ByteBuffer.wrap(log).getInt(at);
            parts.add(Arrays.copyOfRange(log, at, end));
            at = end;
        }
        return parts;
    }

    /** With right checksums, each for the place where its part comes to lie. */
    private static byte[] joined(List<byte[]> parts) {
        ByteBuffer log =
                ByteBuffer.allocate(parts.stream().mapToInt(part -> part.length).sum());
        for (byte[] part : parts) {
            int at = log.position();
            log.put(part);
            log.putInt(at + 4, ManifestWriter.checksum(at, part, 0, part.length - 8));
        }
        return log.array();
    }

    private static void assertDamaged(List<byte[]> parts) {
        assertThatThrownBy(() -> read(joined(parts)))
                .isInstanceOfSatisfying(
                        CorruptionException.class, e -> assertThat(e.file()).isEqualTo("log"));
    }

    @Test
    void goldenBytes() throws IOException {
        byte[] log = log(TestKeys.golden(), "log", RECORDS.subList(0, 2));
        GoldenBytes.verify("log-encrypted", log);
        assertSame(read(GoldenBytes.read("log-encrypted"), TestKeys.golden()), RECORDS.subList(0, 2));
    }

    @Test
    void whatWasWrittenComesBackAndIsNotOnDisk() throws IOException {
        byte[] log = log();
        assertSame(read(log), RECORDS);
        for (byte[] record : RECORDS) {
            assertThat(record.length > 1 && TestKeys.contains(log, record)).isFalse();
        }
        assertThat(parts(log).get(1))
                .hasSameSizeAs(parts(log).get(2))
                .isNotEqualTo(parts(log).get(2));
    }

    @Test
    void keysAreNeeded() throws IOException {
        byte[] log = log();
        assertThatThrownBy(() -> read(log, Encryption.NONE))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("log")
                .hasMessageContaining("\"k\"");
        assertThatThrownBy(() -> read(log, Encryption.of(TestKeys.provider("other"), false)))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("\"k\"");
        assertThatThrownBy(() -> read(log, Encryption.of(TestKeys.impostor("k"), false)))
                .isInstanceOf(CorruptionException.class);
    }

    @Test
    void aPlainLogIsReadUnlessThatIsForbidden() throws IOException {
        byte[] log = log(Encryption.NONE, "log", RECORDS);
        assertSame(read(log, Encryption.NONE), RECORDS);
        assertSame(read(log), RECORDS);
        assertThatThrownBy(() -> read(log, Encryption.of(KEYS, true)))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("log is not encrypted");
        assertThatThrownBy(() -> log(Encryption.NONE, "log", List.of(record("FBCRYPT1..."))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /**
     * Without repaired checksums some of these would be torn tails; with them none is. A log that lost its mark looks like a
     * plain one, which those who read it refuse by its content, or this way.
     */
    @Test
    void everyChangedByteIsNoticedWhateverTheChecksumSays() throws IOException {
        List<byte[]> parts = parts(log());
        for (int part = 0; part < parts.size(); part++) {
            for (int at = 8; at < parts.get(part).length; at++) {
                for (int change = 1; change < 256; change <<= 1) {
                    byte[] damaged = parts.get(part).clone();
                    damaged[at] ^= (byte) change;
                    List<byte[]> all = new ArrayList<>(parts);
                    all.set(part, damaged);
                    assertThatThrownBy(() -> read(joined(all), Encryption.of(KEYS, true)))
                            .isInstanceOf(StoreException.class)
                            .isInstanceOfAny(CorruptionException.class, EncryptionException.class);
                }
            }
        }
    }

    @Test
    void recordsThatChangePlacesAreNoticed() throws IOException {
        List<byte[]> parts = parts(log());
        for (int one = 1; one < parts.size(); one++) {
            for (int other = 1; other < parts.size(); other++) {
                if (one != other) {
                    List<byte[]> swapped = new ArrayList<>(parts);
                    swapped.set(one, parts.get(other));
                    swapped.set(other, parts.get(one));
                    assertDamaged(swapped);
                    List<byte[]> repeated = new ArrayList<>(parts);
                    repeated.set(one, parts.get(other));
                    assertDamaged(repeated);
                    repeated = new ArrayList<>(parts);
                    repeated.add(one, parts.get(other));
                    assertDamaged(repeated);
                }
            }
            if (one < parts.size() - 1) {
                List<byte[]> missing = new ArrayList<>(parts);
                missing.remove(one);
                assertDamaged(missing);
            }
        }
    }

    @Test
    void recordsOfAnotherLogAreNoticed() throws IOException {
        List<byte[]> parts = parts(log());
        List<byte[]> other = parts(log(TestKeys.seeded(KEYS, 2), "log", RECORDS));
        for (int i = 0; i < parts.size(); i++) {
            List<byte[]> mixed = new ArrayList<>(parts);
            mixed.set(i, other.get(i));
            assertDamaged(mixed);
        }
        assertThatThrownBy(() -> read(log(TestKeys.seeded(KEYS, 1), "another", RECORDS)))
                .isInstanceOf(CorruptionException.class);
    }

    /** A plain record in an encrypted log is one that somebody else has written. */
    @Test
    void plainRecordsAreNoticed() throws IOException {
        List<byte[]> parts = parts(log());
        List<byte[]> plain = parts(log(Encryption.NONE, "log", RECORDS));
        for (int i = 1; i < parts.size(); i++) {
            List<byte[]> mixed = new ArrayList<>(parts);
            mixed.set(i, plain.get(i));
            assertDamaged(mixed);
        }
    }

    /** As in a plain log: a cut at the end is what a crash leaves, and every record before it is there. */
    @Test
    void everyTruncationIsATornTail() throws IOException {
        byte[] log = log();
        List<byte[]> parts = parts(log);
        for (int length = 0; length < log.length; length++) {
            int whole = 0;
            for (int end = 0; whole < parts.size() && (end += parts.get(whole).length) <= length; ) {
                whole++;
            }
            assertSame(read(Arrays.copyOf(log, length)), RECORDS.subList(0, whole));
        }
    }

    @Test
    void aRecordThatWasCutAndGivenANewLengthIsNoticed() throws IOException {
        List<byte[]> parts = parts(log());
        for (int part = 0; part < parts.size(); part++) {
            for (int length = 9; length < parts.get(part).length; length++) {
                byte[] cut = Arrays.copyOf(parts.get(part), length);
                ByteBuffer.wrap(cut).putInt(0, length - 8);
                List<byte[]> all = new ArrayList<>(parts);
                all.set(part, cut);
                if (part == 0 && length > 16 && length < 24) {
                    // Too short for the mark of an encrypted log, so it looks like a plain one: up to its reader.
                    assertThatThrownBy(() -> read(joined(all), Encryption.of(KEYS, true)))
                            .isInstanceOf(EncryptionException.class);
                } else {
                    assertDamaged(all);
                }
            }
        }
    }
}
