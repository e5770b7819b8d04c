package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VarintTest {
    private final byte[] bytes = new byte[16];
    private final Slab slab = new Slab(ByteBuffer.allocateDirect(16));

    @Test
    void knownEncodings() {
        assertThat(Varint.putInt(bytes, 3, 300)).isEqualTo(5);
        assertThat(bytes[3]).isEqualTo((byte) 0xAC);
        assertThat(bytes[4]).isEqualTo((byte) 0x02);
        assertThat(Varint.putLong(slab, 0, 1L << 63)).isEqualTo(10);
        assertThat(slab.toByteArray(0, 10))
                .isEqualTo(new byte[] {-128, -128, -128, -128, -128, -128, -128, -128, -128, 1});
    }

    @Test
    void numbersComeBackAndTakeTheirSize() {
        for (int shift = 0; shift < 64; shift++) {
            for (long around = -2; around <= 2; around++) {
                roundTrip((1L << shift) + around);
            }
        }
        Seeded.run(VarintTest.class, 1, random -> {
            for (int i = 0; i < 20_000; i++) {
                roundTrip(random.nextLong() >>> random.nextInt(64));
            }
        });
    }

    private void roundTrip(long value) {
        assertThat(Varint.putLong(bytes, 2, value)).isEqualTo(2 + Varint.size(value));
        assertThat(Varint.getLong(bytes, 2)).isEqualTo(value);
        assertThat(Varint.putLong(slab, 2, value)).isEqualTo(2 + Varint.size(value));
        assertThat(Varint.getLong(slab, 2)).isEqualTo(value);
        int narrow = (int) value;
        assertThat(Varint.putInt(bytes, 0, narrow)).isEqualTo(Varint.size(narrow));
        assertThat(Varint.getInt(bytes, 0)).isEqualTo(narrow);
        assertThat(Varint.putInt(slab, 0, narrow)).isEqualTo(Varint.size(narrow));
        assertThat(Varint.getInt(slab, 0)).isEqualTo(narrow);
    }

    @Test
    void longerEncodingsThanNecessaryAreRefused() {
        refused(0x80, 0x00);
        refused(0xFF, 0x80, 0x00);
        refused(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00);
    }

    @Test
    void numbersThatDoNotFitAreRefused() {
        byte[] tooLong = new byte[16];
        java.util.Arrays.fill(tooLong, (byte) 0xFF);
        assertThatThrownBy(() -> Varint.getLong(tooLong, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Varint.getInt(tooLong, 0)).isInstanceOf(IllegalArgumentException.class);
        tooLong[9] = 2;
        assertThatThrownBy(() -> Varint.getLong(tooLong, 0)).isInstanceOf(IllegalArgumentException.class);
        tooLong[4] = 0x10;
        assertThatThrownBy(() -> Varint.getInt(tooLong, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theEndOfTheArrayIsNoticed() {
        assertThatThrownBy(() -> Varint.getLong(new byte[] {-1, -1}, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Varint.getInt(new byte[] {-1, -1}, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /** Whatever is read without an exception is written back as the same bytes. */
    @Test
    void randomBytesAreReadAsTheyWouldBeWrittenOrRefused() {
        Seeded.run(VarintTest.class, 20, VarintTest::readRandomBytes);
    }

    private static void readRandomBytes(Random random) {
        byte[] from = new byte[12];
        byte[] again = new byte[12];
        for (int i = 0; i < 5_000; i++) {
            random.nextBytes(from);
            for (int j = 0; j < from.length; j++) {
                from[j] |= random.nextInt(4) == 0 ? 0 : (byte) 0x80;
            }
            long value;
            try {
                value = Varint.getLong(from, 0);
            } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                continue;
            }
            int end = Varint.putLong(again, 0, value);
            assertThat(java.util.Arrays.equals(again, 0, end, from, 0, end)).isTrue();
        }
    }

    private void refused(int... encoding) {
        byte[] from = new byte[encoding.length];
        for (int i = 0; i < from.length; i++) {
            from[i] = (byte) encoding[i];
            slab.putByte(i, (byte) encoding[i]);
        }
        assertThatThrownBy(() -> Varint.getLong(from, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Varint.getLong(slab, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
