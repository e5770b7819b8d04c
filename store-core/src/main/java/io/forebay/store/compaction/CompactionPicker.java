package io.forebay.store.compaction;

import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Decides what to compact next: lazy leveling (Dayan and Idreos, "Dostoevsky", 2018), tiers above one leveled bottom run.
 *
 * <p>In this order: drop what range deletes hide; move down files that overlap nothing older; merge all tiers into the
 * bottom when they have grown to half of it; merge neighbouring tiers of similar size. Work into the bottom is cut into
 * groups of files that overlap each other, so that it touches no other bottom file and groups can run side by side.
 */
public final class CompactionPicker {
    /** Neighbouring tiers that are merged at the least. */
    static final int MIN_WIDTH = 4;

    /** Neighbouring tiers that are merged at the most. */
    static final int MAX_WIDTH = 16;

    /** A tier joins the merge of newer ones when it is not larger than this times their sum. */
    static final double SIZE_RATIO = 1.5;

    /** Tiers are merged into the bottom when their bytes reach this share of it. */
    static final double BOTTOM_SHARE = 0.5;

    /** With more tiers than this, the cheapest merge of neighbours is due whatever their sizes are. */
    static final int MAX_TIERS = 12;

    private CompactionPicker() {}

    /**
     * The next compaction that is due, or null.
     *
     * @param version the present one; held by the caller
     * @param busy files of running compactions; they are left alone
     * @param durableSequence what the last durable commit covers
     * @param oldestSnapshot smallest sequence number that a reader may still ask for; {@link Long#MAX_VALUE} for none
     * @throws IOException when range deletes cannot be read
     */
    public static Compaction pick(Version version, Set<FileId> busy, long durableSequence, long oldestSnapshot)
            throws IOException {
        List<SortedRun> runs = version.runs();
        Compaction drop = HiddenFiles.pick(runs, busy, durableSequence, oldestSnapshot);
        if (drop != null) {
            return drop;
        }
        List<OverlapGroup> groups = OverlapGroup.of(committed(runs, durableSequence));
        Compaction move = pickMove(groups, busy);
        if (move != null) {
            return move;
        }
        if (isBottomDue(runs, durableSequence)) {
            Compaction merge = pickBottom(groups, busy, false);
            if (merge != null) {
                return merge;
            }
        }
        Compaction uncommitted = pickTiers(tiers(runs, durableSequence, false), busy);
        return uncommitted != null ? uncommitted : pickTiers(tiers(runs, durableSequence, true), busy);
    }

    /** As {@link #pick}, until everything committed is in the bottom run: for a compaction that was asked for. */
    public static Compaction pickFull(Version version, Set<FileId> busy, long durableSequence, long oldestSnapshot)
            throws IOException {
        List<SortedRun> runs = version.runs();
        Compaction drop = HiddenFiles.pick(runs, busy, durableSequence, oldestSnapshot);
        if (drop != null) {
            return drop;
        }
        List<OverlapGroup> groups = OverlapGroup.of(committed(runs, durableSequence));
        Compaction move = pickMove(groups, busy);
        if (move != null) {
            return move;
        }
        Compaction merge = pickBottom(groups, busy, true);
        if (merge != null) {
            return merge;
        }
        List<SortedRun> rest = tiers(runs, durableSequence, false);
        return rest.size() > 1 && isFree(rest, busy) ? mergeTiers(rest) : null;
    }

    /** Bytes that merges which are due would have to read, for pacing. */
    public static long debt(Version version) {
        long upper = 0;
        for (SortedRun run : version.runs()) {
            upper += run.isBottom() ? 0 : run.bytes();
        }
        SortedRun bottom = version.bottom();
        long allowed = bottom == null ? 0 : (long) (bottom.bytes() * BOTTOM_SHARE);
        return Math.max(0, upper - allowed);
    }

    private static boolean isCommitted(FileMeta file, long durableSequence) {
        return file.newestSequence() <= durableSequence;
    }

    /** The committed files, as runs, newest first. */
    private static List<SortedRun> committed(List<SortedRun> runs, long durableSequence) {
        List<SortedRun> result = new ArrayList<>();
        for (SortedRun run : runs) {
            List<FileMeta> files = new ArrayList<>();
            for (FileMeta file : run.files()) {
                if (isCommitted(file, durableSequence)) {
                    files.add(file);
                }
            }
            if (!files.isEmpty()) {
                result.add(files.size() == run.size() ? run : new SortedRun(run.rank(), files));
            }
        }
        return result;
    }

