package io.forebay.store.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.ValueBuffer;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ValueFileTest {
    private static final List<byte[]> GOLDEN = List.of(new byte[] {1, 2, 3, 4, 5}, new byte[] {9}, new byte[20]);

    private static Encryption encryption(Random random) {
        return random.nextBoolean()
                ? Encryption.NONE
                : TestKeys.seeded(TestKeys.provider("key-" + random.nextInt(3)), random.nextLong());
    }

    @Test
    void goldenBytes() throws IOException {
        verifyGolden("values", Encryption.NONE, 4);
        verifyGolden("values-encrypted", TestKeys.golden(), 16);
    }

    private static void verifyGolden(String name, Encryption encryption, int overhead) throws IOException {
        long[] offsets = new long[3];
        GoldenBytes.verify(name, ValueFiles.write(encryption, GOLDEN, offsets));
        assertThat(offsets).containsExactly(8, 13 + overhead, 14 + 2 * overhead);
        ValueFileReader reader = ValueFiles.open(GoldenBytes.read(name), encryption);
        assertThat(reader.properties()).isEqualTo(new ValueProperties(7, 3, 26, ValueFiles.HIGH, ValueFiles.LOW));
        for (int i = 0; i < 3; i++) {
            assertThat(ValueFiles.read(reader, offsets[i], GOLDEN.get(i).length))
                    .isEqualTo(GOLDEN.get(i));
        }
    }

    /** Lengths around the size of the buffer of the writer, from slabs and from arrays, read in any order into one buffer. */
    @Test
    void randomValuesComeBack() {
        Seeded.run(ValueFileTest.class, 60, random -> {
            Encryption encryption = encryption(random);
            MemoryFileStore files = new MemoryFileStore();
            ValueFileWriter writer = new ValueFileWriter(
                    files.create(ValueFiles.NAME),
                    ValueFiles.NAME,
                    encryption.create(ValueFiles.NAME),
                    ValueFiles.HIGH,
                    ValueFiles.LOW,
                    7);
            List<byte[]> values = new ArrayList<>();
            List<Long> offsets = new ArrayList<>();
            for (int i = 1 + random.nextInt(20); i > 0; i--) {
                byte[] value = new byte[length(random)];
                random.nextBytes(value);
                values.add(value);
                assertThat(writer.position()).as("where the next value will be").isPositive();
                long expected = writer.position();
                offsets.add(add(writer, value, random));
                assertThat(offsets.get(offsets.size() - 1)).isEqualTo(expected);
                assertThat(writer.position()).isEqualTo(expected + writer.storedBytes(value.length));
            }
            byte[] file = ValueFiles.bytes(files, writer.finish());
            ValueFileReader reader = ValueFiles.open(file, encryption);
            assertThat(reader.properties().values()).isEqualTo(values.size());
            ValueBuffer into = new ValueBuffer(0);
            for (int i = 0; i < 40; i++) {
                int which = random.nextInt(values.size());
                reader.read(offsets.get(which), values.get(which).length, into);
                assertThat(into.toByteArray()).isEqualTo(values.get(which));
            }
        });
    }

    private static int length(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> 1 + random.nextInt(10);
            case 1 -> 1 + random.nextInt(3_000);
            case 2 -> (64 << 10) - 40 + random.nextInt(60);
            default -> 1 + random.nextInt(300_000);
        };
    }

    private static long add(ValueFileWriter writer, byte[] value, Random random) throws IOException {
        int before = random.nextInt(5);
        byte[] wide = new byte[before + value.length + random.nextInt(5)];
        System.arraycopy(value, 0, wide, before, value.length);
        return random.nextBoolean()
                ? writer.add(wide, before, value.length)
                : writer.add(new Slab(ByteBuffer.wrap(wide)), before, value.length);
    }

    /** Who has a buffer for the longest value has no other one after a read. */
    @Test
    void aBufferThatFitsTheValueStays() throws IOException {
        for (Encryption encryption : List.of(Encryption.NONE, TestKeys.golden())) {
            long[] offsets = new long[3];
            byte[] file = ValueFiles.write(encryption, GOLDEN, offsets);
            ValueFileReader reader = ValueFiles.open(file, encryption);
            for (int more = 0; more < 6; more++) {
                ValueBuffer into = new ValueBuffer(20 + more);
                byte[] array = into.array();
                reader.read(offsets[2], 20, into);
                assertThat(into.toByteArray()).isEqualTo(GOLDEN.get(2));
                assertThat(into.array()).isSameAs(array);
            }
            for (int at = 0; at < 24; at++) {
                byte[] damaged = file.clone();
                damaged[(int) offsets[2] + at]++;
                ValueFileReader other = ValueFiles.open(damaged, encryption);
                assertThatThrownBy(() -> other.read(offsets[2], 20, new ValueBuffer(20)))
                        .isInstanceOf(CorruptionException.class);
            }
        }
    }

    /** Of parts of a file that were read before, at any place of a slab. */
    @Test
    void valuesAreTakenFromWhatWasRead() {
        Seeded.run(ValueFileTest.class, 100, random -> {
            Encryption encryption = encryption(random);
            List<byte[]> values = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                byte[] value = new byte[1 + random.nextInt(500)];
                random.nextBytes(value);
                values.add(value);
            }
            long[] offsets = new long[20];
            ValueFileReader reader = ValueFiles.open(ValueFiles.write(encryption, values, offsets), encryption);
            int from = random.nextInt((int) offsets[10]);
            Slab slab = new Slab(ByteBuffer.allocate(20_000));
            int at = random.nextInt(1000);
            reader.readStored(from, (int) reader.valuesEnd() - from, slab, at);
            ValueBuffer into = new ValueBuffer();
            for (int i = 10; i < 20; i++) {
                int length = values.get(i).length;
                int place = at + (int) offsets[i] - from;
                reader.take(offsets[i], length, slab, place, into);
                assertThat(into.toByteArray()).isEqualTo(values.get(i));
                byte[] array = new byte[length + 2];
                reader.take(offsets[i], length, slab, place, array, 1);
                assertThat(Arrays.copyOfRange(array, 1, 1 + length)).isEqualTo(values.get(i));
                int damaged = place + random.nextInt(length + 4);
                slab.putByte(damaged, (byte) (slab.getByte(damaged) ^ 1 << random.nextInt(8)));
                long offset = offsets[i];
                assertThatThrownBy(() -> reader.take(offset, length, slab, place, into))
                        .isInstanceOf(CorruptionException.class);
                assertThat(into.toByteArray()).isEqualTo(values.get(i));
            }
        });
    }

    @Test
    void aReferenceThatIsNotThatOfAValueIsRefused() throws IOException {
        for (Encryption encryption : List.of(Encryption.NONE, TestKeys.golden())) {
            long[] offsets = new long[3];
            byte[] file = ValueFiles.write(encryption, GOLDEN, offsets);
            ValueFileReader reader = ValueFiles.open(file, encryption);
            for (long offset = -2; offset < file.length + 2; offset++) {
                for (int length = -1; length < file.length; length++) {
                    boolean isValue = false;
                    for (int i = 0; i < 3; i++) {
                        isValue |= offset == offsets[i] && length == GOLDEN.get(i).length;
                    }
                    if (!isValue) {
                        assertRefused(reader, offset, length);
                    }
                }
            }
            assertRefused(reader, Long.MAX_VALUE, Integer.MAX_VALUE);
            assertRefused(reader, Long.MIN_VALUE, Integer.MAX_VALUE);
        }
    }

    private static void assertRefused(ValueFileReader reader, long offset, int length) {
        assertThatThrownBy(() -> ValueFiles.read(reader, offset, length))
                .isInstanceOfSatisfying(CorruptionException.class, e -> {
                    assertThat(e.file()).isEqualTo(ValueFiles.NAME);
                    assertThat(e.offset()).isEqualTo(offset);
                });
    }

    @Test
    void plainAndEncryptedFilesAreNotTakenForEachOther() throws IOException {
        Encryption encryption = TestKeys.golden();
        byte[] plain = ValueFiles.write(Encryption.NONE, GOLDEN, new long[3]);
        byte[] encrypted = ValueFiles.write(encryption, GOLDEN, new long[3]);
        assertThatThrownBy(() -> ValueFiles.open(plain, encryption))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("a file that is encrypted with key \"test-1\"");
        assertThatThrownBy(() -> ValueFiles.open(encrypted, Encryption.NONE))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("a plain file");
        Encryption other = Encryption.of(TestKeys.provider("test-2"), false);
        assertThatThrownBy(() -> ValueFiles.open(encrypted, other)).isInstanceOf(EncryptionException.class);
        Encryption impostor = Encryption.of(TestKeys.impostor("test-1"), false);
        assertThatThrownBy(() -> ValueFiles.open(encrypted, impostor)).isInstanceOf(CorruptionException.class);
        Encryption encryptedOnly = Encryption.of(TestKeys.provider("test-1"), true);
        assertThatThrownBy(() -> ValueFiles.open(plain, encryptedOnly)).isInstanceOf(EncryptionException.class);
    }

    @Test
    void aNewerVersionIsRefusedByName() throws IOException {
        byte[] file = ValueFiles.write(Encryption.NONE, GOLDEN, new long[3]);
        ByteBuffer out = ByteBuffer.wrap(file);
        out.putInt(file.length - 16, out.getInt(file.length - 16) + 1);
        out.putInt(file.length - 12, Crc32c.masked(file, file.length - 28, 16));
        assertThatThrownBy(() -> ValueFiles.open(file, Encryption.NONE))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("Value file " + ValueFiles.NAME);
    }

    @Test
    void nothingIsWrittenThatCannotBeRead() throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        ValueFileWriter writer = new ValueFileWriter(files.create(ValueFiles.NAME), ValueFiles.NAME, null, 0, 1, 7);
        assertThatThrownBy(() -> writer.add(new byte[0], 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
        writer.abandon();
        writer.abandon();
        assertThatThrownBy(() -> writer.add(new byte[1], 0, 1)).isInstanceOf(IllegalStateException.class);
    }
}
