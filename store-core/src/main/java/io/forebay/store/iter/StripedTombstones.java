package io.forebay.store.iter;

import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentCursor;
import io.forebay.store.rangedel.FragmentMerge;
import io.forebay.store.util.Cancellation;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The range deletes of a flush or compaction: those of all sources, fragmented together, and of those that lie between the
 * same two kept states only the newest. Walked once in key order, along with the entries. Each is handed out when the walk
 * has passed it, so that no more of them are held than one for each source, however many there are.
 */
final class StripedTombstones {
    private final Retention retention;
    private final Stripes stripes;
    private final Cancellation cancellation;
    private final OlderData older;
    private final FragmentMerge merge;
    private final long newest;
    private TombstoneSink sink;

    /** The first fragment that the walk has not passed; null at the end. */
    private Fragment present;
    /** What follows it, read to know that it is no part of it. */
    private Fragment ahead;
    /** Where the rest of it begins that was not handed out. */
    private byte[] rest;
    /** Smallest sequence kept under that. */
    private long oldestKept;

    StripedTombstones(List<Source> sources, Retention retention, Stripes stripes, Cancellation cancellation) {
        this.retention = retention;
        this.stripes = stripes;
        this.cancellation = cancellation;
        older = retention.older();
        List<FragmentCursor> cursors = new ArrayList<>();
        long most = -1;
        for (Source source : sources) {
            if (!source.tombstones().isEmpty()) {
                cursors.add(wanted(source.tombstones().cursor()));
                most = Math.max(most, source.tombstones().newestSequence());
            }
        }
        newest = Math.min(most, retention.upTo());
        merge = new FragmentMerge(cursors);
    }

    /** To the first one. @param into takes all of them, but what {@link #cut} returns */
    void start(TombstoneSink into) throws IOException {
        sink = into;
        step();
    }

    private FragmentCursor wanted(FragmentCursor all) {
        return () -> {
            for (Fragment fragment = all.next(); fragment != null; fragment = all.next()) {
                long[] sequences = within(fragment.sequences());
                if (sequences.length > 0) {
                    return sequences == fragment.sequences()
                            ? fragment
                            : new Fragment(fragment.start(), fragment.end(), sequences);
                }
            }
            return null;
        };
    }

    private long[] within(long[] newestFirst) {
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

    private long[] newestOfEachStripe(long[] newestFirst) {
        long[] kept = new long[newestFirst.length];
        int count = 0;
        for (long sequence : newestFirst) {
            if (count == 0 || stripes.of(kept[count - 1]) != stripes.of(sequence)) {
                kept[count++] = sequence;
            }
        }
        return count == kept.length ? newestFirst : Arrays.copyOf(kept, count);
    }

    private Fragment reduced() throws IOException {
        cancellation.check();
        Fragment next = merge.next();
        if (next == null) {
            return null;
        }
        long[] sequences = newestOfEachStripe(next.sequences());
        return sequences == next.sequences() ? next : new Fragment(next.start(), next.end(), sequences);
    }

    /** To the next one. The parts of a range delete that was cut at bounds of files, or of others, grow together again. */
    private void step() throws IOException {
        Fragment joined = ahead == null ? reduced() : ahead;
        ahead = null;
        while (joined != null && joined.end() != null && ahead == null) {
            Fragment next = reduced();
            if (next == null) {
                break;
            }
            if (joined.goesOnIn(next)) {
                joined = new Fragment(joined.start(), next.end(), joined.sequences());
            } else {
                ahead = next;
            }
        }
        present = joined;
        rest = joined == null ? null : joined.start();
        oldestKept = Long.MAX_VALUE;
    }

    /** A sequence that no range delete is above, or -1. */
    long newest() {
        return newest;
    }

    /** Moves to {@code key}, which is greater than the ones before. @return the sequences over it, newest first, or null */
    long[] moveTo(byte[] key, int length) throws IOException {
        while (present != null) {
            byte[] end = present.end();
            if (end == null || Slab.compare(key, 0, length, end, 0, end.length) < 0) {
                byte[] start = present.start();
                return Slab.compare(start, 0, start.length, key, 0, length) <= 0 ? present.sequences() : null;
            }
            pass();
        }
        return null;
    }

    /** Hands out all that are left. */
    void finish() throws IOException {
        while (present != null) {
            pass();
        }
    }

    private void pass() throws IOException {
        Fragment passed = needed(present.end());
        step();
        if (passed != null) {
            sink.add(passed);
        }
    }

    /** Notes that an entry at the present key, which is under a fragment, was kept and handed out. */
    void kept(long sequence) {
        oldestKept = Math.min(oldestKept, sequence);
    }

    /**
     * Cuts the present fragment at {@code end}, up to where all entries were handed out, and none behind it but the present one.
     *
     * @return the part before that, if it still has something to hide; else null
     */
    Fragment cut(byte[] end) {
        if (present == null || Arrays.compareUnsigned(rest, end) >= 0) {
            return null;
        }
        if (present.end() != null && Arrays.compareUnsigned(present.end(), end) <= 0) {
            end = present.end();
        }
        Fragment before = needed(end);
        rest = end;
        oldestKept = Long.MAX_VALUE;
        return before;
    }

    /** What of the present fragment lies between the rest and {@code end}; null when it hides nothing. */
    private Fragment needed(byte[] end) {
        if (end != null && Arrays.compareUnsigned(rest, end) >= 0) {
            return null;
        }
        long[] sequences = present.sequences();
        if (!older.mayOverlap(rest, end)) {
            sequences = withPrey(sequences, oldestKept);
        }
        return sequences.length == 0 ? null : new Fragment(rest, end, sequences);
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
