package io.forebay.store.iter;

import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.util.Slab;
import java.util.Arrays;
import java.util.List;

/**
 * The range deletes of a flush or compaction: those of all sources, fragmented together, and of those that lie between the
 * same two kept states only the newest. Walked once in key order, along with the entries, and handed out piece by piece.
 */
final class StripedTombstones {
    private final FragmentArray fragments;
    private final OlderData older;
    /** Smallest sequence kept under each fragment since the last piece of it was handed out. */
    private final long[] oldestKept;

    private int at;
    /** First fragment that is not wholly handed out, and where its rest begins; null: at its start. */
    private int given;

    private byte[] givenUpTo;

    StripedTombstones(List<Source> sources, Retention retention, Stripes stripes) {
        Fragmenter fragmenter = new Fragmenter();
        for (Source source : sources) {
            for (Fragment fragment : source.tombstones().fragments()) {
                long[] sequences = within(fragment.sequences(), retention);
                if (sequences.length > 0) {
                    fragmenter.add(new Fragment(fragment.start(), fragment.end(), sequences));
                }
            }
        }
        Fragmenter reduced = new Fragmenter();
        for (Fragment fragment : fragmenter.finish().fragments()) {
            long[] sequences = newestOfEachStripe(fragment.sequences(), stripes);
            reduced.add(new Fragment(fragment.start(), fragment.end(), sequences));
        }
        fragments = reduced.finish();
        older = retention.older();
        oldestKept = new long[fragments.size()];
        Arrays.fill(oldestKept, Long.MAX_VALUE);
    }

    private static long[] within(long[] newestFirst, Retention retention) {
        int from = 0;
        while (from < newestFirst.length && newestFirst[from] > retention.upTo()) {
            from++;
        }
        int to = newestFirst.length;
        while (to > from && newestFirst[to - 1] <= retention.above()) {
            to--;
        }
        return from == 0 && to == newestFirst.length ? newestFirst : Arrays.copyOfRange(newestFirst, from, to);
    }

    private static long[] newestOfEachStripe(long[] newestFirst, Stripes stripes) {
        long[] kept = new long[newestFirst.length];
        int count = 0;
        for (long sequence : newestFirst) {
            if (count == 0 || stripes.of(kept[count - 1]) != stripes.of(sequence)) {
                kept[count++] = sequence;
            }
        }
        return count == kept.length ? kept : Arrays.copyOf(kept, count);
    }

    /** The newest range delete of all, or -1. */
    long newest() {
        long newest = -1;
        for (Fragment fragment : fragments.fragments()) {
            newest = Math.max(newest, fragment.sequences()[0]);
        }
        return newest;
    }

    /** Moves to {@code key}, which is greater than the ones before. @return the sequences over it, newest first, or null */
    long[] moveTo(byte[] key, int length) {
        while (at < fragments.size()) {
            Fragment fragment = fragments.get(at);
            if (fragment.end() == null || Slab.compare(key, 0, length, fragment.end(), 0, fragment.end().length) < 0) {
                byte[] start = fragment.start();
                return Slab.compare(start, 0, start.length, key, 0, length) <= 0 ? fragment.sequences() : null;
            }
            at++;
        }
        return null;
    }

    /** Notes that an entry at the present key, which is under a fragment, was kept and handed out. */
    void kept(long sequence) {
        oldestKept[at] = Math.min(oldestKept[at], sequence);
    }

    /** Hands out everything before {@code end} (null: everything left) that still has something to hide. */
    void take(byte[] end, List<Fragment> into) {
        while (given < fragments.size()) {
            Fragment fragment = fragments.get(given);
            byte[] start = givenUpTo == null ? fragment.start() : givenUpTo;
            if (end != null && Arrays.compareUnsigned(start, end) >= 0) {
                return;
            }
            boolean whole = end == null || fragment.end() != null && Arrays.compareUnsigned(fragment.end(), end) <= 0;
            byte[] stop = whole ? fragment.end() : end;
            long[] sequences = fragment.sequences();
            if (!older.mayOverlap(start, stop)) {
                sequences = withPrey(sequences, oldestKept[given]);
            }
            if (sequences.length > 0) {
                into.add(new Fragment(start, stop, sequences));
            }
            if (!whole) {
                oldestKept[given] = Long.MAX_VALUE;
                givenUpTo = end;
                return;
            }
            given++;
            givenUpTo = null;
        }
    }

    /** With nothing below the sources, a range delete is of use only over entries that were kept for older states. */
    private static long[] withPrey(long[] newestFirst, long oldestKept) {
        int count = 0;
        while (count < newestFirst.length && newestFirst[count] > oldestKept) {
            count++;
        }
        return count == newestFirst.length ? newestFirst : Arrays.copyOf(newestFirst, count);
    }
}
