package io.forebay.store.compaction;

import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Decides what to compact next: lazy leveling (Dayan and Idreos, "Dostoevsky", 2018), tiers above one leveled bottom run.
 * Pure functions; any thread.
 *
 * <p>In this order: drop what range deletes hide; move down files with nothing older below them; when the tiers weigh a
 * quarter of the bottom, merge the part of the key space into it where most is gained for each byte written; merge
 * neighbouring tiers of similar size; tidy up the bottom. Because tiers are cut at the same keys as the bottom ({@link
 * io.forebay.store.flush.Guides}), a part is about an eighth of the whole, so no job ever needs the whole store twice, and
 * each key's tiers have grown to half of its bottom, not a quarter, when their turn comes. A small bottom has fewer parts,
 * and waits until the tiers weigh half of it. Figures: docs/compaction.md.
 */
public final class CompactionPicker {
    /** Tiers are merged into the bottom when they weigh this share of it. */
    static final double BOTTOM_SHARE = 0.25;

    /**
     * The same for a bottom of less than {@link #FEW_FILES} files: it is a few memtables, whose merges cost little disk and
     * write the whole of it each time.
     */
    static final double SMALL_BOTTOM_SHARE = 0.5;

    static final int FEW_FILES = 8;

    /** Below this many tiers there is no haste, whatever they weigh. */
    static final int LEAST_TIERS = 2;

    /** A file below this share of the target size is small: it is rather merged with others than moved. */
    static final int SMALL_SHARE = 8;

    private CompactionPicker() {}

    /**
     * The next compaction that is due, or null.
     *
     * @param version the present one; held by the caller
     * @param busy files of running compactions; they are left alone
     * @param durableSequence what the last durable commit covers
     * @param oldestSnapshot smallest sequence number that a reader may still ask for; {@link Long#MAX_VALUE} for none
     * @param targetFileBytes see {@link io.forebay.store.StoreOptions#targetFileBytes()}
     * @throws IOException when range deletes cannot be read
     */
    public static Compaction pick(
            Version version, Set<FileId> busy, long durableSequence, long oldestSnapshot, long targetFileBytes)
            throws IOException {
        return pick(input(version, busy, durableSequence, oldestSnapshot, targetFileBytes));
    }

    /**
     * As {@link #pick}, until everything committed is in the bottom run without deletes: for a compaction that was asked
     * for. What snapshots need stays.
     *
     * @param outdated files that are to be written anew whatever is in them
     * @param upTo what has a newer entry than that is left to itself: it came after this was asked for, and a writer brings more
     */
    public static Compaction pickFull(
            Version version,
            Set<FileId> busy,
            long durableSequence,
            long oldestSnapshot,
            long targetFileBytes,
            Set<FileId> outdated,
            long upTo)
            throws IOException {
        PickInput in = input(version, busy, durableSequence, oldestSnapshot, targetFileBytes);
        Compaction due = pickFull(in, upTo);
        return due != null ? due : pickOutdated(in, outdated);
    }

    private static PickInput input(
            Version version, Set<FileId> busy, long durableSequence, long oldestSnapshot, long targetFileBytes) {
        return new PickInput(
                version.runs(), busy, durableSequence, oldestSnapshot, targetFileBytes, Version::tombstones);
    }

    static Compaction pick(PickInput in) throws IOException {
        Compaction drop = HiddenFiles.pick(in);
        if (drop != null) {
            return drop;
        }
        Weights weights = new Weights(in.bottom());
        Compaction down = pickDown(in, weights);
        if (down != null) {
            return down;
        }
        TierMerges merges = new TierMerges(in, smallBytes(in));
        Compaction uncommitted = merges.pick(tiers(in, false));
        if (uncommitted != null) {
            return uncommitted;
        }
        Compaction committed = merges.pick(tiers(in, true));
        return committed != null ? committed : new BottomUpkeep(in).pick();
    }

