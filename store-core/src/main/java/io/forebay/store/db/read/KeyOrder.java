package io.forebay.store.db.read;

import io.forebay.store.util.Slab;
import java.util.Arrays;

/**
 * The order in which the keys of one {@code multiGet} are searched in files. Neighbouring keys share index and data
 * blocks, so in this order each block is read from disk, or brought into the processor's cache, only once. The order
 * compares only a few bytes of each key; keys that agree in these bytes are close to each other anyway.
 */
final class KeyOrder {
    private KeyOrder() {}

    /** Indexes into {@code keys}, in about the order of the keys. {@code keys} is not empty. */
    static long[] of(byte[][] keys) {
        int size = keys.length;
        long indexMask = mask(size);
        int common = commonPrefix(keys);
        long[] order = new long[size];
        for (int i = 0; i < size; i++) {
            byte[] key = keys[i];
            // Heads are unsigned, and the sort compares signed numbers.
            long head = Slab.head(key, common, key.length - common) ^ Long.MIN_VALUE;
            order[i] = head & ~indexMask | i;
        }
        Arrays.sort(order);
        for (int i = 0; i < size; i++) {
            order[i] &= indexMask;
        }
        return order;
    }

    private static long mask(int size) {
        return (1L << (Integer.SIZE - Integer.numberOfLeadingZeros(size))) - 1;
    }

    private static int commonPrefix(byte[][] keys) {
        byte[] first = keys[0];
        int common = first.length;
        for (int i = 1; i < keys.length && common > 0; i++) {
            byte[] key = keys[i];
            int differs = Arrays.mismatch(first, 0, common, key, 0, Math.min(common, key.length));
            common = differs < 0 ? common : differs;
        }
        return common;
    }
}
