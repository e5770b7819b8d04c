package io.forebay.store.compaction;

import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds files of which no reader sees anything: files that range deletes of newer runs cover wholly, and files of range deletes
 * that have nothing left below them. Thread-safe, without state.
 */
final class HiddenFiles {
    private HiddenFiles() {}

    private record Candidate(int run, FileMeta file) {}

    static Compaction pick(PickInput in) throws IOException {
        List<SortedRun> runs = in.runs();
        List<TombstoneSet> deletes = new ArrayList<>();
        boolean any = false;
        for (SortedRun run : runs) {
            TombstoneSet own = in.tombstones().read(run.files());
            deletes.add(own);
            any |= !own.isEmpty();
        }
        if (!any) {
            return null;
        }
        List<List<FileMeta>> hidden = new ArrayList<>();
        runs.forEach(run -> hidden.add(new ArrayList<>()));
        for (Candidate candidate : byKey(in)) {
            FileMeta file = candidate.file();
            in.cancellation().check();
            // A crash may undo a delete that is not committed, so such a delete hides only files that are not committed
            // either.
            long limit =
                    in.isCommitted(file) ? Math.min(in.oldestSnapshot(), in.durableSequence()) : in.oldestSnapshot();
            int run = candidate.run();
            if (isCovered(in, file, deletes.subList(0, run), limit)
                    || isIdle(file, runs.subList(run + 1, runs.size()))) {
                hidden.get(run).add(file);
            }
        }
        List<Compaction.Input> inputs = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            if (!hidden.get(i).isEmpty()) {
                inputs.add(new Compaction.Input(runs.get(i).rank(), hidden.get(i)));
            }
        }
        return inputs.isEmpty() ? null : new Compaction(Compaction.Kind.DROP, inputs, SortedRun.BOTTOM);
    }

    /** The files in key order across all runs, so that the range deletes of most files are read once. */
    private static List<Candidate> byKey(PickInput in) {
        List<Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < in.runs().size(); i++) {
            for (FileMeta file : in.runs().get(i).files()) {
                if (!in.busy().contains(file.id())) {
                    candidates.add(new Candidate(i, file));
                }
            }
        }
        candidates.sort((a, b) ->
                Arrays.compareUnsigned(a.file().range().from(), b.file().range().from()));
        return candidates;
    }

    /** True when range deletes at or below {@code limit} that are newer than all of the file cover its range without a gap. */
    private static boolean isCovered(PickInput in, FileMeta file, List<TombstoneSet> newer, long limit)
            throws IOException {
        byte[] at = file.range().from();
        byte[] end = file.range().to();
        while (true) {
            Fragment best = null;
            for (TombstoneSet tombstones : newer) {
                in.cancellation().check();
                Fragment fragment = tombstones.isEmpty() ? null : tombstones.covering(at, 0, at.length);
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

    /** True when the file has only range deletes, and there is nothing older that they could delete. */
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
