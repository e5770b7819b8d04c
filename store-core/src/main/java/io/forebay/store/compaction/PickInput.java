package io.forebay.store.compaction;

import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.List;
import java.util.Set;

/**
 * What the picker decides by.
 *
 * @param runs newest first
 * @param busy files of running compactions
 * @param durableSequence what the last durable commit covers
 * @param oldestSnapshot smallest sequence number that a reader may still ask for
 * @param targetFileBytes size at which merges begin a new file
 * @param tombstones reads the range deletes of files of one run
 */
record PickInput(
        List<SortedRun> runs,
        Set<FileId> busy,
        long durableSequence,
        long oldestSnapshot,
        long targetFileBytes,
        TombstoneReader tombstones) {

    /** The range deletes of files of one run, in key order. */
    @FunctionalInterface
    interface TombstoneReader {
        TombstoneSet read(List<FileMeta> files);
    }

    boolean isCommitted(FileMeta file) {
        return file.newestSequence() <= durableSequence;
    }

    /** Nobody works on the file, and a crash would not take it back. */
    boolean isFree(FileMeta file) {
        return isCommitted(file) && !busy.contains(file.id());
    }

    SortedRun bottom() {
        SortedRun oldest = runs.isEmpty() ? null : runs.get(runs.size() - 1);
        return oldest != null && oldest.isBottom() ? oldest : null;
    }
}
