package io.forebay.store.key;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;

/**
 * The 64-bit hash of keys, for memtables and filters alike, so that a read computes it once: XXH3 with seed 0. It is part
 * of the SST format and never changes within a format version.
 */
public final class KeyHash {
    private static final Hasher64 XXH3 = Hashing.xxh3_64();

    private KeyHash() {}

    public static long of(byte[] key, int offset, int length) {
        return XXH3.hashBytesToLong(key, offset, length);
    }
}
