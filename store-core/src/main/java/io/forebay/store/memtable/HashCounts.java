package io.forebay.store.memtable;

import io.forebay.store.WriteBatch;
import io.forebay.store.key.KeyHash;

/**
 * How the keys of a batch spread over the segments of a {@link HashIndex}: the number of keys whose hashes start with given
 * bits. A key that occurs twice counts twice. Used by one thread.
 */
final class HashCounts implements WriteBatch.Handler {
    /** At most so many leading bits of a hash choose the segment. */
    static final int MAX_DEPTH = 16;
    /** Result of {@link #segments} when no number of segments is enough. */
    static final int CROWDED = 1 << 24;

    /** For each index the number of keys whose leading bits are a smaller number than the index. */
    private final int[] below = new int[(1 << MAX_DEPTH) + 1];

    static HashCounts of(WriteBatch batch) {
        HashCounts counts = new HashCounts();
        batch.forEach(counts);
        int[] below = counts.below;
        for (int i = 1; i < below.length; i++) {
            below[i] += below[i - 1];
        }
        return counts;
    }

    @Override
    public void operation(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        if (kind != WriteBatch.DELETE_RANGE) {
            below[(int) (KeyHash.of(bytes, keyAt, keyLength) >>> (64 - MAX_DEPTH)) + 1]++;
        }
    }

    /**
     * Keys with the first {@code depth} bits of {@code prefix}.
     *
     * @param prefix {@link #MAX_DEPTH} bits, of which those after the first {@code depth} are zero
     */
    int count(int prefix, int depth) {
        return below[prefix + (1 << (MAX_DEPTH - depth))] - below[prefix];
    }

    /**
     * How many segments of at most {@code most} keys the keys of {@link #count} need; {@link #CROWDED} when no number is
     * enough.
     */
    int segments(int prefix, int depth, int most) {
        if (count(prefix, depth) <= most) {
            return 1;
        }
        if (depth == MAX_DEPTH) {
            return CROWDED;
        }
        int upper = prefix | upperBit(depth);
        int needed = segments(prefix, depth + 1, most) + segments(upper, depth + 1, most);
        return Math.min(CROWDED, needed);
    }

    /** The bit that is set in the prefix of the upper half of a segment and not set in that of the lower half. */
    static int upperBit(int depth) {
        return 1 << (MAX_DEPTH - 1 - depth);
    }
}
