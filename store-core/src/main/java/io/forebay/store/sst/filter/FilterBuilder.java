package io.forebay.store.sst.filter;

import java.util.Arrays;

/**
 * Collects the hashes of distinct keys in key order, and makes filters of the hashes that were added first. Reusable. Used by
 * one thread.
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

    /** The number of keys that were added and are in no filter yet. */
    public int count() {
        return count;
    }

    /** Bytes of a filter over these keys. */
    public long estimatedBytes() {
        return (long) count * bitsPerKey / 8;
    }

    /**
     * The words, eight for each line, of a filter over the first {@code keys} hashes. Those hashes are removed, the others
     * stay.
     */
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
