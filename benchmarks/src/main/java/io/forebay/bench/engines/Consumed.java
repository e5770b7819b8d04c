package io.forebay.bench.engines;

import java.util.Map;

/** What a scan has read, added up: keeps the compiler from leaving out reads, and tells whether the entries are the right ones. */
public final class Consumed {
    private long sum;

    Consumed() {}

    /** What an entry adds. */
    public static long mix(byte[] key, byte[] value) {
        long sum = key.length == 0 ? 0 : key[key.length - 1];
        return sum + (value.length == 0 ? 0 : value[0]);
    }

    void scanned(long entries) {
        sum = entries;
    }

    /** The {@link #mix} of all entries of the last scan. */
    long sum() {
        return sum;
    }

    int scan(Iterable<Map.Entry<byte[], byte[]>> entries, int limit) {
        int count = 0;
        long total = 0;
        for (Map.Entry<byte[], byte[]> entry : entries) {
            if (count == limit) {
                break;
            }
            total += mix(entry.getKey(), entry.getValue());
            count++;
        }
        scanned(total);
        return count;
    }
}
