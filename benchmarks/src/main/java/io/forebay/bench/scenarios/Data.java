package io.forebay.bench.scenarios;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Keys of 16 bytes in scrambled order, and values that do not compress. Values come from a pool made beforehand, so that
 * making them costs the engines nothing.
 */
final class Data {
    private static final int POOL = 4096;

    private final int count;
    private final byte[][] pool;

    Data(int count, int valueBytes) {
        this.count = count;
        int poolSize = (int) Math.max(16, Math.min(POOL, (64L << 20) / Math.max(1, valueBytes)));
        pool = new byte[Integer.highestOneBit(poolSize)][];
        SplittableRandom random = new SplittableRandom(valueBytes);
        for (int i = 0; i < pool.length; i++) {
            pool[i] = new byte[valueBytes];
            random.nextBytes(pool[i]);
        }
    }

    int count() {
        return count;
    }

    int valueBytes() {
        return pool[0].length;
    }

    /** A key of the store; consecutive numbers lie far from each other. */
    byte[] present(int index) {
        return key(2L * index);
    }

    /** A key that is not in the store, between those that are. */
    byte[] absent(int index) {
        return key(2L * index + 1);
    }

    byte[] value(int index) {
        return pool[index * 0x9E3779B1 >>> 8 & pool.length - 1];
    }

    /** Keys in ascending order. */
    static byte[] ascending(long index) {
        return ByteBuffer.allocate(16).putLong(index).putLong(~index).array();
    }

    /** {@code prefix} of 8 bytes and a number of 8 bytes. */
    static byte[] under(long prefix, long number) {
        return ByteBuffer.allocate(16).putLong(prefix).putLong(number).array();
    }

    static byte[] prefix(long prefix) {
        return ByteBuffer.allocate(8).putLong(prefix).array();
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(16)
                .putLong(number * 0x9E3779B97F4A7C15L)
                .putLong(number)
                .array();
    }
}
