package io.forebay.store.compaction;

import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.List;
import java.util.Set;

/**
 * Periodic compaction: finds files that are so old that the compaction filter is to see them again. The age of a file counts
 * from its creation, because each job that writes a file asks the filter about all that goes into it; a move changes no file.
 * Immutable, pure functions.
 *
 * @param nowMillis wall clock
 * @param periodMillis the age at which a file is due; positive
 */
public record FileAges(long nowMillis, long periodMillis) {
    /** Longer than any file has been there; twice as much is still a number. */
    private static final long LONGEST_MILLIS = Long.MAX_VALUE / 4;

    public FileAges {
        periodMillis = Math.min(periodMillis, LONGEST_MILLIS);
    }

    /**
     * The rewriting of the oldest file that is due and not busy; null when there is none. The file stays in its run, so that no
     * job is larger than a file. Of files of the same age one of an older run comes first: what is dropped there leaves no
     * delete behind, and then neither does what lies above it.
     *
     * @param runs newest first
     */
    public Compaction pick(List<SortedRun> runs, Set<FileId> busy) {
        FileMeta oldest = null;
        long rank = 0;
        for (int i = runs.size() - 1; i >= 0; i--) {
            for (FileMeta file : runs.get(i).files()) {
                boolean older = oldest == null
                        || file.info().creationMillis() < oldest.info().creationMillis();
                if (older && isDue(file) && !busy.contains(file.id())) {
                    oldest = file;
                    rank = runs.get(i).rank();
                }
            }
        }
        return oldest == null ? null : Compaction.rewrite(rank, List.of(oldest));
    }

    /**
     * Milliseconds until a file that is not in {@code without} is due; 0 when one is already, {@link Long#MAX_VALUE} when there
     * are no files.
     */
    public long untilNext(List<SortedRun> runs, Set<FileId> without) {
        long least = Long.MAX_VALUE;
        for (SortedRun run : runs) {
            for (FileMeta file : run.files()) {
                if (!without.contains(file.id())) {
                    least = Math.min(least, isDue(file) ? 0 : file.info().creationMillis() + periodMillis - nowMillis);
                }
            }
        }
        return least;
    }

    /** A file of a clock that was ahead by more than the period may have any age. */
    private boolean isDue(FileMeta file) {
        long created = file.info().creationMillis();
        return created <= nowMillis - periodMillis || created >= nowMillis + periodMillis;
    }
}
