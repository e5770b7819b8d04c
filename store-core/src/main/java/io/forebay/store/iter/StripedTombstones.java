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
 * The range deletes of a flush or compaction: those of all sources, fragmented together; of those in the same stripe only the
 * newest. They are walked once, in key order, along with the entries. Each is passed to the sink when the walk is after it, so
 * that no more than one for each source is in memory, however many there are. Used by one thread.
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
    /** The fragment after it, which was read to find out that the two are not parts of one. */
    private Fragment ahead;
    /** Start of the part of the present fragment that was not passed to the sink. */
    private byte[] rest;
    /** Smallest sequence number of the entries that were kept under that part. */
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

    /** Moves to the first fragment. @param into gets all fragments, except the parts that {@link #cut} returns */
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

    /**
     * Moves to the next fragment. The parts of a range delete that was cut at bounds of files, or of other range deletes, are
     * joined again.
     */
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

    /** No range delete has a higher sequence number; -1 when there are none. */
    long newest() {
        return newest;
    }

    /**
     * Moves to {@code key}, which is greater than the key of the call before. @return the sequence numbers of the range deletes
     * over it, newest first, or null
     */
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

    /** Passes all fragments that are left to the sink. */
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

    /** Notes that an entry at the present key, which is under a fragment, was kept. */
    void kept(long sequence) {
        oldestKept = Math.min(oldestKept, sequence);
    }

    /**
     * Cuts the present fragment at {@code end}. All entries before {@code end} were passed, and of the entries after it only
     * the present one was reached.
     *
     * @return the part before {@code end} if it still hides something, else null
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

    /** The part of the present fragment from {@link #rest} to {@code end}; null when it hides nothing. */
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

    /**
     * With nothing older below the sources, a range delete is needed only over entries that were kept for snapshot sequences
     * below it.
     */
    private static long[] withPrey(long[] newestFirst, long oldestKept) {
        int count = 0;
        while (count < newestFirst.length && newestFirst[count] > oldestKept) {
            count++;
        }
        return count == newestFirst.length ? newestFirst : Arrays.copyOf(newestFirst, count);
    }
}
