package io.forebay.store.compaction;

import io.forebay.store.sst.Superseded;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How much of the value files of a version is garbage, that is values to which no SST refers any more; and which files are to be given
 * up, so that the rest is not too much. A merge copies the values of such a file that it meets, and so does a merge of one SST, proposed
 * when nothing else is due; the file is deleted when no SST refers to it. A pure function of the runs. Immutable.
 *
 * <pre>
 *   file   all    needed          most bytes = 1.3 x needed = 208
 *   1      100    90
 *   2      100    60
 *   3      100    10              300 in all: 3 is given up, 210 are left; 2 as well, 170 are left
 * </pre>
 *
 * What an SST refers to is what its writer counted, also in the part that a version does not show: needed bytes are never too few. Values of
 * superseded versions are needed until no reader can see them. Which of its value files have them, an SST does not tell, so they count as
 * spread over all.
 */
public final class ValueGarbage {
    /** All value files together may have so many bytes for each that is needed. */
    static final double MOST_BYTES = 1.3;

    /**
     * Tiers may have newer versions, or deletes, of values below, which are needed until a merge and are of no use. What they may hide is taken
     * from the bound, up to this part of all, so that the space is not the product of both.
     */
    static final double MOST_HIDDEN = 0.1;

    private final long fileBytes;
    private final long liveBytes;
    private final Set<FileId> garbage;

    private ValueGarbage(long fileBytes, long liveBytes, Set<FileId> garbage) {
        this.fileBytes = fileBytes;
        this.liveBytes = liveBytes;
        this.garbage = garbage;
    }

    /** What the SSTs need of one value file. */
    private static final class Use {
        final FileId id;
        final long fileBytes;
        final long valueBytes;
        long live;

        Use(ValueShare share) {
            id = FileId.of(share);
            fileBytes = share.fileBytes();
            valueBytes = fileBytes - share.frameBytes();
        }

        void add(ValueShare share, double neededPart) {
            live = Math.min(valueBytes, live + (long) (share.bytes() * neededPart));
        }

        /** What is beside the values is no garbage: a rewriting would write the same again, for ever. */
        long needed() {
            return fileBytes - valueBytes + live;
        }

        double neededPart() {
            return (double) needed() / fileBytes;
        }
    }

    /** As far as SSTs refer to values, whether they are superseded or not. */
    public static ValueGarbage of(List<SortedRun> runs) {
        return of(runs, -1);
    }

    /** @param visibleToAll what newer versions at or below it hide is garbage */
    static ValueGarbage of(List<SortedRun> runs, long visibleToAll) {
        Map<FileId, Use> uses = new HashMap<>();
        Set<FileId> counted = new HashSet<>();
        for (SortedRun run : runs) {
            for (FileMeta file : run.files()) {
                if (!file.info().valueFiles().isEmpty() && counted.add(file.id())) {
                    double neededPart = neededPart(file, visibleToAll);
                    for (ValueShare share : file.info().valueFiles()) {
                        uses.computeIfAbsent(FileId.of(share), id -> new Use(share))
                                .add(share, neededPart);
                    }
                }
            }
        }
        long all = 0;
        long live = 0;
        double most = 0;
        for (Use use : uses.values()) {
            all += use.fileBytes;
            live += use.live;
            most += use.needed() * MOST_BYTES;
        }
        most -= Math.min(hidden(runs), live * MOST_HIDDEN);
        return new ValueGarbage(all, live, garbage(new ArrayList<>(uses.values()), all, most));
    }

    private static double neededPart(FileMeta file, long visibleToAll) {
        Superseded superseded = file.info().superseded();
        return superseded == null || file.newestSequence() > visibleToAll
                ? 1
                : 1 - (double) superseded.valueBytes() / file.valueBytes();
    }

    /** What tiers hide of the values of the bottom at most: as much as they have, and a mean value for each delete. */
    private static double hidden(List<SortedRun> runs) {
        SortedRun oldest = runs.isEmpty() ? null : runs.get(runs.size() - 1);
        if (oldest == null || !oldest.isBottom()) {
            return 0;
        }
        double bottomBytes = 0;
        long bottomEntries = 0;
        for (FileMeta file : oldest.files()) {
            bottomBytes += file.valueBytes();
            bottomEntries += file.entries();
        }
        double deleteBytes = bottomBytes / Math.max(1, bottomEntries);
        double hidden = 0;
        for (SortedRun tier : runs.subList(0, runs.size() - 1)) {
            for (FileMeta file : tier.files()) {
                hidden += file.valueBytes() + file.pointDeletes() * deleteBytes;
            }
        }
        return hidden;
    }

    /** The files to give up, the one with the least needed part first, until what is left after that is at most {@code most}. */
    private static Set<FileId> garbage(List<Use> uses, long all, double most) {
        Set<FileId> garbage = new LinkedHashSet<>();
        if (all > most) {
            uses.sort(Comparator.comparingDouble(Use::neededPart).thenComparing(use -> use.id));
            long left = all;
            for (Use use : uses) {
                if (left <= most) {
                    break;
                }
                garbage.add(use.id);
                left -= use.fileBytes - use.needed();
            }
        }
        return garbage;
    }

    /** Lengths of the value files, added up. */
    public long fileBytes() {
        return fileBytes;
    }

    /** What the values take in them to which SSTs refer. */
    public long liveBytes() {
        return liveBytes;
    }

    /** The files to give up. */
    Set<FileId> files() {
        return garbage;
    }

    /**
     * The rewriting of one SST with values in a file to give up; null when there is none that is free.
     *
     * @param upTo an SST with a newer entry is not picked
     */
    Compaction pick(PickInput in, long upTo) {
        for (FileId id : garbage) {
            for (SortedRun run : in.runs()) {
                for (FileMeta file : run.files()) {
                    if (in.isFree(file) && file.newestSequence() <= upTo && refers(file, id)) {
                        return Compaction.rewrite(run.rank(), List.of(file));
                    }
                }
            }
        }
        return null;
    }

    private static boolean refers(FileMeta file, FileId values) {
        for (ValueShare share : file.info().valueFiles()) {
            if (share.high() == values.high() && share.low() == values.low()) {
                return true;
            }
        }
        return false;
    }
}
