package io.forebay.bench.engines;

import java.util.Map;

/** Keeps the compiler from leaving out reads of which nothing is used. */
final class Consumed {
    /** Written now and then, never read: what an entry adds up to. */
    private static volatile long sink;

    private Consumed() {}

    static long mix(byte[] key, byte[] value) {
        long sum = key.length == 0 ? 0 : key[key.length - 1];
        return sum + (value.length == 0 ? 0 : value[0]);
    }

    static void of(long sum) {
        if (sum == Long.MIN_VALUE) {
            sink = sum;
        }
    }

    static int count(Iterable<Map.Entry<byte[], byte[]>> entries, int limit) {
        int count = 0;
        long sum = 0;
        for (Map.Entry<byte[], byte[]> entry : entries) {
            if (count == limit) {
                break;
            }
            sum += mix(entry.getKey(), entry.getValue());
            count++;
        }
        of(sum);
        return count;
    }
}
