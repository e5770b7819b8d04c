package io.forebay.store.version;

import io.forebay.store.KeyRange;
import io.forebay.store.iter.Source;
import io.forebay.store.key.PointLookup;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.sst.InputHeat;
import io.forebay.store.sst.SstIterator;
import io.forebay.store.util.Cancellation;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * All files of a store at one moment: sorted runs, newest first.
 *
 * <pre>{@code
 *   rank 7    tier         [a . . . . . . . . . . z]        a flush
 *   rank 5    tier         [c . . . . . . . x]
 *   rank 0    bottom run   [a . . d][e . . m][n . . . z]    files with disjoint ranges
 * }</pre>
 *
 * <p>Immutable, with a count of references: while it is above zero the files stay. A version does not know which of its
 * entries a reader may see. Thread-safe.
 */
public final class Version {
    private final List<SortedRun> runs;
    private final SortedRun[] newestFirst;
    private final AtomicInteger references = new AtomicInteger(1);

    /** Retains the files of all runs; empty runs are left out. The creator has one reference. */
    public Version(List<SortedRun> runs) {
        newestFirst = runs.stream()
                .filter(run -> run.size() > 0)
                .sorted(Comparator.comparingLong(SortedRun::rank).reversed())
                .toArray(SortedRun[]::new);
        this.runs = List.of(newestFirst);
        for (SortedRun run : newestFirst) {
            for (FileMeta file : run.files()) {
                file.file().retain();
            }
        }
    }

    /** Newest first; ranks are unique. */
    public List<SortedRun> runs() {
        return runs;
    }

    /** The run of a rank, or null. */
    public SortedRun run(long rank) {
        for (SortedRun run : newestFirst) {
            if (run.rank() == rank) {
                return run;
            }
        }
        return null;
    }

    /** The bottom run, or null when it is empty. */
    public SortedRun bottom() {
        return run(SortedRun.BOTTOM);
    }

    /**
     * Asks the files for the key of {@code lookup}, newest first.
     *
     * @return true when the files decide the read; false when they do not (the lookup may have found operands)
     */
    public boolean get(PointLookup lookup) throws IOException {
        for (SortedRun run : newestFirst) {
            // A range delete that was found so far, here or in a memtable, hides everything in the runs below.
            if (lookup.isCovered()) {
                return true;
            }
            FileMeta file = run.find(lookup.key(), lookup.offset(), lookup.length(), lookup.head());
            if (file != null
                    && file.oldestSequence() <= lookup.limit()
                    && file.file().reader().get(lookup, file.overrideSequence())) {
                return true;
            }
        }
        return lookup.isCovered();
    }

    /**
     * Adds one source for every run that has files in {@code range}, newest first. The caller closes their iterators,
     * and has a reference to this version meanwhile.
     *
     * @param fillCache true for reads of users; false for scans that should not change the block cache
     */
    public void addSources(KeyRange range, boolean fillCache, List<Source> into) throws IOException {
        for (SortedRun run : newestFirst) {
            int begin = firstOverlapping(run, range);
            int end = endOfOverlapping(run, range);
            if (begin < end) {
                // The range deletes of the whole run: those that are not asked for are not read.
                into.add(new Source(new SstIterator(new RunFiles(run, begin, end), fillCache), run.tombstones()));
            }
        }
    }

    /**
     * A source over files of one run, in key order, for a job: it reads past the block cache. Each file shows only its visible
     * range.
     *
     * @param heat notes which of the blocks that are read are in the cache; null for none
     */
    public static Source source(List<FileMeta> files, InputHeat heat) throws IOException {
        SortedRun run = new SortedRun(SortedRun.BOTTOM, files);
        return new Source(new SstIterator(new RunFiles(run, 0, run.size()), heat), RunTombstones.scan(files, false));
    }

    /**
     * The range deletes of files of one run, which are given in key order. Those of each file are cut to what the file
     * shows, and read when they are asked for. For one thread.
     */
    public static TombstoneSet tombstones(List<FileMeta> files) {
        return RunTombstones.scan(files, true);
    }

    /**
     * About which part of the data of a file, 0 to 1, lies in ranges, which are disjoint and ascending.
     *
     * @param cancellation ends the reading with a {@link java.util.concurrent.CancellationException}
     */
    public static double share(FileMeta file, List<KeyRange> ranges, Cancellation cancellation) throws IOException {
        return file.file().reader().share(ranges, cancellation);
    }

    /** The files of {@code run} whose ranges overlap {@code range}, in key order. */
    public static List<FileMeta> overlapping(SortedRun run, KeyRange range) {
        int begin = firstOverlapping(run, range);
        return begin < run.size()
                ? run.files().subList(begin, Math.max(begin, endOfOverlapping(run, range)))
                : List.of();
    }

    private static int firstOverlapping(SortedRun run, KeyRange range) {
        byte[] from = range.from();
        int candidate = run.floor(from, 0, from.length);
        if (candidate < 0) {
            return 0;
        }
        byte[] to = run.file(candidate).range().to();
        return to == null || Arrays.compareUnsigned(from, to) < 0 ? candidate : candidate + 1;
    }

    private static int endOfOverlapping(SortedRun run, KeyRange range) {
        byte[] to = range.to();
        if (to == null) {
            return run.size();
        }
        if (range.isEmpty()) {
            return 0;
        }
        int last = run.floor(to, 0, to.length);
        return last >= 0 && Arrays.equals(run.file(last).range().from(), to) ? last : last + 1;
    }

    public int fileCount() {
        int sum = 0;
        for (SortedRun run : newestFirst) {
            sum += run.size();
        }
        return sum;
    }

    /** Bytes of the SSTs; a virtual file counts with its whole SST. */
    public long bytes() {
        long sum = 0;
        for (SortedRun run : newestFirst) {
            sum += run.bytes();
        }
        return sum;
    }

    /** Entries of the SSTs. */
    public long entries() {
        long sum = 0;
        for (SortedRun run : newestFirst) {
            for (FileMeta file : run.files()) {
                sum += file.entries();
            }
        }
        return sum;
    }

    public void retain() {
        if (references.getAndIncrement() <= 0) {
            throw new IllegalStateException("A version was retained after its last release");
        }
    }

    public void release() {
        int left = references.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("A version was released more often than retained");
        }
        if (left == 0) {
            for (SortedRun run : newestFirst) {
                for (FileMeta file : run.files()) {
                    file.file().release();
                }
            }
        }
    }
}
