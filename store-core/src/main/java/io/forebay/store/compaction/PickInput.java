package io.forebay.store.compaction;

import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.List;
import java.util.Set;

/**
 * The input of the picker. Immutable, but for what is remembered.
 *
 * @param runs newest first
 * @param busy files of running compactions
 * @param durableSequence sequence number of the durable commit
 * @param oldestSnapshot the lowest sequence number at which a reader may still read; {@link Long#MAX_VALUE} for none
 * @param targetFileBytes size at which a merge starts a new file
 * @param tombstones reads the range deletes of files of one run
 * @param hidden what is remembered of range deletes
 * @param cancellation ends a pick that reads, with a {@link java.util.concurrent.CancellationException}
 */
record PickInput(
        List<SortedRun> runs,
        Set<FileId> busy,
        long durableSequence,
        long oldestSnapshot,
        long targetFileBytes,
        TombstoneReader tombstones,
        HiddenMemo hidden,
        Cancellation cancellation) {

    /** Reads the range deletes of files of one run, which are in key order. */
    @FunctionalInterface
    interface TombstoneReader {
        TombstoneSet read(List<FileMeta> files);
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
