package io.forebay.bench.scenarios;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Keys of 16 bytes in random order, and values that do not compress. Nothing is allocated while a work is timed: keys are written
 * into an array of the caller, and values come from a pool made beforehand. One thread.
 */
public final class Data {
    public static final int KEY_BYTES = 16;

    private static final int POOL = 4096;
    private static final long POOL_BYTES = 8L << 20;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final int count;
    private final byte[][] pool;
    private final byte[] key = new byte[KEY_BYTES];

    public Data(int count, int valueBytes) {
        this.count = count;
        long poolSize = Math.max(16, Math.min(POOL, POOL_BYTES / Math.max(1, valueBytes)));
        pool = new byte[(int) Long.highestOneBit(poolSize)][];
        SplittableRandom random = new SplittableRandom(valueBytes);
        for (int i = 0; i < pool.length; i++) {
            pool[i] = new byte[valueBytes];
            random.nextBytes(pool[i]);
        }
    }

    public int count() {
        return count;
    }

    public int valueBytes() {
        return pool[0].length;
    }

    /** Bytes of {@code entries} keys and values. */
    public long bytes(long entries) {
        return entries * (KEY_BYTES + valueBytes());
    }

    /** A key of the store, by number; valid until the next key is asked for. Consecutive numbers give keys in random order. */
    public byte[] present(int index) {
        return present(index, key);
    }

    /** As {@link #present(int)}, into {@code key}. */
    public byte[] present(int index, byte[] key) {
        return write(mix(2L * index), index, key);
    }

    /** A key that is not in the store, between those that are; valid until the next key is asked for. */
    public byte[] absent(int index) {
        return write(mix(2L * index + 1), index, key);
    }

    /** A value of the pool. */
    public byte[] value(int index) {
        return pool[index * 0x9E3779B1 >>> 8 & pool.length - 1];
    }

    /** The {@code index}-th key in ascending order; valid until the next key is asked for. */
    public byte[] ascending(long index) {
        return write(index, ~index, key);
    }

    /** {@code prefix} of 8 bytes and a number of 8 bytes; valid until the next key is asked for. */
    public byte[] under(long prefix, long number) {
        return write(prefix, number, key);
    }

    /** An array of its own. */
    public static byte[] prefix(long prefix) {
        byte[] bytes = new byte[Long.BYTES];
        LONGS.set(bytes, 0, prefix);
        return bytes;
    }

    private static byte[] write(long first, long second, byte[] key) {
        LONGS.set(key, 0, first);
        LONGS.set(key, Long.BYTES, second);
        return key;
    }

    /** One to one. Source: Stafford's variant 13 of the finaliser of MurmurHash3, as in SplittableRandom. */
    private static long mix(long number) {
        long z = number + 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
