package io.forebay.store.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each bit and each length of small files: a damaged value is an error with file and offset, never another value. */
class ValueFileDamageTest {
    private static final List<byte[]> VALUES = List.of(new byte[] {1, 2, 3, 4, 5}, new byte[] {9}, new byte[20]);

    @Test
    void everyBitIsGuarded() throws IOException {
        for (Encryption encryption : List.of(Encryption.NONE, TestKeys.golden())) {
            long[] offsets = new long[VALUES.size()];
            byte[] file = ValueFiles.write(encryption, VALUES, offsets);
            int unseen = 0;
            for (int bit = 0; bit < file.length * 8; bit++) {
                byte[] damaged = file.clone();
                damaged[bit / 8] ^= (byte) (1 << bit % 8);
                unseen += isSeen(damaged, encryption, offsets) ? 0 : 1;
            }
            // the magic at the front, which no read looks at
            assertThat(unseen).isEqualTo(64);
        }
    }

    private static boolean isSeen(byte[] damaged, Encryption encryption, long[] offsets) throws IOException {
        ValueFileReader reader;
        try {
            reader = ValueFiles.open(damaged, encryption);
        } catch (CorruptionException | FormatTooNewException | FormatTooOldException | EncryptionException e) {
            assertThat(e).hasMessageContaining(ValueFiles.NAME);
            return true;
        }
        boolean seen = false;
        for (int i = 0; i < offsets.length; i++) {
            byte[] value = VALUES.get(i);
            try {
                assertThat(ValueFiles.read(reader, offsets[i], value.length)).isEqualTo(value);
            } catch (CorruptionException e) {
                assertThat(e.file()).isEqualTo(ValueFiles.NAME);
                assertThat(e.offset()).isEqualTo(offsets[i]);
                seen = true;
            }
        }
        return seen;
    }

    @Test
    void everyShorterFileIsRefused() throws IOException {
        for (Encryption encryption : List.of(Encryption.NONE, TestKeys.golden())) {
            byte[] file = ValueFiles.write(encryption, VALUES, new long[VALUES.size()]);
            for (int length = 0; length < file.length; length++) {
                byte[] shorter = Arrays.copyOf(file, length);
                assertThatThrownBy(() -> ValueFiles.open(shorter, encryption))
                        .as("%s bytes", length)
                        .isInstanceOf(CorruptionException.class);
            }
        }
    }

    /** Files with equal places: what guards the values of one must not pass in the other. */
    @Test
    void aValueIsNotReadFromAnotherFile() throws IOException {
        for (Encryption encryption : List.of(Encryption.NONE, TestKeys.golden())) {
            long[] offsets = new long[1];
            byte[] file = ValueFiles.write(encryption, List.of(new byte[] {1, 2, 3}), offsets);
            byte[] other = ValueFiles.writeOther(encryption, new byte[] {4, 5, 6});
            assertThat(other).hasSameSizeAs(file);
            assertThatThrownBy(() -> ValueFiles.open(other, encryption))
                    .isInstanceOfSatisfying(
                            CorruptionException.class, e -> assertThat(e.file()).isEqualTo(ValueFiles.NAME));
            byte[] spliced = file.clone();
            int stored = 3 + (encryption == Encryption.NONE ? 4 : 16);
            System.arraycopy(other, (int) offsets[0], spliced, (int) offsets[0], stored);
            ValueFileReader reader = ValueFiles.open(spliced, encryption);
            assertThatThrownBy(() -> ValueFiles.read(reader, offsets[0], 3)).isInstanceOf(CorruptionException.class);
        }
    }

    @Test
    void aFileOfAnotherLengthThanIsListedIsRefused() throws IOException {
        for (Encryption encryption : List.of(Encryption.NONE, TestKeys.golden())) {
            byte[] file = ValueFiles.write(encryption, VALUES, new long[VALUES.size()]);
            for (int more : new int[] {-1, 1}) {
                assertThatThrownBy(() -> ValueFiles.open(file, encryption, file.length + more))
                        .isInstanceOf(CorruptionException.class)
                        .hasMessageContaining("a file of " + (file.length + more) + " bytes");
            }
        }
    }

    /** Two equal values: what guards one must not pass at the place of the other. */
    @Test
    void aValueIsNotReadFromAnotherPlace() throws IOException {
        for (Encryption encryption : List.of(Encryption.NONE, TestKeys.golden())) {
            long[] offsets = new long[2];
            byte[] file = ValueFiles.write(encryption, List.of(new byte[] {1, 2, 3}, new byte[] {4, 5, 6}), offsets);
            byte[] moved = file.clone();
            int stored = (int) (offsets[1] - offsets[0]);
            System.arraycopy(file, (int) offsets[1], moved, (int) offsets[0], stored);
            ValueFileReader reader = ValueFiles.open(moved, encryption);
            assertThatThrownBy(() -> ValueFiles.read(reader, offsets[0], 3)).isInstanceOf(CorruptionException.class);
            assertThat(ValueFiles.read(reader, offsets[1], 3)).containsExactly(4, 5, 6);
        }
    }
}
