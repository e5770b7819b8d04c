package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyRange;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.values.ValueFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An attacker who can write to the disk and knows the format: he repairs every checksum behind him. */
class EncryptedSstTest {
    private static final KeyProvider KEYS = TestKeys.provider("k");
    private static final String NAME = "f";
    private static final long BUDGET = 1 << 20;
    private static final int TRAILER = BlockTrailer.BYTES;

    private SlabPool pool;
    private BlockCache cache;

    @BeforeEach
    void memory() {
        pool = new SlabPool(new DirectSlabAllocator(BUDGET), BUDGET);
        cache = new BlockCache(pool);
    }

    /** Where a block lies in its file, trailer included. */
    private record Place(int begin, int end) {
        int length() {
            return end - begin;
        }
    }

    private static SstModel small() {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            String key = String.format("secret-key%03d", i);
            entries.add(Entry.of(key, 1000 + i, (byte) (1 + i % 3), i % 3 == 1 ? "" : "secret-value" + i));
        }
        return new SstModel(
                entries,
                List.of(new Fragment(Entry.bytes("secret-key010"), Entry.bytes("secret-key020"), new long[] {5, 3})));
    }

    private static byte[] bytes(SstModel model, Encryption encryption) {
        return bytes(model, encryption, NAME);
    }

    private static byte[] bytes(SstModel model, Encryption encryption, String name) {
        return bytes(model, encryption, name, Compression.NONE);
    }

    private static byte[] bytes(SstModel model, Encryption encryption, String name, Compression compression) {
        MemoryFileStore files = new MemoryFileStore();
        try {
            model.write(files, name, encryption, compression, 256, 10);
            return SstModel.bytes(files, name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Anybody can find the blocks, by their checksums. */
    private static List<Place> blocks(byte[] file) {
        List<Place> places = new ArrayList<>();
        for (int begin = 0; begin < file.length; ) {
            int end = begin + TRAILER;
            while (end <= file.length
                    && checksum(file, begin, end) != ByteBuffer.wrap(file).getInt(end - 4)) {
                end++;
            }
            if (end > file.length) {
                break;
            }
            places.add(new Place(begin, end));
            begin = end;
        }
        return places;
    }

    private static int checksum(byte[] file, int begin, int end) {
        CRC32C crc = new CRC32C();
        crc.update(file, begin, end - begin - 4);
        return BlockTrailer.checksum(crc, begin);
    }

    private static void repair(byte[] file, List<Place> blocks) {
        for (Place block : blocks) {
            ByteBuffer.wrap(file).putInt(block.end - 4, checksum(file, block.begin, block.end));
        }
        int footer = blocks.get(blocks.size() - 1).end;
        ByteBuffer.wrap(file).putInt(file.length - 12, Crc32c.masked(file, footer, file.length - 12 - footer));
    }

    private SstReader open(byte[] file, Encryption encryption, String keyId) throws IOException {
        return SstReader.open(
                new ByteArrayFile(file), NAME, ValueFile.NONE, cache, pool, encryption, keyId, SstMetadata.UNKNOWN);
    }

    /** Reads everything in every way; each answer is right or an error. @return whether there was an error */
    private boolean isNoticed(SstModel model, byte[] file) {
        boolean noticed = false;
        try (SstReader reader = open(file, Encryption.of(KEYS, false), "k")) {
            noticed |= model.findsDamage(reader.iterator(KeyRange.all(), -1), NAME);
            noticed |= model.findsDamage(reader.scanIterator(KeyRange.all(), -1), NAME);
            for (Entry entry : model.entries) {
                noticed |= model.findsDamage(reader, entry.key());
            }
            noticed |= model.findsDamage(reader, Entry.bytes("secret-key005x"));
        } catch (CorruptionException | EncryptionException | FormatTooNewException | FormatTooOldException e) {
            assertThat(e).hasMessageContaining(NAME);
            noticed = true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return noticed;
    }

    @Test
    void goldenBytes() throws IOException {
        GoldenBytes.verify("sst-v2-encrypted", bytes(small(), TestKeys.golden()));
        byte[] golden = GoldenBytes.read("sst-v2-encrypted");
        try (SstReader reader = open(golden, TestKeys.golden(), "test-1")) {
            assertThat(small().findsDamage(reader.iterator(KeyRange.all(), -1), NAME))
                    .isFalse();
        }
    }

    @Test
    void nothingIsReadableAndEqualFilesLookDifferent() {
        byte[] one = bytes(small(), Encryption.of(KEYS, false));
        byte[] other = bytes(small(), Encryption.of(KEYS, false));
        byte[] secret = "secret".getBytes(StandardCharsets.US_ASCII);
        assertThat(TestKeys.contains(bytes(small(), Encryption.NONE), secret)).isTrue();
        assertThat(TestKeys.contains(one, secret)).isFalse();
        List<Place> places = blocks(one);
        assertThat(blocks(other)).isEqualTo(places).hasSizeGreaterThan(8);
        for (Place place : places) {
            assertThat(Arrays.equals(one, place.begin, place.end - 21, other, place.begin, place.end - 21))
                    .isFalse();
        }
        assertThat(isNoticed(small(), one)).isFalse();
    }

    @Test
    void everyChangeOfAByteIsNoticedWhateverTheChecksumsSay() {
        Figures figures = new Figures(getClass());
        for (Compression compression : new Compression[] {Compression.NONE, Compression.LZ4}) {
            figures.add("encrypted.sst.bytes.changed", everyChangeOfAByte(compression));
        }
        figures.write();
    }

    private long everyChangeOfAByte(Compression compression) {
        SstModel model = small();
        byte[] file = bytes(model, TestKeys.seeded(KEYS, 1), NAME, compression);
        List<Place> blocks = blocks(file);
        long perByte = Effort.of("encrypted.changes", 1, 8);
        long changes = 0;
        for (int at = 0; at < file.length; at++) {
            for (int i = 0; i < perByte; i++) {
                int change = 1 << ((at + i) & 7);
                byte[] damaged = file.clone();
                damaged[at] ^= (byte) change;
                assertThat(isNoticed(model, damaged))
                        .as("byte %s ^ %s", at, change)
                        .isTrue();
                repair(damaged, blocks);
                changes += 2;
                // Nothing is left of a change of a checksum once it is repaired.
                assertThat(isNoticed(model, damaged) || Arrays.equals(damaged, file))
                        .as("byte %s ^ %s, checksums repaired", at, change)
                        .isTrue();
            }
        }
        return changes;
    }

    @Test
    void blocksThatChangePlacesAreNoticed() {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            entries.add(Entry.of(String.format("key%03d", i), 0, ValueKind.PUT, "12345678"));
        }
        SstModel model = new SstModel(entries, List.of());
        byte[] file = bytes(model, TestKeys.seeded(KEYS, 1));
        List<Place> blocks = blocks(file);
        int swaps = 0;
        for (Place one : blocks) {
            for (Place other : blocks) {
                if (one != other && one.length() == other.length()) {
                    byte[] swapped = file.clone();
                    System.arraycopy(file, one.begin, swapped, other.begin, one.length());
                    repair(swapped, blocks);
                    assertThat(isNoticed(model, swapped))
                            .as("%s at %s", one, other)
                            .isTrue();
                    System.arraycopy(file, other.begin, swapped, one.begin, one.length());
                    repair(swapped, blocks);
                    assertThat(isNoticed(model, swapped))
                            .as("%s and %s", one, other)
                            .isTrue();
                    swaps++;
                }
            }
        }
        assertThat(swaps).isGreaterThan(8);
    }

    /** Also of one with the same content and name, and the same master key. */
    @Test
    void blocksOfAnotherFileAreNoticed() {
        SstModel model = small();
        byte[] file = bytes(model, TestKeys.seeded(KEYS, 1));
        byte[] other = bytes(model, TestKeys.seeded(KEYS, 2));
        List<Place> blocks = blocks(file);
        for (Place place : blocks) {
            byte[] mixed = file.clone();
            System.arraycopy(other, place.begin, mixed, place.begin, place.length());
            repair(mixed, blocks);
            assertThat(isNoticed(model, mixed)).as("block at %s", place).isTrue();
        }
        int footer = blocks.get(blocks.size() - 1).end;
        byte[] mixed = file.clone();
        System.arraycopy(other, footer, mixed, footer, file.length - footer);
        assertThat(isNoticed(model, mixed)).isTrue();
        // The same key under another name, as if a file was renamed.
        assertThat(isNoticed(model, bytes(model, TestKeys.seeded(KEYS, 1), "g")))
                .isTrue();
        assertThat(isNoticed(model, bytes(model, TestKeys.seeded(KEYS, 1), NAME)))
                .isFalse();
    }

    @Test
    void everyTruncationIsNoticed() {
        SstModel model = small();
        byte[] file = bytes(model, TestKeys.seeded(KEYS, 1));
        for (int length = 0; length < file.length; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThat(isNoticed(model, cut)).isTrue();
        }
        // Bytes cut out of the middle, the footer being whole and last.
        List<Place> blocks = blocks(file);
        int footer = blocks.get(blocks.size() - 1).end;
        for (int cut = 1; cut < footer; cut += 7) {
            byte[] shorter = new byte[file.length - cut];
            System.arraycopy(file, 0, shorter, 0, footer - cut);
            System.arraycopy(file, footer, shorter, footer - cut, file.length - footer);
            assertThat(isNoticed(model, shorter)).isTrue();
        }
        assertThat(pool.used()).isEqualTo(pool.used(SlabPool.Use.CACHE));
    }

    @Test
    void keysAreNeeded() {
        byte[] file = bytes(small(), Encryption.of(KEYS, false));
        assertThatThrownBy(() -> open(file, Encryption.NONE, "k"))
                .isInstanceOfSatisfying(EncryptionException.class, e -> {
                    assertThat(e.file()).isEqualTo(NAME);
                    assertThat(e.keyId()).isEqualTo("k");
                });
        assertThatThrownBy(() -> open(file, Encryption.of(TestKeys.provider("other"), false), "k"))
                .isInstanceOfSatisfying(
                        EncryptionException.class, e -> assertThat(e.keyId()).isEqualTo("k"));
        assertThatThrownBy(() -> open(file, Encryption.of(TestKeys.impostor("k"), false), "k"))
                .isInstanceOfSatisfying(CorruptionException.class, e -> {
                    assertThat(e.file()).isEqualTo(NAME);
                    assertThat(e.offset()).isPositive();
                });
    }

    @Test
    void aPlainFileInTheWrongPlaceIsRefused() throws IOException {
        byte[] plain = bytes(small(), Encryption.NONE);
        try (SstReader reader = open(plain, Encryption.of(KEYS, false), null)) {
            assertThat(small().findsDamage(reader.iterator(KeyRange.all(), -1), NAME))
                    .isFalse();
        }
        assertThatThrownBy(() -> open(plain, Encryption.of(KEYS, false), "k"))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("\"k\"");
        assertThatThrownBy(() -> open(plain, Encryption.of(KEYS, true), null)).isInstanceOf(EncryptionException.class);
    }

    @Test
    void anotherVersionIsRefusedByName() {
        byte[] file = bytes(small(), Encryption.of(KEYS, false));
        ByteBuffer.wrap(file).putInt(file.length - 16, FormatVersion.CURRENT + 1);
        repair(file, blocks(file));
        assertThatThrownBy(() -> open(file, Encryption.of(KEYS, false), "k"))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("version 3");
        ByteBuffer.wrap(file).putInt(file.length - 16, 1);
        repair(file, blocks(file));
        assertThatThrownBy(() -> open(file, Encryption.of(KEYS, false), "k"))
                .isInstanceOf(FormatTooOldException.class)
                .hasMessageContaining("version 1");
    }

    @Test
    void manyThreadsReadOneFile() throws Exception {
        SstModel model = small();
        byte[] file = bytes(model, Encryption.of(KEYS, false), NAME, Compression.LZ4);
        SlabPool tiny = new SlabPool(new DirectSlabAllocator(BUDGET), 256 << 10);
        BlockCache almostNone = new BlockCache(tiny);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (SstReader reader = SstReader.open(
                new ByteArrayFile(file),
                NAME,
                ValueFile.NONE,
                almostNone,
                tiny,
                Encryption.of(KEYS, true),
                "k",
                SstMetadata.UNKNOWN)) {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                boolean scans = thread % 2 == 0;
                running.add(threads.submit(() -> {
                    for (int i = 0; i < 50; i++) {
                        for (Entry entry : model.entries) {
                            assertThat(model.findsDamage(reader, entry.key())).isFalse();
                        }
                        assertThat(model.findsDamage(
                                        scans
                                                ? reader.scanIterator(KeyRange.all(), -1)
                                                : reader.iterator(KeyRange.all(), -1),
                                        NAME))
                                .isFalse();
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void largeValuesAreEncryptedToo() throws IOException {
        byte[] secret = "secret".repeat(20_000).getBytes(StandardCharsets.US_ASCII);
        SstModel model = new SstModel(
                List.of(
                        Entry.of("a", 1, ValueKind.PUT, "before"),
                        new Entry(Entry.bytes("b"), 2, ValueKind.PUT, secret),
                        Entry.of("c", 3, ValueKind.PUT, "after")),
                List.of());
        byte[] file = bytes(model, Encryption.of(KEYS, false));
        assertThat(TestKeys.contains(file, "secret".getBytes(StandardCharsets.US_ASCII)))
                .isFalse();
        assertThat(isNoticed(model, file)).isFalse();
    }
}
