package io.forebay.store.compaction;

import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;

/**
 * Whether tiers are due to be merged into the bottom run, because they weigh enough. Where most bytes are in value files, those that a
 * file refers to weigh as well: a long value among many short ones is what takes the space. Files of running compactions do not count.
 */
final class BottomDue {
    /**
     * The share of the bottom run that tiers may weigh in a store most of whose bytes are in value files, at most. A merge writes little
     * of them, and what tiers hide takes the space of its values until it is merged. It is as large as the part that a merge writes of all
     * bytes, so that the bytes which merges write for each that comes in do not grow, and not less than {@link #LEAST_VALUES_SHARE}.
     */
    static final double VALUES_SHARE = 0.2;

    static final double LEAST_VALUES_SHARE = 0.1;

    /** A store of which a merge writes more than this part is merged as one without value files is. */
    private static final double MOST_WRITTEN = 0.5;

    private final PickInput in;
    private final HiddenParts hidden;
    private final double lean;

    /** Bytes of all SSTs; of the values in value files; and of those of the bottom run that each merge copies. */
    private long sstBytes;

    private long valueBytes;
    private long copiedBytes;

    private BottomDue(PickInput in, HiddenParts hidden) {
        this.in = in;
        this.hidden = hidden;
        lean = in.bottom() == null ? 0 : Lean.of(in.bottom());
        for (SortedRun run : in.runs()) {
            sstBytes += run.bytes();
            for (FileMeta file : run.files()) {
                valueBytes += file.valueBytes();
                for (ValueShare share : file.info().valueFiles()) {
                    copiedBytes += run.isBottom() && share.isShort(in.targetFileBytes()) ? share.bytes() : 0;
                }
            }
        }
    }

    /** @param hidden by range deletes of tiers */
    static boolean of(PickInput in, HiddenParts hidden) {
        BottomDue due = new BottomDue(in, hidden);
        return due.valueBytes > due.sstBytes ? due.byAllBytes() : due.bySsts() || due.valueBytes > 0 && due.byValues();
    }

    private boolean bySsts() {
        Weights weights = Weights.of(in.bottom(), HiddenParts.NONE);
        Tiers tiers = tiers(weights);
        double share = share(weights.bottomBytes());
        return tiers.count >= CompactionPicker.LEAST_TIERS && tiers.weight >= weights.bottomBytes() * share
                || isMuchHidden(weights.bottomBytes() + tiers.weight, share);
    }

    /**
     * What is hidden is garbage for sure, and may be no more of all bytes than that share is of what is live. It is not added to the weight of
     * tiers: what is cleared and written again would count twice, and be merged twice as often.
     */
    private boolean isMuchHidden(double bytes, double share) {
        return in.bottom() != null && hidden.ofSsts() >= bytes * share / (1 + share);
    }

    private boolean byAllBytes() {
        Weights weights = Weights.withValues(in.bottom());
        Tiers tiers = tiers(weights);
        double written = (double) (sstBytes + copiedBytes) / (sstBytes + valueBytes);
        if (written <= MOST_WRITTEN) {
            double share = Math.max(LEAST_VALUES_SHARE, Math.min(VALUES_SHARE, written));
            return isEnough(tiers, 1) && tiers.weight + hidden.all() >= weights.bottomBytes() * leaning(share);
        }
        double most = weights.bottomBytes() * share(weights.bottomBytes());
        return tiers.weight + hidden.all() >= most
                && (isEnough(tiers, CompactionPicker.LEAST_TIERS) || hidden.all() >= most);
    }

    /** Values in value files are the smaller part, and tiers hide much of the space that they take. */
    private boolean byValues() {
        Tiers tiers = tiers(Weights.ofValues(in.bottom()));
        double most = Weights.withValues(in.bottom()).bottomBytes() * leaning(VALUES_SHARE);
        return tiers.weight + hidden.ofValues() >= most && (isEnough(tiers, 1) || hidden.ofValues() >= most);
    }

    /** A single tier may be a merge of much that was written; but below it there must be something to merge it into. */
    private boolean isEnough(Tiers tiers, int least) {
        return tiers.count >= (in.bottom() == null ? CompactionPicker.LEAST_TIERS : least);
    }

    private double leaning(double share) {
        return share * (1 + CompactionPicker.BOTTOM_LEAN * lean);
    }

    private double share(long bottomBytes) {
        boolean small = bottomBytes < CompactionPicker.FEW_FILES * in.targetFileBytes();
        return small
                ? CompactionPicker.SMALL_BOTTOM_SHARE * (1 + CompactionPicker.SMALL_BOTTOM_LEAN * lean)
                : leaning(CompactionPicker.BOTTOM_SHARE);
    }

    /** @param count of tiers that weigh something */
    private record Tiers(double weight, int count) {}

    private Tiers tiers(Weights weights) {
        double upper = 0;
        int count = 0;
        for (SortedRun run : in.runs()) {
            if (run.isBottom()) {
                continue;
            }
            double weight = 0;
            for (FileMeta file : run.files()) {
                weight += in.isFree(file) ? weights.of(file) : 0;
            }
            upper += weight;
            count += weight > 0 ? 1 : 0;
        }
        return new Tiers(upper, count);
    }
}
