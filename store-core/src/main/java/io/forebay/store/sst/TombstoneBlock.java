package io.forebay.store.sst;

import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The encoding of the range deletes of a file.
 *
 * <pre>
 * Tombstones   --> Count:varint, Fragment^Count
 * Fragment     --> Start, End, Sequences:varint, Newest:varint, Gap:varint^(Sequences - 1)
 * Start        --> 0:varint (where the previous fragment ends) | Length + 1:varint, u8^Length
 * End          --> 0:varint (the end of the key space) | Length + 1:varint, u8^Length
 * Gap          --> this sequence is so much smaller than the one before
 * </pre>
 */
final class TombstoneBlock {
    private static final int MIN_FRAGMENT_BYTES = 4;

    private TombstoneBlock() {}

    static FieldWriter encode(FragmentArray fragments) {
        FieldWriter out = new FieldWriter().number(fragments.size());
        byte[] previousEnd = null;
        for (Fragment fragment : fragments.fragments()) {
            putBound(out, Arrays.equals(previousEnd, fragment.start()) ? null : fragment.start());
            putBound(out, fragment.end());
            long[] sequences = fragment.sequences();
            out.number(sequences.length).number(sequences[0]);
            for (int i = 1; i < sequences.length; i++) {
                out.number(sequences[i - 1] - sequences[i]);
            }
            previousEnd = fragment.end();
        }
        return out;
    }

    private static void putBound(FieldWriter out, byte[] bound) {
        if (bound == null) {
            out.number(0);
        } else {
            out.number(bound.length + 1L).bytes(bound);
        }
    }

    static FragmentArray decode(FieldReader in) {
        int count = in.count("fragments", MIN_FRAGMENT_BYTES);
        List<Fragment> fragments = new ArrayList<>(count);
        byte[] previousEnd = null;
        for (int i = 0; i < count; i++) {
            byte[] start = bound(in);
            if (start == null) {
                start = previousEnd;
            }
            byte[] end = bound(in);
            boolean ordered = start != null
                    && (i == 0 || (previousEnd != null && Arrays.compareUnsigned(previousEnd, start) <= 0))
                    && (end == null || Arrays.compareUnsigned(start, end) < 0);
            if (!ordered) {
                throw in.corrupt("fragments in key order, not empty", "fragment " + i + ", which is not");
            }
            fragments.add(new Fragment(start, end, sequences(in)));
            previousEnd = end;
        }
        in.end();
        return FragmentArray.of(fragments);
    }

    private static byte[] bound(FieldReader in) {
        int lengthAndOne = in.count("length of a bound", 1);
        return lengthAndOne == 0 ? null : in.bytes(lengthAndOne - 1);
    }

    private static long[] sequences(FieldReader in) {
        int count = in.count("sequences", 1);
        if (count == 0) {
            throw in.corrupt("at least one sequence of a fragment", "none");
        }
        long[] sequences = new long[count];
        sequences[0] = in.number("a sequence", 0, Long.MAX_VALUE);
        for (int i = 1; i < count; i++) {
            sequences[i] = sequences[i - 1] - in.number("a gap between sequences", 1, sequences[i - 1]);
        }
        return sequences;
    }

    /** The same fragments with one sequence. */
    static FragmentArray at(FragmentArray fragments, long sequence) {
        Fragmenter replaced = new Fragmenter();
        for (Fragment fragment : fragments.fragments()) {
            replaced.add(fragment.start(), fragment.end(), sequence);
        }
        return replaced.finish();
    }

    /** About how many heap bytes the decoded fragments take. */
    static long heapBytes(FragmentArray fragments) {
        long bytes = 0;
        for (Fragment fragment : fragments.fragments()) {
            bytes += fragment.heapBytes();
        }
        return bytes;
    }
}
