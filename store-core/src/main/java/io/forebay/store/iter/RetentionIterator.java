package io.forebay.store.iter;

import io.forebay.store.ValueBuffer;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.sst.SstIterator;
import io.forebay.store.util.Cancellation;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a flush or compaction keeps of its sources: a forward walk in internal order, which drops entries that no reader can
 * see. A read at each snapshot sequence, and a read of the newest state, gets the same before and after the job.
 *
 * <p>Of each key and stripe (see {@link Stripes}) at most one version is kept. Versions that a range delete of the same stripe
 * covers are dropped. Operands of one stripe are folded to one operand, or to a plain value when the version below them is
 * known. They are folded to several operands, and the version below is left as it is, when they are too long for the heap
 * together; they are not folded when the merge function fails on them. Where there is nothing older, deletes are dropped, and
 * plain values that all readers see get sequence number 0.
 *
 * <pre>
 *  versions of a key, newest first      snapshot sequences 20 and 40, nothing older below
 *   50 put     kept                     stripe 2: above 40
 *   47 put     dropped: 50 hides it
 *   33 merge   }  folded to one put     stripe 1: 21 to 40
 *   25 put     }
 *   12 delete  dropped: nothing older   stripe 0: up to 20
 * </pre>
 *
 * <p>It does not write, and does not choose its sources. It is one class, to be read whole: what is decided for a version
 * depends on all newer versions of its key.
 *
 * <p>Usage: {@link #start}, then read and {@link #next()} while {@link #isValid()}; {@link #cutTombstone} at the end of every
 * file. Used by one thread. Only folds, deletes and the filter cost an allocation.
 */
public final class RetentionIterator implements Closeable {
    private final Retention retention;
    private final Cancellation cancellation;
    private final Stripes stripes;
    private final StripedTombstones tombstones;
    private final MergingIterator merged;

    // The key whose versions are being read.
    private byte[] key = new byte[64];
    private int keyLength = -1;
    private long head;
    /** Range deletes over the key, newest first, or null. */
    private long[] cover;

    private boolean bottomKnown;
    private boolean bottom;
    /** The stripe of the last version that was kept or dropped for good, or -1: older versions in that stripe are dropped. */
    private int decidedStripe;
    /** Sequence number of a delete that is kept only if there is something older, or -1. */
    private long pendingDelete;

    // The entry that is shown.
    private boolean valid;
    private boolean firstOfKey;
    private boolean shownBefore;
    private long sequence;
    private long originalSequence;
    private byte kind;
    /** True when the value is that of the present entry of {@link #merged}, which the next step passes. */
    private boolean inPlace;

    private Slab valueSlab;
    private int valueOffset;
    private int valueLength;
    private ValueFile valueFile;
    private long valueFileOffset;

    private final FoldedOperands operands;
    /**
     * True when the oldest of the operands that are returned unfolded is a plain value, so that no version below belongs to
     * them.
     */
    private boolean operandsComplete;

    private final ValueBuffer filtered = new ValueBuffer(0);

    /** @param newestFirst with all their range deletes; closed by {@link #close()}, and when this throws */
    public RetentionIterator(List<Source> newestFirst, Retention retention) {
        this(newestFirst, retention, new Cancellation());
    }

    /** @param cancellation ends any step with a {@link java.util.concurrent.CancellationException} */
    public RetentionIterator(List<Source> newestFirst, Retention retention, Cancellation cancellation) {
        this.retention = retention;
        this.cancellation = cancellation;
        try {
            stripes = new Stripes(retention.snapshotSequences());
            operands = new FoldedOperands(retention.mergeFunction());
            tombstones = new StripedTombstones(newestFirst, retention, stripes, cancellation);
            merged = new MergingIterator(mergeInput(newestFirst), retention.upTo(), cancellation);
        } catch (RuntimeException | Error e) {
            newestFirst.forEach(source -> source.iterator().close());
            throw e;
        }
    }

    /**
     * When all range deletes lie in the oldest stripe, all that they cover does too, and the merge can seek past it. Otherwise
     * each version has to be examined.
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
     * Moves to the first entry.
     *
     * @param rangeDeletes gets the range deletes that must be kept, during this call and the steps that follow, in key order
     *     along with the entries: each before the first entry after it is shown, and the last ones before this becomes invalid
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

    /** Moves to the next entry; needs {@link #isValid()}. */
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

    /** One of {@link ValueKind}, {@link ValueKind#REFERENCE} included. */
    public byte kind() {
        return kind;
    }

    /** True when a range delete that is kept, too, hides the entry from all who do not read an older state. */
    public boolean isCovered() {
        return cover != null && cover[0] > originalSequence;
    }

    /** Where the value of an entry of kind {@link ValueKind#REFERENCE} is. */
    public ValueFile valueFile() {
        return valueFile;
    }

    /** Where it starts in that file. */
    public long valueFileOffset() {
        return valueFileOffset;
    }

    /** Meaningless when {@link #valueLength()} is 0, and for a reference. */
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
     * Cuts the range delete over {@code end} there, and returns the part before it, which goes to no one else. All entries
     * before {@code end} must have been passed, and of the entries after it only the present one may have been reached.
     *
     * @return null when there is none, or when that part of it need not be kept
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
                startKey();
            }
            long version = merged.sequence();
            int stripe = stripes.of(version);
            if (version <= retention.above() || stripe == decidedStripe || isDeleted(version, stripe)) {
                merged.next();
            } else if (merged.kind() == ValueKind.DELETE) {
                // An older delete does what a newer one right above it does.
                pendingDelete = version;
                decidedStripe = stripe;
                merged.next();
            } else if (isValue(merged.kind()) && isDropped(version)) {
                pendingDelete = version;
                decidedStripe = stripe;
                merged.next();
            } else if (pendingDelete >= 0) {
                showDelete();
            } else if (isValue(merged.kind())) {
                decidedStripe = stripe;
                inPlace = true;
                showInPlace(version);
            } else {
                fold(version, stripe);
            }
        }
    }

    private static boolean isValue(byte kind) {
        return kind == ValueKind.PUT || kind == ValueKind.REFERENCE;
    }

    /** Shows the value of the present entry of {@link #merged} where it is. */
    private void showInPlace(long version) throws IOException {
        if (merged.kind() == ValueKind.REFERENCE) {
            SstIterator source = (SstIterator) merged.current();
            valueFile = source.valueFile();
            valueFileOffset = source.valueFileOffset();
        }
        valueSlab = merged.valueSlab();
        valueOffset = merged.valueOffset();
        valueLength = merged.valueLength();
        show(version, merged.kind());
    }

    private void startKey() throws IOException {
        int length = merged.keyLength();
        if (key.length < length) {
            key = new byte[Math.max(length, key.length * 2)];
        }
        System.arraycopy(merged.key(), 0, key, 0, length);
        keyLength = length;
        head = merged.head();
        cover = tombstones.moveTo(key, keyLength);
        bottomKnown = false;
        decidedStripe = -1;
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

    /** Called when no older version of the key was kept: true when the delete still hides something. */
    private boolean isDeleteNeeded() {
        if (!isCutBetween(-1, pendingDelete) && !isBottom()) {
            return true;
        }
        pendingDelete = -1;
        return false;
    }

    /**
     * Asks the filter. A value below operands that are kept apart from it is not asked about, because no read returns that
     * value.
     */
    private boolean isDropped(long version) throws IOException {
        if (retention.filter() == null
                || shownBefore
                || version <= stripes.newest()
                || !retention.filter().mayDrop(key, keyLength)) {
            return false;
        }
        merged.copyValue(filtered);
        return retention.filter().drop(key, keyLength, filtered.array(), filtered.length());
    }

    /** Folds the present operand with the older versions of its stripe. */
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
            decidedStripe = stripe;
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

    /** Shows the next of the operands that could not be folded. */
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

    /** True when there is no value right below the operand {@code oldest}; the merge has passed that operand. */
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
        boolean zero = isValue(entryKind)
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
