package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentCursor;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Remembers which part of each file of the bottom run the range deletes of each file of a tier hide: a fact of two files, which do not change.
 * It is estimated when it is first asked for, and forgotten with either file. So what a look for compactions reads is that of new files.
 *
 * <p>Eight bytes for each pair of a file of a tier that has range deletes and a file of the bottom run that it is over. Files of one run do not
 * overlap, so with ten tiers over a bottom run of a thousand files these are at most some 160 kB.
 *
 * <p>One for each store. Used by one thread at a time.
 */
public final class HiddenMemo {
    /** Estimates which part of the data of a file, 0 to 1, lies in ranges, which are disjoint and ascending. */
    @FunctionalInterface
    interface ShareReader {
        double of(FileMeta file, List<KeyRange> ranges, Cancellation cancellation) throws IOException;
    }

    /** So many pairs are estimated before the thread is given back; each may be up to seventeen reads. */
    static final int AT_A_TIME = 8;

    private static final float UNKNOWN = Float.NaN;

    /**
     * What one file of a tier hides.
     *
     * @param limit range deletes above this sequence number do not count
     * @param files of the bottom run, in key order
     * @param shares of these files, 0 to 1, or {@link #UNKNOWN}
     */
    private record Below(long limit, FileMeta[] files, float[] shares) {
        /** The same for the files that the bottom run has now, as far as it is known. */
        Below over(List<FileMeta> now) {
            Below next = new Below(limit, now.toArray(FileMeta[]::new), new float[now.size()]);
            int at = 0;
            for (int i = 0; i < next.files.length; i++) {
                byte[] from = next.files[i].range().from();
                while (at < files.length
                        && Arrays.compareUnsigned(files[at].range().from(), from) < 0) {
                    at++;
                }
                next.shares[i] = at < files.length && files[at] == next.files[i] ? shares[at] : UNKNOWN;
            }
            return next;
        }

        boolean isKnown() {
            for (float share : shares) {
                if (Float.isNaN(share)) {
                    return false;
                }
            }
            return true;
        }
    }

    private final ShareReader shares;
    /** By files of tiers: by identity, because the same object is in all versions with the file. */
    private Map<FileMeta, Below> known = new IdentityHashMap<>();

    private boolean complete = true;

    public HiddenMemo() {
        this(Version::share);
    }

    HiddenMemo(ShareReader shares) {
        this.shares = shares;
    }

    /** What the range deletes of the free files of tiers hide, as far as it is known. Reads nothing. */
    HiddenParts known(PickInput in) {
        forgetOthers(in);
        complete = true;
        HiddenParts.Sum sum = new HiddenParts.Sum();
        for (Tier tier : tiers(in)) {
            for (int i = 0; i < tier.below.files.length; i++) {
                float share = tier.below.shares[i];
                if (Float.isNaN(share)) {
                    complete = false;
                } else if (!in.busy().contains(tier.below.files[i].id())) { // else what is left waits for that merge
                    sum.add(tier.file, tier.below.files[i], share);
                }
            }
        }
        return sum.finish();
    }

    /**
     * Estimates more of it, some files at a time, so that what becomes due meanwhile need not wait for all.
     *
     * @return false when all was known
     * @throws IOException when files cannot be read; what was estimated before that is kept
     * @throws java.util.concurrent.CancellationException see {@link PickInput#cancellation}; the same holds
     */
    boolean estimateMore(PickInput in) throws IOException {
        int left = AT_A_TIME;
        for (Tier tier : tiers(in)) {
            if (left > 0 && !tier.below.isKnown()) {
                left -= estimate(in, tier, left);
            }
        }
        return left < AT_A_TIME;
    }

    /** False when the last look found files of which more is to be estimated: another look goes on with that. */
    public boolean isComplete() {
        return complete;
    }

    private record Tier(FileMeta file, Below below) {}

