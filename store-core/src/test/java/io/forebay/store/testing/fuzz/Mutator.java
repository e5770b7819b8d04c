package io.forebay.store.testing.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Damages inputs as structures get damaged: bits flip, bytes and numbers become what breaks bounds, pieces are left out,
 * repeated, swapped with those of another input, and whatever follows is cut off.
 */
public final class Mutator {
    private static final long[] NASTY = {
        0,
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        9,
        15,
        16,
        63,
        64,
        127,
        128,
        129,
        255,
        256,
        511,
        512,
        4095,
        4096,
        32767,
        32768,
        65535,
        65536,
        Integer.MAX_VALUE - 8,
        Integer.MAX_VALUE,
        1L << 31,
        0xFFFF_FFFFL,
        1L << 32,
        1L << 48,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1
    };
    /** A mutated input does not grow beyond this, unless the seed is larger. */
    private static final int MAX_BYTES = 16 << 10;

    private final Random random;
    private final List<byte[]> seeds;
    private byte[] bytes;

    /** @param seeds may be empty: then inputs are random bytes */
    public Mutator(Random random, List<byte[]> seeds) {
        this.random = random;
        this.seeds = seeds;
    }

    /** The next input, from a random seed by one to six changes. */
    public byte[] next() {
        if (seeds.isEmpty() || random.nextInt(50) == 0) {
            bytes = new byte[random.nextInt(random.nextInt(8) == 0 ? 2000 : 80)];
            random.nextBytes(bytes);
            return bytes;
        }
        bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int changes = random.nextBoolean() ? 1 : 1 + random.nextInt(6); changes > 0; changes--) {
            change();
        }
        return bytes;
    }

    private void change() {
        if (bytes.length == 0) {
            insert(new byte[] {(byte) random.nextInt(256)}, 0);
            return;
        }
        switch (random.nextInt(12)) {
            case 0, 1 -> bytes[at()] ^= (byte) (1 << random.nextInt(8));
            case 2 -> bytes[at()] = (byte) random.nextInt(256);
            case 3 -> bytes[at()] = (byte) NASTY[random.nextInt(24)];
            case 4 -> bytes[at()] += (byte) (random.nextInt(9) - 4);
            case 5, 6 -> number();
            case 7 -> varint();
            case 8 -> cutOut();
            case 9 -> repeat();
            case 10 -> splice();
            default -> bytes = random.nextInt(3) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : zeros();
        }
    }

    /** Any place, and more often one near the begin or the end, where structures say what they hold. */
    private int at() {
        int near = Math.min(bytes.length, 48);
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(near);
            case 1 -> bytes.length - 1 - random.nextInt(near);
            default -> random.nextInt(bytes.length);
        };
    }

    private void number() {
        int width = 1 << (1 + random.nextInt(3));
        int at = at();
        if (at + width > bytes.length) {
            return;
        }
        long value = NASTY[random.nextInt(NASTY.length)];
        for (int i = 0; i < width; i++) {
            bytes[at + i] = (byte) (value >>> (8 * (width - 1 - i)));
        }
    }

    /** Puts a varint over what is there, or between. */
    private void varint() {
        byte[] number = new byte[10];
        int length = 0;
        long value = NASTY[random.nextInt(NASTY.length)] + random.nextInt(3) - 1;
        while ((value & ~0x7FL) != 0) {
            number[length++] = (byte) (value | 0x80);
            value >>>= 7;
        }
        number[length++] = (byte) value;
        int at = at();
        if (random.nextBoolean()) {
            System.arraycopy(number, 0, bytes, at, Math.min(length, bytes.length - at));
        } else {
            remove(at, 1);
            insert(Arrays.copyOf(number, length), at);
        }
    }

    private void cutOut() {
        int at = at();
        remove(at, 1 + random.nextInt(Math.min(64, bytes.length - at)));
    }

    private void repeat() {
        int at = at();
        int length = 1 + random.nextInt(Math.min(64, bytes.length - at));
        insert(Arrays.copyOfRange(bytes, at, at + length), at());
    }

    private void splice() {
        byte[] other = seeds.get(random.nextInt(seeds.size()));
        if (other.length == 0) {
            return;
        }
        int from = random.nextInt(other.length);
        int length = 1 + random.nextInt(Math.min(200, other.length - from));
        if (random.nextBoolean()) {
            insert(Arrays.copyOfRange(other, from, from + length), at());
        } else {
            int at = at();
            System.arraycopy(other, from, bytes, at, Math.min(length, bytes.length - at));
        }
    }

    private byte[] zeros() {
        int at = at();
        Arrays.fill(bytes, at, at + 1 + random.nextInt(Math.min(64, bytes.length - at)), (byte) 0);
        return bytes;
    }

    private void remove(int at, int length) {
        byte[] less = Arrays.copyOf(bytes, bytes.length - length);
        System.arraycopy(bytes, at + length, less, at, bytes.length - at - length);
        bytes = less;
    }

    private void insert(byte[] piece, int at) {
        if (bytes.length + piece.length > MAX_BYTES) {
            return;
        }
        byte[] more = Arrays.copyOf(bytes, bytes.length + piece.length);
        System.arraycopy(bytes, at, more, at + piece.length, bytes.length - at);
        System.arraycopy(piece, 0, more, at, piece.length);
        bytes = more;
    }
}
