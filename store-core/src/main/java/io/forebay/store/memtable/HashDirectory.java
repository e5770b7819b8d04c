package io.forebay.store.memtable;

import io.forebay.store.util.Slab;

/** Which segment of a {@link HashIndex} is for a hash: its leading bits are a place in an array. */
final class HashDirectory {
    /** The place of a hash is {@code hash >>> shift}. */
    final int shift;

    final Slab[] segments;
    /** The numbers of the segments, by place as well. */
    final int[] ids;

    private HashDirectory(int shift, Slab[] segments, int[] ids) {
        this.shift = shift;
        this.segments = segments;
        this.ids = ids;
    }

    /** For one segment, number 0, which is to be filled in. */
    static HashDirectory ofOne() {
        return new HashDirectory(63, new Slab[2], new int[2]);
    }

    /** So many leading bits choose the place. */
    int depth() {
        return 64 - shift;
    }

    /** The same, with one more bit. */
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

    /** Gives the places of segment {@code id} that have a one behind their first {@code depth} bits to another segment. */
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
