package io.forebay.store.sst.filter;

import java.util.Arrays;

/**
 * Collects distinct keys by their hashes and places, in key order, and makes tables ({@link PointTable}) of those that were added
 * first. Reusable. Used by one thread.
 */
public final class PointTableBuilder {
    /** So many bits for each key fill a table to 71 %: then one line in nine is full. */
    private static final int BITS_PER_KEY = 45;

    private static final int MOST_BITS_PER_KEY = 64;
    private static final int LINE_BITS = PointTable.LINE_BYTES * Byte.SIZE;

    private long[] hashes = new long[1024];
    private short[] places = new short[1024];
    private int count;
    /** Keys before this one cannot be in a table. */
    private int unfit;

    /**
     * Adds a key.
     *
     * @param block number of the data block with its newest version, counted from the start of the partition
     * @param entry number of that version in the block
     */
    public void add(long hash, int block, int entry) {
        if (count == hashes.length) {
            hashes = Arrays.copyOf(hashes, count * 2);
            places = Arrays.copyOf(places, count * 2);
        }
        hashes[count] = hash;
        places[count] = (short) (block << 8 | entry);
        count++;
        if (block < 0 || block >= PointTable.MAX_BLOCKS || entry < 0 || entry >= PointTable.MAX_ENTRIES) {
            unfit = count;
        }
    }

    /** The number of keys that were added and not removed by {@link #build} or {@link #remove}. */
    public int count() {
        return count;
    }

    /** About how many bytes a table over these keys takes. */
    public long estimatedBytes() {
        return (long) count * BITS_PER_KEY / 8;
    }

    /**
     * The words, eight for each line, of a table over the first {@code keys} keys. Those are removed, the others stay.
     *
     * @return null, with nothing removed, when a place does not fit a slot, or so many keys want the same lines that some would
     *     be more than {@link PointTable#MAX_LINES} lines away
     */
    public long[] build(int keys) {
        if (unfit > 0) {
            return null;
        }
        int least = lines(keys, BITS_PER_KEY);
        int most = Math.max(least, lines(keys, MOST_BITS_PER_KEY));
        for (int lines = least; lines <= most; lines += Math.max(1, least / 8)) {
            long[] words = fill(keys, lines);
            if (words != null) {
                remove(keys);
                return words;
            }
        }
        return null;
    }

    /** Removes the first {@code keys} keys. */
    public void remove(int keys) {
        count -= keys;
        unfit = Math.max(0, unfit - keys);
        System.arraycopy(hashes, keys, hashes, 0, count);
        System.arraycopy(places, keys, places, 0, count);
    }

    private static int lines(int keys, int bitsPerKey) {
        return (int) Math.max(1, ((long) keys * bitsPerKey + LINE_BITS - 1) / LINE_BITS);
    }

    /** Null when the keys do not fit so many lines. */
    private long[] fill(int keys, int lines) {
        long[] words = new long[lines * PointTable.LINE_BYTES / Long.BYTES];
        byte[] used = new byte[lines];
        for (int i = 0; i < keys; i++) {
            int line = PointTable.line(hashes[i], lines);
            int tried = 1;
            while (used[line] == PointTable.LINE_SLOTS) {
                if (tried == Math.min(PointTable.MAX_LINES, lines)) {
                    return null;
                }
                tried++;
                line = line + 1 == lines ? 0 : line + 1;
            }
            long slot = (long) PointTable.fingerprint(hashes[i]) << 16 | (places[i] & 0xFFFF);
            int number = line * PointTable.LINE_SLOTS + used[line]++;
            words[number >> 1] |= (number & 1) == 0 ? slot << 32 : slot;
        }
        return words;
    }
}
