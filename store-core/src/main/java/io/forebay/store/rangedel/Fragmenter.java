package io.forebay.store.rangedel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Turns range deletes that overlap in any way into fragments that do not: the key space is cut at every bound, and each piece
 * lists the sequences of all range deletes over it. Neighbouring pieces with the same sequences become one, so that the parts
 * of a range delete that was cut at bounds of files are joined again.
 *
 * <p>Used by one thread. The fragmenter keeps the arrays that it gets; the caller must not change them.
 */
public final class Fragmenter {
    private static final Comparator<byte[]> KEY_ORDER = Arrays::compareUnsigned;

    private final List<Fragment> added = new ArrayList<>();
    /** True when the fragments added so far are sorted and disjoint: the usual case of a single source. */
    private boolean disjoint = true;

    private long keyBytes;
    private long sequences;

    /** Adds the range delete {@code [from, to)}; null {@code to}: to the end. An empty range adds nothing. */
    public Fragmenter add(byte[] from, byte[] to, long sequence) {
        return add(new Fragment(from, to, new long[] {sequence}));
    }

    public Fragmenter add(Fragment fragment) {
        if (fragment.end() != null && Arrays.compareUnsigned(fragment.start(), fragment.end()) >= 0) {
            return this;
        }
        if (!added.isEmpty()) {
            Fragment last = added.get(added.size() - 1);
            if (last.goesOnIn(fragment)) {
                added.remove(added.size() - 1);
                keyBytes -= last.keyBytes();
                sequences -= last.sequences().length;
                return append(new Fragment(last.start(), fragment.end(), last.sequences()));
            }
            byte[] lastEnd = last.end();
            disjoint &= lastEnd != null && Arrays.compareUnsigned(lastEnd, fragment.start()) <= 0;
        }
        return append(fragment);
    }

    private Fragmenter append(Fragment fragment) {
        added.add(fragment);
        keyBytes += fragment.keyBytes();
        sequences += fragment.sequences().length;
        return this;
    }

    /** About how many heap bytes the added range deletes take; neighbouring parts of one range delete count as one. */
    public long heapBytes() {
        return Fragment.heapBytes(added.size(), keyBytes, sequences);
    }

    /** About how many bytes they take in a file, with a few bytes for lengths and for each sequence number. */
    public long encodedBytes() {
        return 4L * added.size() + keyBytes + 3 * sequences;
    }

    public Fragmenter addAll(RangeTombstones tombstones) {
        for (Fragment fragment : tombstones.fragments()) {
            add(fragment);
        }
        return this;
    }

    public boolean isEmpty() {
        return added.isEmpty();
    }

    /** The fragments of everything added; the fragmenter is empty afterwards. */
    public FragmentArray finish() {
        List<Fragment> out = new ArrayList<>(added.size());
        if (disjoint) {
            for (Fragment fragment : added) {
                emit(out, fragment);
            }
        } else {
            sweep(out);
        }
        added.clear();
        keyBytes = 0;
        sequences = 0;
        disjoint = true;
        return FragmentArray.of(out);
    }

    /** Walks the bounds in key order with the set of ranges that are open between two of them. */
    private void sweep(List<Fragment> out) {
        List<Fragment> byStart = new ArrayList<>(added);
        byStart.sort((a, b) -> KEY_ORDER.compare(a.start(), b.start()));
        byte[][] bounds = sortedBounds();
        OpenSequences open = new OpenSequences();
        List<Fragment> byEnd = new ArrayList<>(added);
        byEnd.removeIf(fragment -> fragment.end() == null);
        byEnd.sort((a, b) -> KEY_ORDER.compare(a.end(), b.end()));
        int nextStart = 0;
        int nextEnd = 0;
        for (int i = 0; i < bounds.length; i++) {
            byte[] bound = bounds[i];
            while (nextEnd < byEnd.size() && Arrays.equals(byEnd.get(nextEnd).end(), bound)) {
                open.close(byEnd.get(nextEnd++).sequences());
            }
            while (nextStart < byStart.size()
                    && Arrays.equals(byStart.get(nextStart).start(), bound)) {
                open.open(byStart.get(nextStart++).sequences());
            }
            if (!open.isEmpty()) {
                emit(out, new Fragment(bound, i + 1 < bounds.length ? bounds[i + 1] : null, open.newestFirst()));
            }
        }
    }

    private byte[][] sortedBounds() {
        List<byte[]> bounds = new ArrayList<>(added.size() * 2);
        for (Fragment fragment : added) {
            bounds.add(fragment.start());
            if (fragment.end() != null) {
                bounds.add(fragment.end());
            }
        }
        bounds.sort(KEY_ORDER);
        int unique = 0;
        for (int i = 0; i < bounds.size(); i++) {
            if (i == 0 || !Arrays.equals(bounds.get(i), bounds.get(unique - 1))) {
                bounds.set(unique++, bounds.get(i));
            }
        }
        return bounds.subList(0, unique).toArray(new byte[0][]);
    }

    private static void emit(List<Fragment> out, Fragment fragment) {
        if (!out.isEmpty()) {
            Fragment last = out.get(out.size() - 1);
            if (last.goesOnIn(fragment)) {
                out.set(out.size() - 1, new Fragment(last.start(), fragment.end(), last.sequences()));
                return;
            }
        }
        out.add(fragment);
    }

    /** A sorted multiset of sequences: pieces of one range delete from two sources may overlap. */
    private static final class OpenSequences {
        private long[] ascending = new long[8];
        private int size;

        boolean isEmpty() {
            return size == 0;
        }

        void open(long[] sequences) {
            for (long sequence : sequences) {
                if (size == ascending.length) {
                    ascending = Arrays.copyOf(ascending, size * 2);
                }
                int at = find(sequence);
                System.arraycopy(ascending, at, ascending, at + 1, size - at);
                ascending[at] = sequence;
                size++;
            }
        }

        void close(long[] sequences) {
            for (long sequence : sequences) {
                int at = find(sequence);
                System.arraycopy(ascending, at + 1, ascending, at, size - at - 1);
                size--;
            }
        }

        private int find(long sequence) {
            int at = Arrays.binarySearch(ascending, 0, size, sequence);
            return at >= 0 ? at : -at - 1;
        }

        long[] newestFirst() {
            long[] out = new long[size];
            int count = 0;
            for (int i = size - 1; i >= 0; i--) {
                if (count == 0 || out[count - 1] != ascending[i]) {
                    out[count++] = ascending[i];
                }
            }
            return count == size ? out : Arrays.copyOf(out, count);
        }
    }
}
