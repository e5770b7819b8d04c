package io.forebay.store.memtable;

import io.forebay.store.util.Slab;

/**
 * Tells which segment of a {@link HashIndex} a hash belongs to: the leading bits of the hash are an index into an array.
 * Changed by the writer only; readers notice by {@link HashIndex#stamp}.
 */
final class HashDirectory {
    /** The index of a hash is {@code hash >>> shift}. */
    final int shift;

    final Slab[] segments;
    /** The numbers of the segments, by the same index. */
    final int[] ids;

    private HashDirectory(int shift, Slab[] segments, int[] ids) {
        this.shift = shift;
        this.segments = segments;
        this.ids = ids;
    }

    /** A directory of one segment, number 0. The caller fills in its slab. */
    static HashDirectory ofOne() {
        return new HashDirectory(63, new Slab[2], new int[2]);
    }

    /** The number of leading bits that choose the index. */
    int depth() {
        return 64 - shift;
    }

    /** A directory of the same segments that uses one more bit. */
    HashDirectory doubled() {
        int size = ids.length * 2;
        Slab[] slabs = new Slab[size];
        int[] numbers = new int[size];
        for (int i = 0; i < size; i++) {
            slabs[i] = segments[i >>> 1];
            numbers[i] = ids[i >>> 1];
        }
        return new HashDirectory(shift - 1, slabs, numbers);
    }

    /** Assigns to another segment those indexes of segment {@code id} that have a one after their first {@code depth} bits. */
    void giveUpperHalf(int id, int depth, int toId, Slab to) {
        int upperBit = 1 << (depth() - 1 - depth);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == id && (i & upperBit) != 0) {
                ids[i] = toId;
                segments[i] = to;
            }
        }
    }
}
