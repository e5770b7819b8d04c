package io.forebay.store.rangedel;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * The fragments of several sources, cut at each other's bounds as a {@link Fragmenter} does it, but one after the other: no
 * more than one fragment of each source is in memory. Neighbouring pieces are not joined. Used by one thread.
 */
public final class FragmentMerge implements FragmentCursor {
    private final FragmentCursor[] sources;
    /** For each source its fragment over or after {@link #at}; null when the source has no more. */
    private final Fragment[] open;

    private boolean started;
    /** Where the last piece ended. */
    private byte[] at = new byte[0];

    public FragmentMerge(List<FragmentCursor> sources) {
        this.sources = sources.toArray(new FragmentCursor[0]);
        open = new Fragment[this.sources.length];
    }

    @Override
    public Fragment next() throws IOException {
        for (int i = 0; !started && i < open.length; i++) {
            open[i] = sources[i].next();
        }
        started = true;
        byte[] start = null;
        for (Fragment fragment : open) {
            if (fragment != null) {
                byte[] from = startOf(fragment);
                start = start == null || Arrays.compareUnsigned(from, start) < 0 ? from : start;
            }
        }
        if (start == null) {
            return null;
        }
        byte[] end = null;
        long[] sequences = {};
        for (Fragment fragment : open) {
            if (fragment != null) {
                boolean over = Arrays.compareUnsigned(fragment.start(), start) <= 0;
                byte[] bound = over ? fragment.end() : fragment.start();
                end = end == null || bound != null && Arrays.compareUnsigned(bound, end) < 0 ? bound : end;
                sequences = over ? union(sequences, fragment.sequences()) : sequences;
            }
        }
        passUpTo(end);
        return new Fragment(start, end, sequences);
    }

    private byte[] startOf(Fragment fragment) {
        return Arrays.compareUnsigned(fragment.start(), at) < 0 ? at : fragment.start();
    }

    private void passUpTo(byte[] end) throws IOException {
        for (int i = 0; i < open.length; i++) {
            boolean passed = open[i] != null && (end == null || Arrays.equals(open[i].end(), end));
            if (passed) {
                open[i] = end == null ? null : sources[i].next();
            }
        }
        at = end;
    }

    /**
     * The union of two descending lists without repetitions. Both may have the same sequence, because pieces of one range
     * delete from two sources may overlap.
     */
    private static long[] union(long[] one, long[] other) {
        if (one.length == 0 || other.length == 0) {
            return one.length == 0 ? other : one;
        }
        long[] all = new long[one.length + other.length];
        int count = 0;
        int i = 0;
        int j = 0;
        while (i < one.length || j < other.length) {
            long next;
            if (j == other.length || i < one.length && one[i] >= other[j]) {
                j += j < other.length && one[i] == other[j] ? 1 : 0;
                next = one[i++];
            } else {
                next = other[j++];
            }
            all[count++] = next;
        }
        return count == all.length ? all : Arrays.copyOf(all, count);
    }
}
