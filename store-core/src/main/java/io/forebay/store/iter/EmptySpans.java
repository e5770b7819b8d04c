package io.forebay.store.iter;

import io.forebay.store.key.KeyText;
import io.forebay.store.util.Slab;
import java.util.Arrays;

/**
 * Spans of keys in which one state of a store has no live entry. A cursor jumps over the tombstones in them, and over the
 * entries that these hide, which it would have to walk otherwise. The spans are half-open, disjoint and in key order. Immutable
 * but for the marks of use; thread-safe.
 */
public final class EmptySpans {
    public static final EmptySpans NONE = new EmptySpans(new byte[0][], new byte[0][], new boolean[0]);

    /** Gets the spans that a cursor found to be empty. */
    public interface Listener {
        /**
         * The state that the cursor shows has no live entry in {@code [from, to)}.
         *
         * @param from kept
         * @param to kept; null: to the end
         */
        void foundEmpty(byte[] from, byte[] to);
    }

    /**
     * At most so many spans are kept. When there are so many, a write into a span removes the whole span instead of dividing
     * it.
     */
    private static final int MOST = 128;

    private final byte[][] froms;
    /** Only the last element may be null: to the end. */
    private final byte[][] tos;

    private final long[] fromHeads;
    /** Which spans were of use. A deliberate race: readers set the elements without a lock, and a lost update loses a hint. */
    private final boolean[] used;

    private EmptySpans(byte[][] froms, byte[][] tos, boolean[] used) {
        this.froms = froms;
        this.tos = tos;
        this.used = used;
        fromHeads = new long[froms.length];
        for (int i = 0; i < froms.length; i++) {
            fromHeads[i] = Slab.head(froms[i], 0, froms[i].length);
        }
    }

    public boolean isEmpty() {
        return froms.length == 0;
    }

    public int size() {
        return froms.length;
    }

    /** The index of the span that contains the key, or -1. */
    int containing(byte[] key, int offset, int length) {
        int index = floor(key, offset, length);
        return index >= 0 && isAfter(tos[index], key, offset, length) ? index : -1;
    }

    /** The index of the span that contains the keys right before {@code key}, or -1. */
    int endingAtOrAfter(byte[] key, int offset, int length) {
        int index = floor(key, offset, length);
        if (index >= 0 && Slab.compare(froms[index], 0, froms[index].length, key, offset, length) == 0) {
            index--;
        }
        if (index < 0) {
            return -1;
        }
        byte[] to = tos[index];
        return to == null || Slab.compare(to, 0, to.length, key, offset, length) >= 0 ? index : -1;
    }

    /** The first key of the span that reaches to the end, which is noted as used; null when there is none. */
    byte[] startOfLast() {
        int last = froms.length - 1;
        return last >= 0 && tos[last] == null ? from(last) : null;
    }

    /** The first key of a span, which is noted as used. */
    byte[] from(int index) {
        used[index] = true;
        return froms[index];
    }

    /** The first key after a span, which is noted as used; null when the span reaches to the end. */
    byte[] to(int index) {
        used[index] = true;
        return tos[index];
    }

    /**
     * These spans and another one. Spans that overlap or touch become one. When there are too many, a span that was of no use
     * is removed.
     *
     * @param from kept, before {@code to}
     * @param to kept; null: to the end
     */
    public EmptySpans with(byte[] from, byte[] to) {
        return with(from, to, true);
    }

    /** As {@link #with}, but returns these spans unchanged when another span would have to be removed. */
    public EmptySpans withIfRoom(byte[] from, byte[] to) {
        return with(from, to, false);
    }

    private EmptySpans with(byte[] from, byte[] to, boolean pushOut) {
        int first = floor(from, 0, from.length);
        if (first < 0 || tos[first] != null && Arrays.compareUnsigned(tos[first], from) < 0) {
            first++;
        }
        // [first, stop) overlap or touch
        int stop = first;
        while (stop < size() && (to == null || Arrays.compareUnsigned(froms[stop], to) <= 0)) {
            stop++;
        }
        byte[] start = from;
        byte[] end = to;
        if (first < stop) {
            if (Arrays.compareUnsigned(froms[first], from) <= 0) {
                start = froms[first];
            }
            byte[] last = tos[stop - 1];
            if (last == null || end != null && Arrays.compareUnsigned(last, end) > 0) {
                end = last;
            }
        } else if (size() == MOST && !pushOut) {
            return this;
        } else if (size() == MOST) {
            // The new span is kept, because a cursor needs it now.
            return without(leastUsed()).with(from, to);
        }
        return replace(first, stop, new byte[][] {start}, new byte[][] {end});
    }

