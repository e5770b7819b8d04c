package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * The input of the picker. Immutable.
 *
 * @param runs newest first
 * @param busy files of running compactions
 * @param durableSequence sequence number of the durable commit
 * @param oldestSnapshot the lowest sequence number at which a reader may still read; {@link Long#MAX_VALUE} for none
 * @param targetFileBytes size at which a merge starts a new file
 * @param tombstones reads the range deletes of files of one run
 * @param parts estimates parts of files
 */
record PickInput(
        List<SortedRun> runs,
        Set<FileId> busy,
        long durableSequence,
        long oldestSnapshot,
        long targetFileBytes,
        TombstoneReader tombstones,
        PartReader parts) {

    /** Reads the range deletes of files of one run, which are in key order. */
    @FunctionalInterface
    interface TombstoneReader {
        TombstoneSet read(List<FileMeta> files);
    }

    /** Estimates which part of the entries of a file, 0 to 1, lies in a range. */
    @FunctionalInterface
    interface PartReader {
        double of(FileMeta file, KeyRange range) throws IOException;
    }

    /** Every reader, also one after a crash, sees all that is at or below it: there is one state up to here. */
    long visibleToAll() {
        return Math.min(durableSequence, oldestSnapshot);
    }

    boolean isCommitted(FileMeta file) {
        return file.newestSequence() <= durableSequence;
    }

    /** True when no running compaction has the file, and a durable commit covers it. */
    boolean isFree(FileMeta file) {
        return isCommitted(file) && !busy.contains(file.id());
    }

    SortedRun bottom() {
        SortedRun oldest = runs.isEmpty() ? null : runs.get(runs.size() - 1);
        return oldest != null && oldest.isBottom() ? oldest : null;
    }
}
