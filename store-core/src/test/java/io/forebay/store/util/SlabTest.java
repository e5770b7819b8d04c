package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlabTest {
    private static Slab slab(boolean direct, int bytes) {
        return new Slab(direct ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void allAccessesAreBigEndianAndAgree(boolean direct) {
        Slab slab = slab(direct, 64);
        slab.putLongRelease(8, 0x0102030405060708L);
        assertThat(slab.getLong(8)).isEqualTo(0x0102030405060708L);
        assertThat(slab.getLongAcquire(8)).isEqualTo(0x0102030405060708L);
        assertThat(slab.toByteArray(8, 8)).isEqualTo(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        assertThat(slab.getShort(13)).isEqualTo(0x0607);
        slab.putIntRelease(4, 0x0A0B0C0D);
        assertThat(slab.getInt(4)).isEqualTo(0x0A0B0C0D);
        assertThat(slab.getIntAcquire(4)).isEqualTo(0x0A0B0C0D);
        assertThat(slab.getByte(7)).isEqualTo((byte) 0x0D);
        slab.putShort(20, 0xFFFE);
        assertThat(slab.getShort(20)).isEqualTo(0xFFFE);
        slab.zero();
        assertThat(slab.toByteArray(0, 64)).containsOnly(0);
    }

    @Test
    void accessBeyondTheEndIsRefused() {
        Slab slab = slab(true, 16);
        assertThatThrownBy(() -> slab.getLong(9)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slab.putByte(16, (byte) 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slab.getInt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void comparisonsAreThoseOfUnsignedArrays(boolean direct) {
        Seeded.run(SlabTest.class, 10, random -> compareRandomKeys(random, slab(direct, 256)));
    }

    private static void compareRandomKeys(Random random, Slab slab) {
        for (int i = 0; i < 2_000; i++) {
            byte[] a = key(random);
            // Often equal or a prefix, so that the comparison goes past the first bytes.
            byte[] b = random.nextBoolean() ? Arrays.copyOf(a, random.nextInt(a.length + 4)) : key(random);
            int at = random.nextInt(60);
            int bt = 128 + random.nextInt(60);
            slab.put(at, a, 0, a.length);
            slab.put(bt, b, 0, b.length);
            int expected = Integer.signum(Arrays.compareUnsigned(a, b));
            assertThat(Integer.signum(slab.compare(at, a.length, b, 0, b.length)))
                    .isEqualTo(expected);
            assertThat(Integer.signum(slab.compare(at, a.length, slab, bt, b.length)))
                    .isEqualTo(expected);
            assertThat(Integer.signum(Slab.compare(a, 0, a.length, b, 0, b.length)))
                    .isEqualTo(expected);
            long headA = Slab.head(a, 0, a.length);
            long headB = slab.head(bt, b.length);
            assertThat(slab.head(at, a.length)).isEqualTo(headA);
            if (headA != headB) {
                assertThat(Long.compareUnsigned(headA, headB)).isEqualTo(expected);
            }
        }
    }

    private static byte[] key(Random random) {
        byte[] key = new byte[random.nextInt(24)];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (random.nextInt(4) * 85);
        }
        return key;
    }
}
