package io.forebay.store.sst.filter;

import java.util.Arrays;

/**
 * Collects the hashes of distinct keys in key order, and makes filters of the ones that came first. Reusable; used by one
 * thread.
 */
public final class FilterBuilder {
    private final int bitsPerKey;
    private long[] hashes = new long[1024];
    private int count;

    /** @param bitsPerKey 1 to 32 */
    public FilterBuilder(int bitsPerKey) {
        this.bitsPerKey = bitsPerKey;
    }

    public void add(long hash) {
        if (count == hashes.length) {
            hashes = Arrays.copyOf(hashes, count * 2);
        }
        hashes[count++] = hash;
    }

    /** Keys added and not yet built. */
    public int count() {
        return count;
    }

    /** Bytes of a filter over everything added so far. */
    public long estimatedBytes() {
        return (long) count * bitsPerKey / 8;
    }

    /** The words of a filter over the first {@code keys} hashes, eight a line; they are forgotten, the others stay. */
    public long[] build(int keys) {
        int lines = BlockedBloom.lines(keys, bitsPerKey);
        int probes = BlockedBloom.probes(bitsPerKey);
        long[] words = new long[lines * 8];
        for (int i = 0; i < keys; i++) {
            BlockedBloom.add(words, BlockedBloom.line(hashes[i], lines), hashes[i], probes);
        }
        count -= keys;
        System.arraycopy(hashes, keys, hashes, 0, count);
        return words;
    }
}