    /** The tiers that are wholly committed, or wholly not, newest first. */
    private static List<SortedRun> tiers(List<SortedRun> runs, long durableSequence, boolean committed) {
        List<SortedRun> result = new ArrayList<>();
        for (SortedRun run : runs) {
            boolean all = true;
            for (FileMeta file : run.files()) {
                all &= isCommitted(file, durableSequence) == committed;
            }
            if (all && !run.isBottom()) {
                result.add(run);
            }
        }
        return result;
    }

    private static Compaction pickMove(List<OverlapGroup> groups, Set<FileId> busy) {
        for (OverlapGroup group : groups) {
            Compaction.Input only = group.onlyFile();
            if (only != null
                    && only.rank() != SortedRun.BOTTOM
                    && !busy.contains(only.files().get(0).id())) {
                return new Compaction(Compaction.Kind.MOVE, List.of(only), SortedRun.BOTTOM);
            }
        }
        return null;
    }

    private static boolean isBottomDue(List<SortedRun> runs, long durableSequence) {
        long upper = 0;
        long bottom = 0;
        for (SortedRun run : committed(runs, durableSequence)) {
            if (run.isBottom()) {
                bottom = run.bytes();
            } else {
                upper += run.bytes();
            }
        }
        return upper > 0
                && upper >= bottom * BOTTOM_SHARE
                && tiers(runs, durableSequence, true).size() >= 2;
    }

    /** The largest group with files above the bottom that nobody works on. */
    private static Compaction pickBottom(List<OverlapGroup> groups, Set<FileId> busy, boolean all) {
        OverlapGroup best = null;
        for (OverlapGroup group : groups) {
            if (group.hasTiers()
                    && !group.isBusy(busy)
                    && (all || group.isBottomDue(BOTTOM_SHARE))
                    && (best == null || group.tierBytes() > best.tierBytes())) {
                best = group;
            }
        }
        return best == null ? null : new Compaction(Compaction.Kind.MERGE, best.inputs(), SortedRun.BOTTOM);
    }

    private static Compaction pickTiers(List<SortedRun> tiers, Set<FileId> busy) {
        for (int first = 0; first + MIN_WIDTH <= tiers.size(); first++) {
            long sum = tiers.get(first).bytes();
            int end = first + 1;
            while (end < tiers.size()
                    && end - first < MAX_WIDTH
                    && tiers.get(end).bytes() <= sum * SIZE_RATIO) {
                sum += tiers.get(end).bytes();
                end++;
            }
            if (end - first >= MIN_WIDTH && isFree(tiers.subList(first, end), busy)) {
                return mergeTiers(tiers.subList(first, end));
            }
        }
        return tiers.size() > MAX_TIERS ? cheapestMerge(tiers, busy) : null;
    }

    private static Compaction cheapestMerge(List<SortedRun> tiers, Set<FileId> busy) {
        List<SortedRun> best = null;
        long bestBytes = Long.MAX_VALUE;
        for (int first = 0; first + MIN_WIDTH <= tiers.size(); first++) {
            List<SortedRun> window = tiers.subList(first, first + MIN_WIDTH);
            long bytes = 0;
            for (SortedRun run : window) {
                bytes += run.bytes();
            }
            if (bytes < bestBytes && isFree(window, busy)) {
                bestBytes = bytes;
                best = window;
            }
        }
        return best == null ? null : mergeTiers(best);
    }

    private static boolean isFree(List<SortedRun> runs, Set<FileId> busy) {
        for (SortedRun run : runs) {
            for (FileMeta file : run.files()) {
                if (busy.contains(file.id())) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Neighbouring tiers, newest first: all of them go, so the newest one's rank is free for the result. */
    private static Compaction mergeTiers(List<SortedRun> tiers) {
        List<Compaction.Input> inputs = new ArrayList<>();
        for (SortedRun run : tiers) {
            inputs.add(new Compaction.Input(run.rank(), run.files()));
        }
        return new Compaction(Compaction.Kind.MERGE, inputs, tiers.get(0).rank());
    }

    static int compareFrom(FileMeta a, FileMeta b) {
        return Arrays.compareUnsigned(a.range().from(), b.range().from());
    }
}
