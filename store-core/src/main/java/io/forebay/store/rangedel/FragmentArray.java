package io.forebay.store.rangedel;

import io.forebay.store.KeyRange;
import io.forebay.store.key.KeyText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Range deletes as a sorted array of fragments: the form that SSTs, flushes and compactions use. Immutable. */
public final class FragmentArray implements RangeTombstones {
    public static final FragmentArray EMPTY = new FragmentArray(new Fragment[0]);

    private final Fragment[] fragments;

    private FragmentArray(Fragment[] fragments) {
        this.fragments = fragments;
    }

    /**
     * Takes fragments that are in key order, not empty, and do not overlap; the list is copied.
     *
     * @throws IllegalArgumentException naming the first fragment that breaks the order
     */
    public static FragmentArray of(List<Fragment> sorted) {
        if (sorted.isEmpty()) {
            return EMPTY;
        }
        Fragment[] array = sorted.toArray(new Fragment[0]);
        for (int i = 0; i < array.length; i++) {
            check(array[i], i == 0 ? null : array[i - 1]);
        }
        return new FragmentArray(array);
    }

    private static void check(Fragment fragment, Fragment previous) {
        boolean empty = fragment.end() != null && Arrays.compareUnsigned(fragment.start(), fragment.end()) >= 0;
        boolean descending = fragment.sequences().length > 0;
        for (int i = 1; i < fragment.sequences().length; i++) {
            descending &= fragment.sequences()[i - 1] > fragment.sequences()[i];
        }
        if (empty || !descending) {
            throw new IllegalArgumentException("Not a fragment: " + describe(fragment));
        }
        if (previous != null
                && (previous.end() == null || Arrays.compareUnsigned(previous.end(), fragment.start()) > 0)) {
            throw new IllegalArgumentException(
                    "Fragment " + describe(fragment) + " does not lie after " + describe(previous));
        }
    }

    /** Keys are not shown, because the fragments may be of an encrypted file. */
    private static String describe(Fragment fragment) {
        return KeyText.HIDDEN.range(fragment.start(), fragment.end()) + " with sequences "
                + Arrays.toString(fragment.sequences());
    }

    @Override
    public boolean isEmpty() {
        return fragments.length == 0;
    }

    @Override
    public int size() {
        return fragments.length;
    }

    /** The fragment at {@code index} in key order, 0 to {@link #size()} - 1. */
    public Fragment get(int index) {
        return fragments[index];
    }

    @Override
    public Fragment endingAfter(byte[] key, int offset, int length) {
        int index = firstEndingAfter(key, offset, length);
        return index < fragments.length ? fragments[index] : null;
    }

    @Override
    public Fragment startingBefore(byte[] key, int offset, int length) {
        int count = countStartingBefore(key, offset, length);
        return count == 0 ? null : fragments[count - 1];
    }

    @Override
    public Fragment covering(byte[] key, int offset, int length) {
        Fragment candidate = endingAfter(key, offset, length);
        return candidate != null && compare(candidate.start(), key, offset, length) <= 0 ? candidate : null;
    }

    @Override
    public Iterable<Fragment> fragments() {
        return Collections.unmodifiableList(Arrays.asList(fragments));
    }

    /** The range from the start of the first to the end of the last fragment; null when empty. */
    public KeyRange range() {
        return isEmpty() ? null : KeyRange.of(fragments[0].start(), fragments[fragments.length - 1].end());
    }

    /** The parts of these fragments that lie inside {@code range}; fragments across its bounds are cut. */
    public FragmentArray clip(KeyRange range) {
        if (range.isEmpty()) {
            return EMPTY;
        }
        byte[] from = range.from();
        byte[] to = range.to();
        int first = firstEndingAfter(from, 0, from.length);
        int end = to == null ? fragments.length : countStartingBefore(to, 0, to.length);
        if (first >= end) {
            return EMPTY;
        }
        if (first == 0 && end == fragments.length && inside(fragments[0], range) && inside(fragments[end - 1], range)) {
            return this;
        }
        List<Fragment> clipped = new ArrayList<>(end - first);
        for (int i = first; i < end; i++) {
            clipped.add(clip(fragments[i], range));
        }
        return new FragmentArray(clipped.toArray(new Fragment[0]));
    }

    private static boolean inside(Fragment fragment, KeyRange range) {
        return clip(fragment, range) == fragment;
    }

    private static Fragment clip(Fragment fragment, KeyRange range) {
        KeyRange whole = KeyRange.of(fragment.start(), fragment.end());
        KeyRange part = whole.intersect(range);
        return part.equals(whole) ? fragment : new Fragment(part.from(), part.to(), fragment.sequences());
    }

    private int firstEndingAfter(byte[] key, int offset, int length) {
        int low = 0;
        int high = fragments.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            byte[] end = fragments[middle].end();
            if (end == null || compare(end, key, offset, length) > 0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private int countStartingBefore(byte[] key, int offset, int length) {
        int low = 0;
        int high = fragments.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (compare(fragments[middle].start(), key, offset, length) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static int compare(byte[] bound, byte[] key, int offset, int length) {
        return Arrays.compareUnsigned(bound, 0, bound.length, key, offset, offset + length);
    }
}
