package io.forebay.store.compaction;

import io.forebay.store.util.Cancellation;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Decides what to compact next: lazy leveling (Dayan and Idreos, "Dostoevsky", 2018), tiers above one leveled bottom run. Pure
 * functions, also of what they remember ({@link HiddenMemo}); thread-safe.
 *
 * <p>It picks in this order:
 * <ol>
 *   <li>drop files that range deletes hide,
 *   <li>move down files with nothing older below them,
 *   <li>when the tiers weigh a quarter of the bottom run, or their range deletes hide a fifth of all, merge a part of the key space into it:
 *       the part where most is gained for each byte written,
 *   <li>merge neighbouring tiers of similar size,
 *   <li>rewrite files of the bottom run that are small or have many deletes,
 *   <li>rewrite files of which much is superseded, once no reader needs it ({@link SupersededFiles}),
 *   <li>rewrite a virtual file with values in value files, which keeps those of its hidden part as well,
 *   <li>rewrite a file with values in a value file that is mostly garbage ({@link ValueGarbage}).
 * </ol>
 *
 * When there is nothing of this to do, old files are rewritten for the compaction filter, see {@link FileAges}.
 *
 * <pre>
 *  tier 9     [ a ][ b ][ c ]     newest: its files end at the split keys
 *  tier 7     [ d ][ e ][ f ]     the scope of b: b, e and the files below them
 *  bottom  0  [ .. ][ .. ][ .. ]  oldest: leveled
 * </pre>
 *
 * Because tiers are split at the split keys of the bottom run ({@link io.forebay.store.flush.SplitKeys}), a part is about an
 * eighth of the whole. So no job ever needs the whole store twice; and when the turn of a part comes, its tiers have grown to
 * half of its bottom, not to a quarter. A small bottom run has fewer parts, and waits until the tiers weigh half of it. These
 * shares are means, see {@link Lean}.
 * Figures: docs/compaction.md.
 */
public final class CompactionPicker {
    /** Tiers are merged into the bottom run when they weigh this share of it. */
    static final double BOTTOM_SHARE = 0.25;

    /**
     * The same share for a bottom run of less than {@link #FEW_FILES} target sizes: it is a few memtables long, each merge
     * rewrites the whole run, and needs little disk space.
     */
    static final double SMALL_BOTTOM_SHARE = 0.5;

    static final int FEW_FILES = 8;

    /** The share leans by so much of itself, see {@link Lean}. */
    static final double BOTTOM_LEAN = 0.125;

    /** The same for a small bottom run: merges are due after so few flushes that less would not tell stores apart. */
    static final double SMALL_BOTTOM_LEAN = 0.25;

    /**
     * With fewer tiers than this, no merge into the bottom run is due, whatever they weigh; but where bytes are in value files, a
     * single tier may be a merge of much that was written, and it costs little to merge it, see {@link BottomDue}.
     */
    static final int LEAST_TIERS = 2;

    /** A file smaller than the target size divided by this is small: it is merged with others instead of moved. */
    static final int SMALL_SHARE = 8;

    private CompactionPicker() {}

    /**
     * The next compaction that is due, or null. It may read files, those of which it knows nothing yet: no lock is to be held.
     *
     * @param hidden of this store; belongs to this call until it returns. When it {@linkplain HiddenMemo#isComplete is not complete} after
     *     an answer of null, another pick goes on
     * @throws IOException when range deletes, or what they hide, cannot be read
     * @throws java.util.concurrent.CancellationException when it was cancelled
     */
    public static Compaction pick(PickState state, HiddenMemo hidden, Cancellation cancellation) throws IOException {
        return pick(input(state, hidden, cancellation));
    }

    /**
     * As {@link #pick}, for a full compaction: until everything committed is in the bottom run without deletes. What snapshots
     * need is kept.
     *
     * @param outdated files that are to be rewritten in any case
     * @param upTo a file with a newer entry is not picked: it was written after the full compaction was asked for, and the
     *     writer adds more such files
     */
    public static Compaction pickFull(PickState state, Cancellation cancellation, Set<FileId> outdated, long upTo)
            throws IOException {
        // What is hidden in part does not matter here: everything goes down.
        PickInput in = input(state, new HiddenMemo(), cancellation);
        Compaction due = pickFull(in, upTo);
        return due != null ? due : pickOutdated(in, outdated);
    }

    /**
     * The least sequence number for which something may become due when no reader needs an older state any more; {@link Long#MAX_VALUE}
     * for none.
     *
     * @param state of which nothing is due
     */
    public static long awaited(PickState state) {
        return SupersededFiles.awaited(state.version().runs(), state.oldestSnapshot(), state.durableSequence());
    }

    private static PickInput input(PickState state, HiddenMemo hidden, Cancellation cancellation) {
        return new PickInput(
                state.version().runs(),
                state.busy(),
                state.durableSequence(),
                state.oldestSnapshot(),
                state.targetFileBytes(),
                Version::tombstones,
                hidden,
                cancellation);
    }

