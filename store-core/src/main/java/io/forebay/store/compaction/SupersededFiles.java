package io.forebay.store.compaction;

import io.forebay.store.sst.Superseded;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.List;

/**
 * Files with old versions and deletes that a merge kept for snapshots and iterators. When these are closed, the files are rewritten, each by
 * itself and within its run. A rewritten file has nothing left that is superseded, so none is rewritten twice, and none while a reader is
 * older than its newest entry. Pure functions.
 */
final class SupersededFiles {
    /**
     * A file of the bottom run is rewritten when this part of it is superseded. That writes four bytes for each one given back, about as a merge
     * of tiers that weigh a quarter of the bottom run does. Less is left to the merges that follow.
     */
    static final double BOTTOM_SHARE = 0.2;

    /** The same for a tier, which the next merges would take in any case: what is given back is at least as much as is written. */
    static final double TIER_SHARE = 0.5;

    private SupersededFiles() {}

    /** The rewriting of one file; null when there is none. */
    static Compaction pick(PickInput in) {
        for (SortedRun run : in.runs()) {
            for (FileMeta file : run.files()) {
                if (file.newestSequence() <= in.oldestSnapshot() && in.isFree(file) && isMuch(run, file)) {
                    return Compaction.rewrite(run.rank(), List.of(file));
                }
            }
        }
        return null;
    }

    /**
     * Whether a large part of the space that the file takes is superseded. Deletes are of no use where nothing is older; in a tier they may be
     * needed for older runs.
     */
    private static boolean isMuch(SortedRun run, FileMeta file) {
        Superseded superseded = file.info().superseded();
        if (superseded == null) {
            return false;
        }
        double part = run.isBottom() ? superseded.partWithDeletes() : superseded.part();
        double bytes = file.fileBytes() * part + superseded.valueBytes();
        return bytes >= (file.fileBytes() + file.valueBytes()) * (run.isBottom() ? BOTTOM_SHARE : TIER_SHARE);
    }

    /**
     * The least newest sequence number, above {@code oldest}, of files that may be rewritten, or dropped with what they hide, when no reader
     * is older than that; {@link Long#MAX_VALUE} when there is none.
     *
     * @param oldest the oldest state that a reader has
     * @param durable files with anything newer wait for a commit, after which there is another look
     */
    static long awaited(List<SortedRun> runs, long oldest, long durable) {
        long least = Long.MAX_VALUE;
        for (SortedRun run : runs) {
            for (FileMeta file : run.files()) {
                long newest = file.newestSequence();
                if (newest > oldest && newest <= durable && newest < least && waits(run, file)) {
                    least = newest;
                }
            }
        }
        return least;
    }

    private static boolean waits(SortedRun run, FileMeta file) {
        Superseded superseded = file.info().superseded();
        return file.rangeDeletes() > 0
                || superseded != null && superseded.valueBytes() > 0
                || run.isBottom() && BottomUpkeep.hasManyDeletes(file)
                || isMuch(run, file);
    }
}
