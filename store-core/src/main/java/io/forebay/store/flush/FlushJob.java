package io.forebay.store.flush;

import io.forebay.store.CompactionFilter;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.iter.OlderData;
import io.forebay.store.iter.Retention;
import io.forebay.store.iter.RetentionIterator;
import io.forebay.store.iter.Source;
import io.forebay.store.sst.CacheAdmission;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Writes immutable memtables to SSTs as one sorted run, or as two runs when a commit lies inside of them, because a durable
 * commit must cover an SST as a whole or not at all. Used by one thread; runs once. It changes no version: the caller applies
 * an edit with the files.
 *
 * <pre>
 *  immutable memtables     101 ............ 140 | 141 ............ 170     sequence numbers
 *                                        commit
 *  boundary 140            [ upToCommit: 101-140 ]  [ aboveCommit: 141-170 ]     two runs, the second of higher rank
 *  NO_BOUNDARY             [ upToCommit:          101-170                  ]     one run
 * </pre>
 */
public final class FlushJob {
    /** There is no commit inside of the memtables. */
    public static final long NO_BOUNDARY = -1;

    private final SstTarget target;
    private final long boundary;
    private final long[] snapshotSequences;
    private final Version below;
    private final List<SortedRun> older;
    private final MergeFunction mergeFunction;
    private final CompactionFilter filter;
    private final Cancellation cancellation;

    /** Opens cursors over the memtables of a job. */
    @FunctionalInterface
    public interface SourceSupplier {
        /** One source for each memtable, the newest first. */
        List<Source> open() throws IOException;
    }

    /**
     * @param boundary sequence number of the newest commit, if there are entries or range deletes both at or below it and above
     *     it; else {@link #NO_BOUNDARY}
     * @param snapshotSequences ascending, distinct, read after the freeze
     * @param below a version with everything that is older than the memtables; the caller keeps a reference to it until the end
     *     of the job
     * @param checkpointRuns runs of the checkpoints that will get the flushed files as well: a delete is kept as long as one of
     *     these runs may have its key
     * @param mergeFunction may be null
     * @param filter may be null
     */
    public FlushJob(
            SstTarget target,
            long boundary,
            long[] snapshotSequences,
            Version below,
            List<SortedRun> checkpointRuns,
            MergeFunction mergeFunction,
            CompactionFilter filter) {
        this(target, boundary, snapshotSequences, below, checkpointRuns, mergeFunction, filter, new Cancellation());
    }

    /**
     * @param cancellation ends {@link #run} with a {@link java.util.concurrent.CancellationException}; then no new file is left
     */
    public FlushJob(
            SstTarget target,
            long boundary,
            long[] snapshotSequences,
            Version below,
            List<SortedRun> checkpointRuns,
            MergeFunction mergeFunction,
            CompactionFilter filter,
            Cancellation cancellation) {
        this.cancellation = cancellation;
        this.target = target;
        this.boundary = boundary;
        this.snapshotSequences = snapshotSequences.clone();
        this.below = below;
        older = new ArrayList<>(below.runs());
        older.addAll(checkpointRuns);
        this.mergeFunction = mergeFunction;
        this.filter = filter;
    }

    /** @param memtables called once for every run to be written; the job closes the iterators */
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
        // No entry gets sequence number 0, because the flushed entries are not committed before the edit.
        Retention retention =
                new Retention(snapshotSequences, above, upTo, -1, lower, mergeFunction, filter, target.foldBytes());
        try (RetentionIterator entries = new RetentionIterator(memtables.open(), retention, cancellation);
                SstOutput output = new SstOutput(
                        target,
                        entries::cutTombstone,
                        SplitKeys.of(below.bottom()),
                        SplitKeys.leastBytes(target.targetFileBytes()),
                        KeyRange.all(),
                        CacheAdmission.FREE,
                        Set.of())) {
            output.addAll(entries);
            cancellation.check();
            return output.finish();
        }
    }
}