    static Compaction pickFull(PickInput in, long upTo) throws IOException {
        Compaction drop = HiddenFiles.pick(in);
        if (drop != null) {
            return drop;
        }
        Weights weights = new Weights(in.bottom());
        for (int i = 0; i < in.runs().size() && !in.runs().get(i).isBottom(); i++) {
            for (FileMeta file : in.runs().get(i).files()) {
                boolean asked = in.isFree(file) && file.newestSequence() <= upTo;
                Area area = asked ? Area.below(in, weights, i, file) : null;
                if (area != null) {
                    return area.isSingle() ? moveOrRewrite(in, area, file) : area.merge(in);
                }
            }
        }
        List<SortedRun> rest = tiers(in, false).stream()
                .filter(run -> run.files().stream().allMatch(file -> file.newestSequence() <= upTo))
                .toList();
        boolean free = rest.stream()
                .flatMap(run -> run.files().stream())
                .noneMatch(file -> in.busy().contains(file.id()));
        if (rest.size() > 1 && free) {
            return new TierMerges(in, 0).join(rest);
        }
        return new BottomUpkeep(in).pickAny(upTo);
    }

    /** Each by itself and inside its run, so that no job is larger than a file, and no order changes. */
    static Compaction pickOutdated(PickInput in, Set<FileId> outdated) {
        if (outdated.isEmpty()) {
            return null;
        }
        for (SortedRun run : in.runs()) {
            for (FileMeta file : run.files()) {
                if (outdated.contains(file.id()) && !in.busy().contains(file.id())) {
                    return new Compaction(
                            Compaction.Kind.MERGE,
                            List.of(new Compaction.Input(run.rank(), List.of(file))),
                            run.rank());
                }
            }
        }
        return null;
    }

    static long smallBytes(PickInput in) {
        return in.targetFileBytes() / SMALL_SHARE;
    }

    /** A file to move to the bottom, or if that is due the best area to merge into it. */
    private static Compaction pickDown(PickInput in, Weights weights) {
        boolean due = isBottomDue(in, weights);
        Area best = null;
        // Oldest first, so that files of ascending keys go down in their order and do not come to lie between each
        // other.
        for (int i = in.runs().size() - 1; i >= 0; i--) {
            if (in.runs().get(i).isBottom()) {
                continue;
            }
            for (FileMeta file : in.runs().get(i).files()) {
                Area area = in.isFree(file) ? Area.below(in, weights, i, file) : null;
                if (area == null) {
                    continue;
                }
                if (area.isSingle() && (due || file.fileBytes() >= smallBytes(in))) {
                    return moveOrRewrite(in, area, file);
                }
                if (due && (best == null || area.isBetterThan(best))) {
                    best = area;
                }
            }
        }
        return best == null ? null : best.merge(in);
    }

    /** At the bottom its deletes would be of no use any more. */
    private static Compaction moveOrRewrite(PickInput in, Area area, FileMeta file) {
        return BottomUpkeep.hasManyDeletes(file) ? area.merge(in) : area.move();
    }

    /** What running jobs take away is gone already. */
    private static boolean isBottomDue(PickInput in, Weights weights) {
        double upper = 0;
        long bottom = 0;
        int tiers = 0;
        for (SortedRun run : in.runs()) {
            if (run.isBottom()) {
                bottom = run.bytes();
                continue;
            }
            double weight = 0;
            for (FileMeta file : run.files()) {
                weight += in.isFree(file) ? weights.of(file) : 0;
            }
            upper += weight;
            tiers += weight > 0 ? 1 : 0;
        }
        boolean small = bottom < FEW_FILES * in.targetFileBytes();
        return tiers >= LEAST_TIERS && upper >= bottom * (small ? SMALL_BOTTOM_SHARE : BOTTOM_SHARE);
    }

    /** Newest first: the tiers above all that hold anything committed, or those below all that do not. */
    private static List<SortedRun> tiers(PickInput in, boolean committed) {
        List<SortedRun> result = new ArrayList<>();
        for (SortedRun run : in.runs()) {
            if (run.isBottom()) {
                break;
            }
            if (run.files().stream().allMatch(file -> in.isCommitted(file) == committed)) {
                result.add(run);
            } else if (committed) {
                result.clear();
            } else {
                break;
            }
        }
        return result;
    }
}
