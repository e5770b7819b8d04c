package io.forebay.store.flush;

import io.forebay.store.CompactionFilter;
import io.forebay.store.MergeFunction;
import io.forebay.store.iter.OlderData;
import io.forebay.store.iter.Retention;
import io.forebay.store.iter.RetentionIterator;
import io.forebay.store.iter.Source;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes frozen memtables as one sorted run, or as two when a commit lies inside: an SST must be committed as a whole or
 * not at all. Runs on one thread, once; changes no version, the caller applies the edit.
 */
public final class FlushJob {
    /** No commit inside. */
    public static final long NO_BOUNDARY = -1;

    private final SstTarget target;
    private final long boundary;
    private final long[] snapshots;
    private final Version below;
    private final List<SortedRun> older;
    private final MergeFunction mergeFunction;
    private final CompactionFilter filter;
    private final Cancellation cancellation;

    /** Opens sources over the memtables of a job. */
    @FunctionalInterface
    public interface SourceSupplier {
        /** One source for each memtable, the newest first. */
        List<Source> open() throws IOException;
    }

    /**
     * @param boundary sequence of the newest commit, if there are both entries (or range deletes) at or below it and above
     *     it, else {@link #NO_BOUNDARY}
     * @param snapshots sequences of the live snapshots, ascending, distinct, taken after the freeze
     * @param below a version that holds everything older than the memtables; the caller holds it until the end
     * @param pinned runs of checkpoints that what is flushed is for as well: a delete stays while one of them may hold its key
     * @param mergeFunction may be null
     * @param filter may be null
     */
    public FlushJob(
            SstTarget target,
            long boundary,
            long[] snapshots,
            Version below,
            List<SortedRun> pinned,
            MergeFunction mergeFunction,
            CompactionFilter filter) {
        this(target, boundary, snapshots, below, pinned, mergeFunction, filter, new Cancellation());
    }

    /** @param cancellation ends {@link #run} with a {@link java.util.concurrent.CancellationException}; no new file is left then */
    public FlushJob(
            SstTarget target,
            long boundary,
            long[] snapshots,
            Version below,
            List<SortedRun> pinned,
            MergeFunction mergeFunction,
            CompactionFilter filter,
            Cancellation cancellation) {
        this.cancellation = cancellation;
        this.target = target;
        this.boundary = boundary;
        this.snapshots = snapshots.clone();
        this.below = below;
        older = new ArrayList<>(below.runs());
        older.addAll(pinned);
        this.mergeFunction = mergeFunction;
        this.filter = filter;
    }

    /** @param memtables called once for every run to be written; the iterators are closed */
    public FlushResult run(SourceSupplier memtables) throws IOException {
        if (boundary == NO_BOUNDARY) {
            return new FlushResult(write(memtables, -1, Long.MAX_VALUE, new OlderFiles(older)), List.of());
        }
        List<FileMeta> upToCommit = write(memtables, -1, boundary, new OlderFiles(older));
        List<FileMeta> aboveCommit = null;
        try {
            aboveCommit = write(memtables, boundary, Long.MAX_VALUE, above(upToCommit));
        } finally {
            if (aboveCommit == null) {
                upToCommit.forEach(file -> file.file().release());
            }
        }
        return new FlushResult(upToCommit, aboveCommit);
    }

    private OlderData above(List<FileMeta> lowerRun) {
        return lowerRun.isEmpty() ? new OlderFiles(older) : OlderData.UNKNOWN;
    }

    private List<FileMeta> write(SourceSupplier memtables, long above, long upTo, OlderData lower) throws IOException {
        // Nothing gets sequence number 0 here: what is flushed is not committed before the edit.
        Retention retention =
                new Retention(snapshots, above, upTo, -1, lower, mergeFunction, filter, target.foldBytes());
        try (RetentionIterator entries = new RetentionIterator(memtables.open(), retention, cancellation);
                SstOutput output = new SstOutput(
                        target,
                        entries::cutTombstone,
                        Guides.of(below.bottom()),
                        Guides.leastBytes(target.targetFileBytes()))) {
            for (entries.start(output::addTombstone); entries.isValid(); entries.next()) {
                output.add(
                        entries.key(),
                        0,
                        entries.keyLength(),
                        entries.sequence(),
                        entries.kind(),
                        entries.valueSlab(),
                        entries.valueOffset(),
                        entries.valueLength());
            }
            cancellation.check();
            return output.finish();
        }
    }
}