    private int leastUsed() {
        for (int i = 0; i < size(); i++) {
            if (!used[i]) {
                return i;
            }
        }
        Arrays.fill(used, false);
        return 0;
    }

    private EmptySpans without(int index) {
        return replace(index, index + 1, new byte[0][], new byte[0][]);
    }

    /**
     * These spans without the key, which has a live entry now. A span that no cursor has used is removed as a whole, so that
     * not every write into a cleared range costs a division. Returns this object when no span contains the key.
     */
    public EmptySpans without(byte[] key, int offset, int length) {
        int index = containing(key, offset, length);
        if (index < 0) {
            return this;
        }
        if (!used[index]) {
            return without(index);
        }
        byte[] from = froms[index];
        byte[] to = tos[index];
        byte[] successor = Arrays.copyOf(Arrays.copyOfRange(key, offset, offset + length), length + 1);
        boolean left = from.length != length || Slab.compare(from, 0, from.length, key, offset, length) != 0;
        boolean right = to == null || !Arrays.equals(successor, to);
        if (left && right) {
            byte[] at = Arrays.copyOf(successor, length);
            return size() == MOST
                    ? without(index)
                    : replace(index, index + 1, new byte[][] {from, successor}, new byte[][] {at, to});
        }
        if (left) {
            return replace(index, index + 1, new byte[][] {from}, new byte[][] {Arrays.copyOf(successor, length)});
        }
        return right ? replace(index, index + 1, new byte[][] {successor}, new byte[][] {to}) : without(index);
    }

    /** The spans that were of use, with their marks of use reset. */
    public EmptySpans used() {
        int count = 0;
        byte[][] keptFroms = new byte[size()][];
        byte[][] keptTos = new byte[size()][];
        for (int i = 0; i < size(); i++) {
            if (used[i]) {
                keptFroms[count] = froms[i];
                keptTos[count++] = tos[i];
            }
        }
        return count == 0
                ? NONE
                : new EmptySpans(Arrays.copyOf(keptFroms, count), Arrays.copyOf(keptTos, count), new boolean[count]);
    }

    private EmptySpans replace(int first, int stop, byte[][] newFroms, byte[][] newTos) {
        int count = size() - (stop - first) + newFroms.length;
        boolean wasUsed = false;
        for (int i = first; i < stop; i++) {
            wasUsed |= used[i];
        }
        boolean[] marks = new boolean[count];
        System.arraycopy(used, 0, marks, 0, first);
        Arrays.fill(marks, first, first + newFroms.length, wasUsed);
        System.arraycopy(used, stop, marks, first + newFroms.length, size() - stop);
        return new EmptySpans(
                spliced(froms, first, stop, newFroms, count), spliced(tos, first, stop, newTos, count), marks);
    }

    private static byte[][] spliced(byte[][] old, int first, int stop, byte[][] added, int count) {
        byte[][] result = new byte[count][];
        System.arraycopy(old, 0, result, 0, first);
        System.arraycopy(added, 0, result, first, added.length);
        System.arraycopy(old, stop, result, first + added.length, old.length - stop);
        return result;
    }

    /** The index of the last span that starts at or before the key, or -1. */
    private int floor(byte[] key, int offset, int length) {
        long head = Slab.head(key, offset, length);
        int low = 0;
        int high = fromHeads.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = Long.compareUnsigned(fromHeads[middle], head);
            if (order == 0) {
                order = Slab.compare(froms[middle], 0, froms[middle].length, key, offset, length);
            }
            if (order <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    private static boolean isAfter(byte[] to, byte[] key, int offset, int length) {
        return to == null || Slab.compare(to, 0, to.length, key, offset, length) > 0;
    }

    @Override
    public String toString() {
        return describe(KeyText.HIDDEN);
    }

    /** The spans in key order. */
    String describe(KeyText keys) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < size(); i++) {
            text.append(keys.range(froms[i], tos[i])).append(' ');
        }
        return text.toString();
    }
}
