package io.forebay.store.memtable;

import io.forebay.store.util.Cancellation;
import io.forebay.store.util.Slab;
import java.util.Arrays;

/**
 * Sorts key records by key: an in-place radix sort over eight key bytes at a time. Those bytes lie next to the refs, so that a
 * record is touched again only when keys agree in all eight. Shared key prefixes are skipped at once. Used by one thread.
 */
final class KeySorter {
    private static final int INSERTION_SORT_MAX = 24;
    private static final int RADIX = 256;
    /**
     * Keys that would need a deeper recursion (each is a little longer than the one before and otherwise alike) are sorted by
     * comparison.
     */
    private static final int MAX_NESTING = 32;

    private final Arena arena;
    private final int[] refs;
    private final long[] heads;
    private final Cancellation cancellation;
    /** Bucket bounds, by level of recursion. */
    private final int[][] nexts = new int[MAX_NESTING][];

    private final int[][] ends = new int[MAX_NESTING][];

    /** Sorts the given arrays in place; {@code heads[i]} has the first eight bytes of the key of {@code refs[i]}. */
    KeySorter(Arena arena, int[] refs, long[] heads, Cancellation cancellation) {
        this.arena = arena;
        this.refs = refs;
        this.heads = heads;
        this.cancellation = cancellation;
    }

    /** Sorts the first {@code count} refs together with their heads. */
    void sort(int count) {
        sortByHead(0, count, 0, 0);
    }

    /** Sorts keys whose first {@code depth} bytes are the same; {@code heads} has the eight bytes after those. */
    private void sortByHead(int from, int to, int depth, int nesting) {
        if (to - from <= INSERTION_SORT_MAX) {
            insertionSort(from, to, depth);
            return;
        }
        cancellation.check();
        long different = differentBits(from, to);
        if (different == 0) {
            sortEqualHeads(from, to, depth, nesting);
            return;
        }
        if (nesting == MAX_NESTING) {
            heapSort(from, to, depth);
            return;
        }
        int shift = 56 - (Long.numberOfLeadingZeros(different) & 0x38);
        int[] next = buckets(nexts, nesting);
        int[] end = buckets(ends, nesting);
        distribute(from, to, shift, next, end);
        int start = from;
        for (int bucket = 0; bucket < RADIX; bucket++) {
            int stop = end[bucket];
            if (stop - start > 1) {
                sortByHead(start, stop, depth, nesting + 1);
            }
            start = stop;
        }
    }

    private long differentBits(int from, int to) {
        long first = heads[from];
        long different = 0;
        for (int i = from + 1; i < to; i++) {
            different |= heads[i] ^ first;
        }
        return different;
    }

    private static int[] buckets(int[][] byLevel, int level) {
        if (byLevel[level] == null) {
            byLevel[level] = new int[RADIX];
        }
        return byLevel[level];
    }

    /** One pass of American flag sort: counts, then swaps every entry into its bucket. */
    private void distribute(int from, int to, int shift, int[] next, int[] end) {
        Arrays.fill(end, 0);
        for (int i = from; i < to; i++) {
            end[(int) (heads[i] >>> shift) & 0xFF]++;
        }
        int at = from;
        for (int bucket = 0; bucket < RADIX; bucket++) {
            next[bucket] = at;
            at += end[bucket];
            end[bucket] = at;
        }
        for (int bucket = 0; bucket < RADIX; bucket++) {
            int stop = end[bucket];
            while (next[bucket] < stop) {
                int slot = next[bucket];
                long head = heads[slot];
                int ref = refs[slot];
                int target;
                while ((target = (int) (head >>> shift) & 0xFF) != bucket) {
                    int place = next[target]++;
                    long otherHead = heads[place];
                    int otherRef = refs[place];
                    heads[place] = head;
                    refs[place] = ref;
                    head = otherHead;
                    ref = otherRef;
                }
                heads[slot] = head;
                refs[slot] = ref;
                next[bucket]++;
            }
        }
    }

    /** Sorts keys whose heads, padded with zeros, are the same as well: first the keys that end within the head, by length. */
    private void sortEqualHeads(int from, int to, int depth, int nesting) {
        long head = heads[from];
        int start = from;
        int at = depth;
        do {
            start = loadNextHeads(start, to, at);
            at += Long.BYTES;
        } while (to - start > 1 && differentBits(start, to) == 0);
        if (to - start > 1) {
            sortByHead(start, to, at, nesting);
        }
        Arrays.fill(heads, from, to, head);
    }

    /** Moves the keys that end within the heads to the front, in order, and returns the index of the first other key. */
    private int loadNextHeads(int from, int to, int depth) {
        int deeper = depth + Long.BYTES;
        int start = from;
        for (int i = from; i < to; i++) {
            int ref = refs[i];
            Slab slab = arena.slab(ref);
            int at = Arena.offset(ref);
            int rest = slab.getInt(at + Records.KEY_LENGTH) - deeper;
            if (rest > 0) {
                heads[i] = slab.head(at + Records.KEY + deeper, rest);
            } else {
                refs[i] = refs[start];
                heads[i] = heads[start];
                int place = start++;
                while (place > from && keyLength(refs[place - 1]) > rest + deeper) {
                    refs[place] = refs[place - 1];
                    place--;
                }
                refs[place] = ref;
            }
        }
        return start;
    }

    private int keyLength(int ref) {
        return arena.slab(ref).getInt(Arena.offset(ref) + Records.KEY_LENGTH);
    }

    private void insertionSort(int from, int to, int depth) {
        for (int i = from + 1; i < to; i++) {
            long head = heads[i];
            int ref = refs[i];
            int at = i;
            while (at > from && isLess(head, ref, heads[at - 1], refs[at - 1], depth)) {
                heads[at] = heads[at - 1];
                refs[at] = refs[at - 1];
                at--;
            }
            heads[at] = head;
            refs[at] = ref;
        }
    }

    private void heapSort(int from, int to, int depth) {
        int count = to - from;
        for (int root = count / 2 - 1; root >= 0; root--) {
            siftDown(from, root, count, depth);
        }
        for (int last = count - 1; last > 0; last--) {
            swap(from, from + last);
            siftDown(from, 0, last, depth);
        }
    }

    private void siftDown(int from, int root, int count, int depth) {
        int parent = root;
        for (int child; (child = 2 * parent + 1) < count; parent = child) {
            if (child + 1 < count && isLess(from + child, from + child + 1, depth)) {
                child++;
            }
            if (!isLess(from + parent, from + child, depth)) {
                return;
            }
            swap(from + parent, from + child);
        }
    }

    private void swap(int a, int b) {
        int ref = refs[a];
        refs[a] = refs[b];
        refs[b] = ref;
        long head = heads[a];
        heads[a] = heads[b];
        heads[b] = head;
    }

    private boolean isLess(int a, int b, int depth) {
        return isLess(heads[a], refs[a], heads[b], refs[b], depth);
    }

    private boolean isLess(long head, int ref, long otherHead, int otherRef, int depth) {
        if (head != otherHead) {
            return Long.compareUnsigned(head, otherHead) < 0;
        }
        Slab slab = arena.slab(ref);
        Slab other = arena.slab(otherRef);
        int at = Arena.offset(ref);
        int otherAt = Arena.offset(otherRef);
        int length = slab.getInt(at + Records.KEY_LENGTH);
        int otherLength = other.getInt(otherAt + Records.KEY_LENGTH);
        int skip = Math.min(depth, Math.min(length, otherLength));
        return slab.compare(
                        at + Records.KEY + skip, length - skip, other, otherAt + Records.KEY + skip, otherLength - skip)
                < 0;
    }
}
