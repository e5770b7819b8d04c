package io.forebay.store.sst.filter;

import io.forebay.store.util.Slab;

/**
 * A blocked Bloom filter: every key sets and tests its bits in one line of 64 bytes, the size of a cache line, so that a test
 * costs one memory access.
 *
 * <pre>
 * Filter   --> Line^Lines
 * Line     --> u64^8
 * line     =   (hash >>> 32) * Lines >>> 32
 * probe i  =   nine bits of a mix of the hash, from the top down, seven probes a mix: three bits for the word, six for the bit
 * mix      =   hash * 0x9E3779B97F4A7C15, and each further one (m ^ m >>> 32) * 0x9E3779B97F4A7C15 of the one before
 * </pre>
 *
 * With 10 bits for each key (six probes) the filter lets about one absent key in a hundred through. Thread-safe, without state.
 */
public final class BlockedBloom {
    public static final int LINE_BYTES = 64;
    public static final int MAX_PROBES = 14;

    private static final long MIX = 0x9E3779B97F4A7C15L;
    private static final int PROBE_BITS = 9;

    private BlockedBloom() {}

    /** The number of probes that lets the fewest absent keys through, with so many bits for each key; 0 for 0 bits. */
    public static int probes(int bitsPerKey) {
        return bitsPerKey == 0 ? 0 : Math.max(1, Math.min(MAX_PROBES, (bitsPerKey * 6 + 5) / 10));
    }

    /** The number of lines for so many keys, at least one. */
    public static int lines(int keys, int bitsPerKey) {
        return (int) Math.max(1, ((long) keys * bitsPerKey + LINE_BYTES * 8 - 1) / (LINE_BYTES * 8));
    }

    /** The number of the line of a key. */
    public static int line(long hash, int lines) {
        return (int) ((hash >>> 32) * lines >>> 32);
    }

    /** Sets the bits of a key in its line, which is {@code words[line * 8, line * 8 + 8)}. */
    public static void add(long[] words, int line, long hash, int probes) {
        long mix = hash * MIX;
        int shift = Long.SIZE - PROBE_BITS;
        for (int i = 0; i < probes; i++) {
            if (shift < 0) {
                mix = (mix ^ (mix >>> 32)) * MIX;
                shift = Long.SIZE - PROBE_BITS;
            }
            int bit = (int) (mix >>> shift) & 511;
            words[line * 8 + (bit >>> 6)] |= 1L << bit;
            shift -= PROBE_BITS;
        }
    }

    /** False when the key was certainly not added to the line at {@code at}. */
    public static boolean mayContain(Slab slab, int at, long hash, int probes) {
        long mix = hash * MIX;
        int shift = Long.SIZE - PROBE_BITS;
        for (int i = 0; i < probes; i++) {
            if (shift < 0) {
                mix = (mix ^ (mix >>> 32)) * MIX;
                shift = Long.SIZE - PROBE_BITS;
            }
            int bit = (int) (mix >>> shift) & 511;
            if ((slab.getLong(at + (bit >>> 6) * 8) >>> bit & 1) == 0) {
                return false;
            }
            shift -= PROBE_BITS;
        }
        return true;
    }
}
