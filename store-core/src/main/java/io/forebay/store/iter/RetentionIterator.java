package io.forebay.store.iter;

import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.util.Cancellation;
import io.forebay.store.util.Slab;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What is left of the sources of a flush or compaction when everything goes that nobody can see: a walk forward, in
 * internal order, such that each kept state and the newest one read the same before and after.
 *
 * <p>Of each key and stripe (see {@link Stripes}) at most one version stays. Versions that a range delete of the same
 * stripe covers go. Operands of one stripe are folded to one, or to a plain value when what is below them is known; to
 * several, with what is below them left as it is, when they are too long to be held on the heap together; not at all when
 * the merge function fails on them. Where nothing older lies below, deletes go and plain values that every state sees get sequence number 0.
 *
 * <p>Usage: {@link #start}, then read and {@link #next()} while {@link #isValid()}; {@link #cutTombstone} at every cut
 * between files. Used by one thread. Only folds, deletes and the filter cost an allocation.
 */
public final class RetentionIterator implements Closeable {
    private final Retention retention;
    private final Cancellation cancellation;
    private final Stripes stripes;
    private final StripedTombstones tombstones;
    private final MergingIterator merged;

    // The key whose versions are looked at.
    private byte[] key = new byte[64];
    private int keyLength = -1;
    private long head;
    /** Range deletes over the key, newest first, or null. */
    private long[] cover;

    private boolean bottomKnown;
    private boolean bottom;
    /** Stripe of the last version that was decided about, or -1: older versions in it go. */
    private int settled;
    /** A delete that is needed if anything older is, or -1. */
    private long pendingDelete;

    // The entry that is shown.
    private boolean valid;
    private boolean firstOfKey;
    private boolean shownBefore;
    private long sequence;
    private long originalSequence;
    private byte kind;
    /** The value is that of the merge's present entry, which is to be passed at the next step. */
    private boolean inPlace;

    private Slab valueSlab;
    private int valueOffset;
    private int valueLength;

    private final FoldedOperands operands;
    /** Whether the oldest of the operands that are handed out is a value: nothing below belongs to it. */
    private boolean operandsComplete;

    private byte[] filtered = new byte[0];

    /** @param newestFirst with all their range deletes; closed by {@link #close()} */
    public RetentionIterator(List<Source> newestFirst, Retention retention) {
        this(newestFirst, retention, new Cancellation());
    }

    /** @param cancellation ends any step with a {@link java.util.concurrent.CancellationException} */
    public RetentionIterator(List<Source> newestFirst, Retention retention, Cancellation cancellation) {
        this.retention = retention;
        this.cancellation = cancellation;
        stripes = new Stripes(retention.states());
        operands = new FoldedOperands(retention.mergeFunction());
        tombstones = new StripedTombstones(newestFirst, retention, stripes, cancellation);
        merged = new MergingIterator(mergeInput(newestFirst), retention.upTo(), cancellation);
    }

    /**
     * When all range deletes lie in the oldest stripe, what they cover does too and can be sought past; otherwise each
     * version has to be looked at.
     */
    private List<Source> mergeInput(List<Source> newestFirst) {
        if (tombstones.newest() <= stripes.oldest()) {
            return newestFirst;
        }
        List<Source> bare = new ArrayList<>();
        for (Source source : newestFirst) {
            bare.add(new Source(source.iterator(), RangeTombstones.NONE));
        }
        return bare;
    }

    /**
     * To the first entry.
     *
     * @param rangeDeletes takes those that must stay during this and the steps to come, in key order along with the entries:
     *     each before the first entry behind it is shown, and the last ones before the end is
     */
    public void start(TombstoneSink rangeDeletes) throws IOException {
        tombstones.start(rangeDeletes);
        merged.seekToFirst();
        keyLength = -1;
        pendingDelete = -1;
        inPlace = false;
        operands.clear();
        find();
    }

    public boolean isValid() {
        return valid;
    }

    /** To the next entry; needs {@link #isValid()}. */
    public void next() throws IOException {
        if (cover != null) {
            tombstones.kept(originalSequence);
        }
        if (inPlace) {
            inPlace = false;
            merged.next();
        }
        find();
    }

    /** Valid in {@code [0, keyLength())} until the next step; never changed by callers. */
    public byte[] key() {
        return key;
    }

    public int keyLength() {
        return keyLength;
    }

    /** True when no newer version of the same key was shown. */
    public boolean isFirstOfKey() {
        return firstOfKey;
    }

    public long sequence() {
        return sequence;
    }

    public byte kind() {
        return kind;
    }

    /** Meaningless when {@link #valueLength()} is 0. */
    public Slab valueSlab() {
        return valueSlab;
    }

    public int valueOffset() {
        return valueOffset;
    }

    public int valueLength() {
        return valueLength;
    }

    /**
     * Cuts the range delete over {@code end}: what is before was not handed out yet, and is not later. All entries before
     * {@code end} must have been passed, and none behind it but the present one.
     *
     * @return null when there is none, or when that part of it need not stay
     */
    public Fragment cutTombstone(byte[] end) {
        return tombstones.cut(end);
    }

    @Override
    public void close() {
        valid = false;
        merged.close();
    }

    private void find() throws IOException {
        valid = false;
        if (operands.hasNext()) {
            showOperand();
        }
        while (!valid) {
            cancellation.check();
            if (!merged.isValid() || !isAtKey()) {
                if (pendingDelete >= 0 && isDeleteNeeded()) {
                    showDelete();
                    return;
                }
                if (!merged.isValid()) {
                    tombstones.finish();
                    return;
                }
                beginKey();
            }
            long version = merged.sequence();
            int stripe = stripes.of(version);
            if (version <= retention.above() || stripe == settled || isDeleted(version, stripe)) {
                merged.next();
            } else if (merged.kind() == ValueKind.DELETE) {
                // An older delete does what a newer one right above it does.
                pendingDelete = version;
                settled = stripe;
                merged.next();
            } else if (merged.kind() == ValueKind.PUT && isDropped(version)) {
                pendingDelete = version;
                settled = stripe;
                merged.next();
            } else if (pendingDelete >= 0) {
                showDelete();
            } else if (merged.kind() == ValueKind.PUT) {
                settled = stripe;
                inPlace = true;
                valueSlab = merged.valueSlab();
                valueOffset = merged.valueOffset();
                valueLength = merged.valueLength();
                show(version, ValueKind.PUT);
            } else {
                fold(version, stripe);
            }
        }
    }

    private void beginKey() throws IOException {
        int length = merged.keyLength();
        if (key.length < length) {
            key = new byte[Math.max(length, key.length * 2)];
        }
        System.arraycopy(merged.key(), 0, key, 0, length);
        keyLength = length;
        head = merged.head();
        cover = tombstones.moveTo(key, keyLength);
        bottomKnown = false;
        settled = -1;
        pendingDelete = -1;
        shownBefore = false;
    }

    private boolean isAtKey() {
        return merged.head() == head && Keys.equalTails(merged.key(), merged.keyLength(), key, keyLength);
    }

    private boolean isBottom() {
        if (!bottomKnown) {
            bottom = !retention.older().mayContain(key, keyLength);
            bottomKnown = true;
        }
        return bottom;
    }

    /** True when a range delete of its own stripe covers the version. */
    private boolean isDeleted(long version, int stripe) {
        if (cover == null || cover[0] < version) {
            return false;
        }
        int above = 0;
        while (above + 1 < cover.length && cover[above + 1] > version) {
            above++;
        }
        return cover[above] > version && stripes.of(cover[above]) == stripe;
    }

    /** True when a range delete over the key lies between two versions. */
    private boolean isCutBetween(long olderVersion, long newerVersion) {
        if (cover != null) {
            for (long tombstone : cover) {
                if (tombstone < newerVersion) {
                    return tombstone > olderVersion;
                }
            }
        }
        return false;
    }

    /** Asked when nothing older of the key was kept: is there anything that the delete still hides? */
    private boolean isDeleteNeeded() {
        if (!isCutBetween(-1, pendingDelete) && !isBottom()) {
            return true;
        }
        pendingDelete = -1;
        return false;
    }

    /** A value below operands that stay apart from it is no value that anybody reads. */
    private boolean isDropped(long version) {
        if (retention.filter() == null || shownBefore || version <= stripes.newest()) {
            return false;
        }
        int length = merged.valueLength();
        if (filtered.length < length) {
            filtered = new byte[Math.max(length, filtered.length * 2)];
        }
        if (length > 0) {
            merged.valueSlab().get(merged.valueOffset(), filtered, 0, length);
        }
        return retention.filter().drop(key, keyLength, filtered, length);
    }

    /** Folds the operand at hand with the older versions of its stripe. */
    private void fold(long newest, int stripe) throws IOException {
        operands.add(merged.copyValue(), newest);
        long bytes = merged.valueLength();
        long oldest = newest;
        boolean complete = false;
        boolean full = false;
        merged.next();
        while (!complete && !full && isVersionIn(stripe)) {
            if (isDeleted(merged.sequence(), stripe)) {
                complete = true;
            } else if (merged.kind() != ValueKind.DELETE && bytes + merged.valueLength() > retention.foldBytes()) {
                full = true;
            } else {
                if (merged.kind() != ValueKind.DELETE) {
                    operands.add(merged.copyValue(), merged.sequence());
                    bytes += merged.valueLength();
                }
                oldest = merged.sequence();
                complete = merged.kind() != ValueKind.MERGE;
                merged.next();
            }
        }
        if (!full) {
            settled = stripe;
            complete |= isNothingBelow(oldest);
        }
        byte[] value = operands.fold(Arrays.copyOf(key, keyLength));
        if (value == null) {
            operandsComplete = complete;
            showOperand();
        } else {
            operands.clear();
            show(value, newest, complete ? ValueKind.PUT : ValueKind.MERGE);
        }
    }

    /** The next of the operands that could not be folded. */
    private void showOperand() {
        long version = operands.nextSequence();
        byte[] value = operands.next();
        boolean last = !operands.hasNext();
        show(value, version, last && operandsComplete ? ValueKind.PUT : ValueKind.MERGE);
        if (last) {
            operands.clear();
        }
    }

    private void show(byte[] value, long version, byte entryKind) {
        valueSlab = value.length == 0 ? null : new Slab(ByteBuffer.wrap(value));
        valueOffset = 0;
        valueLength = value.length;
        show(version, entryKind);
    }

    private boolean isVersionIn(int stripe) {
        return merged.isValid()
                && isAtKey()
                && merged.sequence() > retention.above()
                && stripes.of(merged.sequence()) == stripe;
    }

    /** True when no value lies right below the operand {@code oldest}, after which the merge now stands. */
    private boolean isNothingBelow(long oldest) {
        boolean more = merged.isValid() && isAtKey() && merged.sequence() > retention.above();
        if (isCutBetween(more ? merged.sequence() : -1, oldest)) {
            return true;
        }
        return more ? merged.kind() == ValueKind.DELETE : isBottom();
    }

    private void showDelete() {
        valueLength = 0;
        show(pendingDelete, ValueKind.DELETE);
        pendingDelete = -1;
    }

    private void show(long version, byte entryKind) {
        originalSequence = version;
        boolean zero = entryKind == ValueKind.PUT
                && version <= retention.zeroUpTo()
                && version <= stripes.oldest()
                && cover == null
                && isBottom();
        sequence = zero ? 0 : version;
        kind = entryKind;
        firstOfKey = !shownBefore;
        shownBefore = true;
        valid = true;
    }
}