    private List<Tier> tiers(PickInput in) {
        SortedRun bottom = in.bottom();
        List<Tier> tiers = new ArrayList<>();
        for (SortedRun run : in.runs()) {
            for (FileMeta file : run.files()) {
                if (bottom != null && !run.isBottom() && file.rangeDeletes() > 0 && in.isFree(file)) {
                    tiers.add(new Tier(file, below(in, bottom, file)));
                }
            }
        }
        return tiers;
    }

    private void forgetOthers(PickInput in) {
        Map<FileMeta, Below> kept = new IdentityHashMap<>();
        for (SortedRun run : in.runs()) {
            for (FileMeta file : run.files()) {
                Below below = run.isBottom() ? null : known.get(file);
                if (below != null) {
                    kept.put(file, below);
                }
            }
        }
        known = kept;
    }

    private Below below(PickInput in, SortedRun bottom, FileMeta tier) {
        // A file that is committed as a whole has no range delete that a crash may undo.
        long limit = Math.min(in.oldestSnapshot(), tier.newestSequence());
        Below before = known.get(tier);
        if (before == null || before.limit != limit) {
            before = new Below(limit, new FileMeta[0], new float[0]);
        }
        Below below = before.over(Version.overlapping(bottom, tier.range()));
        if (limit < tier.oldestSequence()) {
            Arrays.fill(below.shares, 0);
        }
        known.put(tier, below);
        return below;
    }

    /**
     * Walks the range deletes of the file beside the files below.
     *
     * @return how many files were looked at, up to {@code most}
     */
    private int estimate(PickInput in, Tier tier, int most) throws IOException {
        Walk walk = new Walk(in, tier.file, tier.below.limit);
        int looks = 0;
        for (int i = 0; i < tier.below.files.length && looks < most; i++) {
            FileMeta file = tier.below.files[i];
            List<KeyRange> ranges = walk.rangesIn(file.range());
            if (Float.isNaN(tier.below.shares[i])) {
                tier.below.shares[i] = ranges.isEmpty() ? 0 : (float) shares.of(file, ranges, in.cancellation());
                looks++;
            }
        }
        return looks;
    }

    /** The ranges that one file deletes for every reader, in key order. */
    private static final class Walk {
        private final PickInput in;
        private final long limit;
        private final FragmentCursor fragments;
        /** Null at the end. */
        private KeyRange next;

        Walk(PickInput in, FileMeta tier, long limit) throws IOException {
            this.in = in;
            this.limit = limit;
            in.cancellation().check();
            fragments = in.tombstones().read(List.of(tier)).cursor();
            advance();
        }

        /**
         * What lies below a range delete is older than it, whatever the newest entry of that file is: files change places only with files
         * that they do not overlap.
         */
        private void advance() throws IOException {
            Fragment fragment = fragments.next();
            while (fragment != null && fragment.newestAtOrBelow(limit) < 0) {
                fragment = fragments.next();
            }
            next = fragment == null ? null : KeyRange.of(fragment.start(), fragment.end());
        }

        /** The parts that lie in {@code bounds}, those that touch each other as one; each call asks for bounds behind those before. */
        List<KeyRange> rangesIn(KeyRange bounds) throws IOException {
            List<KeyRange> ranges = new ArrayList<>();
            while (next != null && (bounds.to() == null || Arrays.compareUnsigned(next.from(), bounds.to()) < 0)) {
                in.cancellation().check();
                addTo(ranges, next.intersect(bounds));
                if (bounds.to() != null && (next.to() == null || Arrays.compareUnsigned(next.to(), bounds.to()) > 0)) {
                    break; // the rest lies in files behind
                }
                advance();
            }
            return ranges;
        }

        private static void addTo(List<KeyRange> ranges, KeyRange range) {
            if (range.isEmpty()) {
                return;
            }
            KeyRange last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
            if (last != null && Arrays.equals(last.to(), range.from())) {
                ranges.set(ranges.size() - 1, KeyRange.of(last.from(), range.to()));
            } else {
                ranges.add(range);
            }
        }
    }
}
