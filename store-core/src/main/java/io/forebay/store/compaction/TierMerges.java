package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds neighbouring tiers to merge with each other, so that there are few tiers. Committed and uncommitted tiers are not
 * merged with each other. A pure function of its input.
 */
final class TierMerges {
    /** The number of tiers that are merged, in the mean: it leans, see {@link Lean}. */
    static final int MEAN_WIDTH = 6;

    static final int LEAN_WIDTH = 2;

    /** The least number of tiers that are merged. */
    static final int MIN_WIDTH = MEAN_WIDTH - LEAN_WIDTH;

    /** The greatest number of tiers that are merged. */
    static final int MAX_WIDTH = 16;

    /** A tier joins the merge of newer tiers when it is at most so many times as large as all of them. */
    static final double SIZE_RATIO = 1.5;

    /** With more tiers than this that are not busy, the cheapest merge of neighbours is due whatever their sizes are. */
    static final int MAX_TIERS = 12;

    private final PickInput in;
    private final long smallBytes;

    /** @param smallBytes files of this size or more are not rewritten only to have fewer of them */
    TierMerges(PickInput in, long smallBytes) {
        this.in = in;
        this.smallBytes = smallBytes;
    }

    Compaction pick(List<SortedRun> tiers) {
        for (int first = 0; first + MIN_WIDTH <= tiers.size(); first++) {
            long sum = tiers.get(first).bytes();
            int end = first + 1;
            while (end < tiers.size()
                    && end - first < MAX_WIDTH
                    && isFree(tiers.subList(end, end + 1))
                    && tiers.get(end).bytes() <= sum * SIZE_RATIO) {
                sum += tiers.get(end).bytes();
                end++;
            }
            if (end - first >= width(tiers.get(end - 1)) && isFree(tiers.subList(first, end))) {
                return join(tiers.subList(first, end));
            }
        }
        // Busy ones are about to go; counting them would have the few others merged again and again meanwhile.
        long free = tiers.stream().filter(run -> isFree(List.of(run))).count();
        return free > MAX_TIERS ? cheapest(tiers) : null;
    }

    /** @param oldest of the tiers that may be merged: it stays the oldest one while flushes add newer ones */
    private static int width(SortedRun oldest) {
        return MEAN_WIDTH + (int) Math.round(LEAN_WIDTH * Lean.of(oldest));
    }

    private Compaction cheapest(List<SortedRun> tiers) {
        List<SortedRun> best = null;
        long bestBytes = Long.MAX_VALUE;
        for (int first = 0; first + MEAN_WIDTH <= tiers.size(); first++) {
            List<SortedRun> window = tiers.subList(first, first + MEAN_WIDTH);
            long bytes = 0;
            for (SortedRun run : window) {
                bytes += run.bytes();
            }
            if (bytes < bestBytes && isFree(window)) {
                bestBytes = bytes;
                best = window;
            }
        }
        return best == null ? null : join(best);
    }

    private boolean isFree(List<SortedRun> runs) {
        for (SortedRun run : runs) {
            for (FileMeta file : run.files()) {
                if (in.busy().contains(file.id())) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Makes one run of neighbouring tiers, which are in order, newest first. All of them are replaced, so the run gets the rank
     * of the newest one.
     */
    Compaction join(List<SortedRun> tiers) {
        long rank = tiers.get(0).rank();
        if (isOneRunAlready(tiers)) {
            return new Compaction(Compaction.Kind.MOVE, inputs(tiers.subList(1, tiers.size())), rank);
        }
        return new Compaction(Compaction.Kind.MERGE, inputs(tiers), rank);
    }

    private static List<Compaction.Input> inputs(List<SortedRun> tiers) {
        List<Compaction.Input> inputs = new ArrayList<>();
        for (SortedRun run : tiers) {
            inputs.add(new Compaction.Input(run.rank(), run.files()));
        }
        return inputs;
    }

    /** True when no two of their files overlap, and the files are large enough to stay as they are. */
    private boolean isOneRunAlready(List<SortedRun> tiers) {
        List<FileMeta> files = new ArrayList<>();
        long bytes = 0;
        for (SortedRun run : tiers) {
            files.addAll(run.files());
            bytes += run.bytes();
        }
        if (bytes < smallBytes * files.size()) {
            return false;
        }
        files.sort((a, b) -> Arrays.compareUnsigned(a.range().from(), b.range().from()));
        for (int i = 1; i < files.size(); i++) {
            if (files.get(i - 1).range().overlaps(files.get(i).range())) {
                return false;
            }
        }
        return true;
    }
}
