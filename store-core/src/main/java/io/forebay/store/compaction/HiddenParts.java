package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentCursor;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * About how many bytes of the bottom run, with those of its values in value files, range deletes of tiers hide from every reader. Files
 * that are hidden as a whole are not there any more ({@link HiddenFiles}); the SST of a file that is hidden in part names all its value
 * files until a merge. Immutable.
 */
final class HiddenParts {
    static final HiddenParts NONE = new HiddenParts(Map.of(), 0);

    /** So many range deletes are looked up, each in the index of a file; of more than that one in n, which counts n times. */
    static final int MOST_LOOKED_UP = 256;

    private final Map<FileId, Double> byTierFile;
    private final double all;

    private HiddenParts(Map<FileId, Double> byTierFile, double all) {
        this.byTierFile = byTierFile;
        this.all = all;
    }

    static HiddenParts of(PickInput in) throws IOException {
        SortedRun bottom = in.bottom();
        if (bottom == null || !hasValues(bottom)) {
            return NONE;
        }
        long rangeDeletes = 0;
        for (SortedRun run : in.runs()) {
            for (FileMeta file : run.files()) {
                rangeDeletes += mayHide(in, run, file) ? file.rangeDeletes() : 0;
            }
        }
        if (rangeDeletes == 0) {
            return NONE;
        }
        long step = (rangeDeletes + MOST_LOOKED_UP - 1) / MOST_LOOKED_UP;
        Map<FileId, Double> byTierFile = new HashMap<>();
        Map<FileId, Double> ofBottomFile = new HashMap<>();
        long passed = 0;
        for (SortedRun run : in.runs()) {
            for (FileMeta file : run.files()) {
                if (!mayHide(in, run, file)) {
                    continue;
                }
                FragmentCursor fragments = in.tombstones().read(List.of(file)).cursor();
                for (Fragment next = fragments.next(); next != null; next = fragments.next()) {
                    if (passed % step == place(passed / step, step)) {
                        byTierFile.merge(file.id(), step * hidden(in, bottom, next, step, ofBottomFile), Double::sum);
                    }
                    passed++;
                }
            }
        }
        // range deletes of several tiers may hide the same
        double all = 0;
        for (FileMeta file : bottom.files()) {
            all += Math.min(bytes(file), ofBottomFile.getOrDefault(file.id(), 0.0));
        }
        return new HiddenParts(byTierFile, all);
    }

    /** Which range delete of a stretch of {@code length} is looked up. Another one in each: kinds of them may take turns. */
    private static long place(long stretch, long length) {
        return ((stretch + 1) * 0x9E3779B97F4A7C15L >>> 32) % length;
    }

    private static boolean hasValues(SortedRun run) {
        for (FileMeta file : run.files()) {
            if (!file.info().valueFiles().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private static boolean mayHide(PickInput in, SortedRun run, FileMeta file) {
        return !run.isBottom() && file.rangeDeletes() > 0 && in.isFree(file);
    }

    /** @param ofBottomFile gets {@code step} times what the fragment hides of each file */
    private static double hidden(
            PickInput in, SortedRun bottom, Fragment fragment, long step, Map<FileId, Double> ofBottomFile)
            throws IOException {
        long sequence = fragment.newestAtOrBelow(Math.min(in.oldestSnapshot(), in.durableSequence()));
        KeyRange range = KeyRange.of(fragment.start(), fragment.end());
        double sum = 0;
        for (FileMeta file : Version.overlapping(bottom, range)) {
            if (file.newestSequence() < sequence && !file.info().valueFiles().isEmpty()) {
                double bytes = in.parts().of(file, range.intersect(file.range())) * bytes(file);
                ofBottomFile.merge(file.id(), step * bytes, Double::sum);
                sum += bytes;
            }
        }
        return sum;
    }

    private static double bytes(FileMeta file) {
        return (double) file.fileBytes() + file.valueBytes();
    }

    /** What the range deletes of one file of a tier hide. */
    double of(FileMeta file) {
        return byTierFile.getOrDefault(file.id(), 0.0);
    }

    /** What is hidden in all. */
    double all() {
        return all;
    }
}
