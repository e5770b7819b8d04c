package io.forebay.bench.engines;

import java.util.Arrays;

/** Ranges of keys by prefix. */
final class Prefixes {
    private Prefixes() {}

    /** The smallest key above all that start with {@code prefix}; null when there is none. */
    static byte[] end(byte[] prefix) {
        for (int i = prefix.length - 1; i >= 0; i--) {
            if (prefix[i] != -1) {
                byte[] end = Arrays.copyOf(prefix, i + 1);
                end[i]++;
                return end;
            }
        }
        return null;
    }

    static boolean isUnder(byte[] key, byte[] prefix) {
        return key.length >= prefix.length && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }
}
