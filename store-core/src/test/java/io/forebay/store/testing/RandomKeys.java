package io.forebay.store.testing;

import io.forebay.store.KeyRange;
import java.util.Arrays;
import java.util.Random;

/** Keys that meet often: few letters, among them the extremes, and all short lengths. */
public final class RandomKeys {
    private static final byte[] LETTERS = {0, 'a', 'b', 'c', (byte) 0xFF};

    private final Random random;

    public RandomKeys(Random random) {
        this.random = random;
    }

    public byte[] key() {
        return letters(random.nextInt(7));
    }

    public byte[] prefix() {
        return letters(1 + random.nextInt(3));
    }

    /** Any range, now and then without bounds, seldom empty. */
    public KeyRange range() {
        byte[] from = random.nextInt(10) == 0 ? null : key();
        byte[] to = random.nextInt(10) == 0 ? null : key();
        if (from != null && to != null && Arrays.compareUnsigned(from, to) > 0 && random.nextInt(20) > 0) {
            return KeyRange.of(to, from);
        }
        return KeyRange.of(from, to);
    }

    public byte[] value() {
        int dice = random.nextInt(100);
        byte[] value =
                new byte[dice < 90 ? random.nextInt(40) : dice < 99 ? random.nextInt(400) : random.nextInt(6000)];
        random.nextBytes(value);
        return value;
    }

    private byte[] letters(int length) {
        byte[] key = new byte[length];
        for (int i = 0; i < length; i++) {
            key[i] = LETTERS[random.nextInt(LETTERS.length)];
        }
        return key;
    }
}
