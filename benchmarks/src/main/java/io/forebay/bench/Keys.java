package io.forebay.bench;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Keys of 16 bytes in random order, and values. A key is a scrambled number followed by the number itself. */
final class Keys {
    private final int count;
    private final int valueBytes;
    private final int[] order;

    Keys(int count, int valueBytes, long seed) {
        this.count = count;
        this.valueBytes = valueBytes;
        order = new int[count];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < count; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
    }

    int count() {
        return count;
    }

    byte[] present(int index) {
        return key(2L * index);
    }

    byte[] absent(int index) {
        return key(2L * index + 1);
    }

    byte[] shuffled(int index) {
        return present(order[index]);
    }

    byte[] value(SplittableRandom random) {
        byte[] value = new byte[valueBytes];
        ByteBuffer buffer = ByteBuffer.wrap(value);
        while (buffer.remaining() >= 8) {
            buffer.putLong(random.nextLong());
        }
        return value;
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(16)
                .putLong(number * 0x9E3779B97F4A7C15L)
                .putLong(number)
                .array();
    }
}
