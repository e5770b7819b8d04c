package io.forebay.store.compaction;

import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds files that nobody can see: those that range deletes of newer runs cover wholly, and range deletes that have nothing
 * left below them.
 */
final class HiddenFiles {
    private HiddenFiles() {}

    static Compaction pick(PickInput in) throws IOException {
        List<SortedRun> runs = in.runs();
        List<Compaction.Input> inputs = new ArrayList<>();
        List<RangeTombstones> newer = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            SortedRun run = runs.get(i);
            List<FileMeta> hidden = new ArrayList<>();
            for (FileMeta file : run.files()) {
                if (in.busy().contains(file.id())) {
                    continue;
                }
                boolean committed = in.isCommitted(file);
                // A delete that is not committed may be undone by a crash, so it hides only what is not committed
                // either.
                long limit = committed ? Math.min(in.oldestSnapshot(), in.durableSequence()) : in.oldestSnapshot();
                if (isCovered(file, newer, limit) || isIdle(file, runs.subList(i + 1, runs.size()))) {
                    hidden.add(file);
                }
            }
            if (!hidden.isEmpty()) {
                inputs.add(new Compaction.Input(run.rank(), hidden));
            }
            RangeTombstones own = in.tombstones().read(run.files());
            if (!own.isEmpty()) {
                newer.add(own);
            }
        }
        return inputs.isEmpty() ? null : new Compaction(Compaction.Kind.DROP, inputs, SortedRun.BOTTOM);
    }

    /** True when deletes at or below {@code limit}, newer than all of the file, leave no gap over its range. */
    private static boolean isCovered(FileMeta file, List<RangeTombstones> newer, long limit) {
        byte[] at = file.range().from();
        byte[] end = file.range().to();
        while (true) {
            Fragment best = null;
            for (RangeTombstones tombstones : newer) {
                Fragment fragment = tombstones.covering(at, 0, at.length);
                if (fragment != null && fragment.newestAtOrBelow(limit) > file.newestSequence()) {
                    if (fragment.end() == null) {
                        return true;
                    }
                    if (best == null || Arrays.compareUnsigned(fragment.end(), best.end()) > 0) {
                        best = fragment;
                    }
                }
            }
            if (best == null) {
                return false;
            }
            if (end != null && Arrays.compareUnsigned(best.end(), end) >= 0) {
                return true;
            }
            at = best.end();
        }
    }

    /** True when the file has nothing but range deletes, and there is nothing older that they could delete. */
    private static boolean isIdle(FileMeta file, List<SortedRun> older) {
        if (file.entries() > 0 || file.virtual()) {
            return false;
        }
        for (SortedRun run : older) {
            if (!Version.overlapping(run, file.range()).isEmpty()) {
                return false;
            }
        }
        return true;
    }
}