    static Compaction pick(PickInput in) throws IOException {
        Compaction drop = HiddenFiles.pick(in);
        if (drop != null) {
            return drop;
        }
        Compaction merge = pickDown(in);
        if (merge == null) {
            merge = pickTiers(in);
        }
        if (merge == null && in.hidden().estimateMore(in)) {
            merge = pickDown(in);
        }
        return merge != null || !in.hidden().isComplete() ? merge : pickUpkeep(in);
    }

    /** By what is known of hidden parts. */
    private static Compaction pickDown(PickInput in) {
        HiddenParts hidden = in.hidden().known(in);
        return pickDown(in, Weights.of(in.bottom(), hidden), BottomDue.of(in, hidden));
    }

    private static Compaction pickTiers(PickInput in) {
        TierMerges merges = new TierMerges(in, smallBytes(in));
        Compaction uncommitted = merges.pick(tiers(in, false));
        return uncommitted != null ? uncommitted : merges.pick(tiers(in, true));
    }

    private static Compaction pickUpkeep(PickInput in) {
        Compaction upkeep = new BottomUpkeep(in).pick();
        if (upkeep != null) {
            return upkeep;
        }
        Compaction superseded = SupersededFiles.pick(in);
        if (superseded != null) {
            return superseded;
        }
        Compaction partly = pickVirtual(in);
        return partly != null
                ? partly
                : ValueGarbage.of(in.runs(), in.visibleToAll()).pick(in, Long.MAX_VALUE);
    }

    static Compaction pickFull(PickInput in, long upTo) throws IOException {
        Compaction drop = HiddenFiles.pick(in);
        if (drop != null) {
            return drop;
        }
        Weights weights = Weights.of(in.bottom(), HiddenParts.NONE);
        for (int i = 0; i < in.runs().size() && !in.runs().get(i).isBottom(); i++) {
            for (FileMeta file : in.runs().get(i).files()) {
                boolean asked = in.isFree(file) && file.newestSequence() <= upTo;
                CompactionScope scope = asked ? CompactionScope.below(in, weights, i, file) : null;
                if (scope != null) {
                    return scope.isSingle() ? moveOrRewrite(in, scope, file) : scope.merge(in);
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
        Compaction upkeep = new BottomUpkeep(in).pickAny(upTo);
        return upkeep != null
                ? upkeep
                : ValueGarbage.of(in.runs(), in.visibleToAll()).pick(in, upTo);
    }

    /**
     * Rewrites each outdated file by itself and within its run, so that no job is larger than a file, and the order of runs
     * stays.
     */
    static Compaction pickOutdated(PickInput in, Set<FileId> outdated) {
        if (outdated.isEmpty()) {
            return null;
        }
        for (SortedRun run : in.runs()) {
            for (FileMeta file : run.files()) {
                if (outdated.contains(file.id()) && !in.busy().contains(file.id())) {
                    return Compaction.rewrite(run.rank(), List.of(file));
                }
            }
        }
        return null;
    }

    /**
     * The rewriting of a virtual file with values in value files. It writes the few bytes of an SST; after that what is not shown of the
     * values counts as garbage, and value files that only the hidden part needs are gone.
     */
    private static Compaction pickVirtual(PickInput in) {
        for (SortedRun run : in.runs()) {
            for (FileMeta file : run.files()) {
                if (file.virtual()
                        && in.isFree(file)
                        && !file.info().valueFiles().isEmpty()) {
                    return Compaction.rewrite(run.rank(), List.of(file));
                }
            }
        }
        return null;
    }

    static long smallBytes(PickInput in) {
        return in.targetFileBytes() / SMALL_SHARE;
    }

    /** A file to move to the bottom run; else, if a merge into the bottom run is due, the best scope to merge. */
    private static Compaction pickDown(PickInput in, Weights weights, boolean due) {
        CompactionScope best = null;
        // The oldest run first, so that files of ascending keys go down in their order, and not between each other.
        for (int i = in.runs().size() - 1; i >= 0; i--) {
            if (in.runs().get(i).isBottom()) {
                continue;
            }
            for (FileMeta file : in.runs().get(i).files()) {
                CompactionScope scope = in.isFree(file) ? CompactionScope.below(in, weights, i, file) : null;
                if (scope == null) {
                    continue;
                }
                if (scope.isSingle() && (due || file.fileBytes() >= smallBytes(in))) {
                    return moveOrRewrite(in, scope, file);
                }
                if (due && (best == null || scope.isBetterThan(best))) {
                    best = scope;
                }
            }
        }
        return best == null ? null : best.merge(in);
    }

    /** Rewrites a file with many deletes, because they are of no use in the bottom run, and moves any other file. */
    private static Compaction moveOrRewrite(PickInput in, CompactionScope scope, FileMeta file) {
        return BottomUpkeep.hasManyDeletes(file) ? scope.merge(in) : scope.move();
    }

    /**
     * The tiers that are wholly committed, below all that are not; or the tiers with nothing committed, above all that have.
     * Newest first.
     */
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
