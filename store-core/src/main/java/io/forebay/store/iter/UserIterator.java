package io.forebay.store.iter;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.ValueBuffer;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyText;
import io.forebay.store.key.PassedValue;
import io.forebay.store.key.ValueKind;
import io.forebay.store.util.PendingErrors;
import io.forebay.store.util.Slab;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * What a user sees: for every key within the bounds the newest version at or below a limit, without deletes, with merge
 * operands folded, in both directions. The methods are those of {@link io.forebay.store.StoreIterator}, except that they throw
 * {@link IOException}. A new iterator has no position. Used by one thread. It refers to nothing but its sources.
 *
 * <p>A plain value is not copied before the user asks for it. Only in reverse, where the versions of a key come oldest first, a
 * short value is copied if its key may have newer versions, and of one in a value file the place is kept; for another long one the merge
 * turns round and shows the newest version in place. Plain values cost no allocation, and an iterator keeps no long value on the heap but the merged one that it shows.
 *
 * <p>It does not merge sources, which {@link MergingIterator} does, and does not know claims or read states. It is one class,
 * to be read whole: each move depends on where the last one, in either direction, left the merge and the value.
 */
public final class UserIterator implements Closeable {
    /** A longer value is not copied in reverse: it is read where it is. */
    private static final int MOST_COPIED = 64 << 10;

    private static final byte[] NO_BYTES = {};
    /** After so many steps over older versions of one key, the iterator seeks to the next key. */
    private static final int VERSIONS_TO_STEP = 8;

    private static final int NONE = 0;
    /** The value is that of the present entry of {@link #merged}. */
    private static final int IN_PLACE = 1;
    /** The value is in {@link #copied}. */
    private static final int COPIED = 2;
    /** The value is {@link #folded}. */
    private static final int FOLDED = 3;
    /** The value is {@link #passed}. */
    private static final int PASSED = 4;

    private final MergingIterator merged;
    private final MergeFunction mergeFunction;
    private final byte[] from;
    private final byte[] to;
    private final long fromHead;
    private final long toHead;

    private static final byte[] NOTHING = {};

    /** Where the shown value is: one of the constants above. */
    private int shown = NONE;

    private boolean reverse;
    /** The shown key, unless the value is in place; else scratch. Always has room for one more byte. */
    private byte[] key = NOTHING;

    private int keyLength;
    private long head;
    private final ValueBuffer copied = new ValueBuffer(0);
    /** Takes values of mapped files until they are known to be whole. */
    private byte[] scratch = NO_BYTES;

    private long valueBytes = Store.MAX_VALUE_BYTES;
    private KeyText keyText = KeyText.HIDDEN;
    private byte[] folded;
    private PassedValue passed;
    private int passedLength;
    private final List<byte[]> operands = new ArrayList<>(0);
    private final EmptySpans emptySpans;
    private final EmptyWalk walk;
    /** True when a step has moved a source and {@link MergingIterator#finishStep} is still to be called. */
    private boolean isStepUnfinished;

    /**
     * @param newestFirst closed by {@link #close()}
     * @param limit versions and range deletes above it are ignored
     * @param mergeFunction may be null when no source holds operands
     */
    public UserIterator(List<Source> newestFirst, KeyRange bounds, long limit, MergeFunction mergeFunction) {
        this(newestFirst, bounds, limit, mergeFunction, EmptySpans.NONE, null);
    }

    /**
     * As the other constructor, with jumps over spans without live entries.
     *
     * @param emptySpans spans without live entries at {@code limit}
     * @param listener gets more such spans; may be null
     */
    public UserIterator(
            List<Source> newestFirst,
            KeyRange bounds,
            long limit,
            MergeFunction mergeFunction,
            EmptySpans emptySpans,
            EmptySpans.Listener listener) {
        this.merged = new MergingIterator(newestFirst, limit, emptySpans, bounds);
        this.emptySpans = emptySpans;
        this.walk = new EmptyWalk(listener);
        this.mergeFunction = mergeFunction;
        this.from = bounds.from();
        this.to = bounds.to();
        this.fromHead = Slab.head(from, 0, from.length);
        this.toHead = to == null ? 0 : Slab.head(to, 0, to.length);
    }

    /** A read of a value that is merged from more than {@code most} bytes fails. */
    public UserIterator limitValues(long most) {
        valueBytes = most;
        return this;
    }

    /** Sets how messages show keys. Without this call they do not show them. */
    public UserIterator showKeys(KeyText text) {
        keyText = text;
        return this;
    }

    public boolean isValid() {
        return shown != NONE;
    }

    /** The files in which the sources stand that read them where they are mapped. */
    public List<String> mappedFiles() {
        return merged.mappedFiles();
    }

    /** Moves to the first entry within bounds. */
    public void seekToFirst() throws IOException {
        seekForward(from, 0, from.length);
    }

    /** Moves to the last entry within bounds. */
    public void seekToLast() throws IOException {
        if (to != null) {
            seekBackward(to, to.length);
            return;
        }
        startBackward();
        walk.startAfterAll();
        byte[] start = emptySpans.startOfLast();
        if (start == null) {
            merged.seekToLast();
        } else if (isAtOrBelowStart(start)) {
            return;
        } else {
            merged.seekBefore(start, 0, start.length);
        }
        findBackward();
    }

    /** Moves to the first entry at or after {@code target[offset, offset + length)}, clamped to the bounds. */
    public void seek(byte[] target, int offset, int length) throws IOException {
        if (Slab.compare(target, offset, length, from, 0, from.length) <= 0) {
            seekToFirst();
        } else {
            seekForward(target, offset, length);
        }
    }

    private void seekForward(byte[] target, int offset, int length) throws IOException {
        shown = NONE;
        folded = null;
        reverse = false;
        merged.takeWalked();
        walk.start(target, offset, length);
        int span = emptySpans.isEmpty() ? -1 : emptySpans.containing(target, offset, length);
        if (span < 0) {
            merged.seek(target, offset, length);
        } else {
            byte[] end = emptySpans.to(span);
            if (end == null || to != null && Arrays.compareUnsigned(end, to) >= 0) {
                return;
            }
            merged.seek(end, 0, end.length);
        }
        findForward();
    }

    /** Moves to the last entry at or before {@code target[offset, offset + length)}, clamped to the bounds. */
    public void seekForPrev(byte[] target, int offset, int length) throws IOException {
        if (to != null && Slab.compare(target, offset, length, to, 0, to.length) >= 0) {
            seekToLast();
            return;
        }
        byte[] successor = new byte[length + 1];
        System.arraycopy(target, offset, successor, 0, length);
        seekBackward(successor, length + 1);
    }

    private void seekBackward(byte[] end, int length) throws IOException {
        startBackward();
        walk.start(end, 0, length);
        int span = emptySpans.isEmpty() ? -1 : emptySpans.endingAtOrAfter(end, 0, length);
        if (span < 0) {
            merged.seekBefore(end, 0, length);
        } else {
            byte[] start = emptySpans.from(span);
            if (isAtOrBelowStart(start)) {
                return;
            }
            merged.seekBefore(start, 0, start.length);
        }
        findBackward();
    }

    private void startBackward() {
        shown = NONE;
        folded = null;
        reverse = true;
        merged.takeWalked();
    }

    private boolean isAtOrBelowStart(byte[] end) {
        return Arrays.compareUnsigned(end, from) <= 0;
    }

    public void next() throws IOException {
        checkShown();
        if (shown == IN_PLACE && !reverse && merged.mayStep()) {
            if (!step()) {
                finishNext();
            }
            return;
        }
        walk.start();
        folded = null;
        if (reverse) {
            if (shown == IN_PLACE) {
                takeKey();
            }
            shown = NONE;
            reverse = false;
            seekAfterKey();
        } else if (shown == IN_PLACE) {
            shown = NONE;
            passPresent();
        } else {
            shown = NONE;
            passOlderVersions();
        }
        findForward();
    }

    /**
     * Adds the present entry and those after it to {@code batch} until that is full, and moves to the first entry that is not
     * in it.
     */
    public void nextBatch(EntryBatch batch) throws IOException {
        checkShown();
        fill(batch);
        if (shown != NONE) {
            next();
        }
    }

    /**
     * Adds the present entry and those after it to {@code batch} until that is full, and stays on the last one that is in it. Afterwards
     * the iterator is not valid if there are no more entries. Adds nothing if it is not valid.
     */
    public void fill(EntryBatch batch) throws IOException {
        while (shown != NONE) {
            addPresent(batch);
            if (batch.isFull()) {
                return;
            }
            next();
        }
    }

    private void addPresent(EntryBatch batch) throws IOException {
        boolean withValues = batch.hasValues();
        if (shown == IN_PLACE) {
            InternalIterator present = merged.current();
            int length = withValues ? present.valueLength() : 0;
            int at = batch.add(present.key(), present.keyLength(), length);
            if (length > 0) {
                present.copyValue(batch.array(), at);
            }
        } else {
            int length = withValues ? valueLength() : 0;
            int at = batch.add(key, keyLength, length);
            if (length > 0) {
                System.arraycopy(shownBytes(), 0, batch.array(), at, length);
            }
        }
    }

    /** Result of {@link #nextInFile}. */
    public enum Step {
        /** The iterator is at the next entry. */
        DONE,
        /** The iterator has not moved: the caller calls {@link #next}. */
        NOT_STARTED,
        /** The step is not complete: the caller calls {@link #finishNext}. */
        STARTED
    }

    /** As {@link #next}, as far as that is possible without reading a memtable. Most steps of most scans take this path. */
    public Step nextInFile() throws IOException {
        checkShown();
        if (shown != IN_PLACE || reverse || merged.isInMemtable() || !merged.mayStep()) {
            return Step.NOT_STARTED;
        }
        return step() ? Step.DONE : Step.STARTED;
    }

    /**
     * Moves the source of the present entry, of which no older version follows. That is the whole step when the source goes on to
     * lead, with a plain value.
     *
     * @return false when {@link #finishNext} has to complete the step
     */
    private boolean step() throws IOException {
        shown = NONE;
        isStepUnfinished = true;
        if (merged.step()) {
            isStepUnfinished = false;
            if (!isBelowEnd()) {
                return true;
            }
            if (merged.kind() == ValueKind.PUT) {
                shown = IN_PLACE;
                return true;
            }
        }
        return false;
    }

    /** Completes a step that {@link #nextInFile} has started. */
    public void finishNext() throws IOException {
        walk.start();
        if (isStepUnfinished) {
            isStepUnfinished = false;
            merged.finishStep();
        }
        findForward();
    }

    /**
     * Instead of {@link #finishNext}: the step leads to the first live entry at or after the returned key; null when there is
     * none. Reads no memtable.
     */
    public byte[] restOfNext() {
        return merged.lowestKey();
    }

    /** True when the value is in a memtable, so that a copy of it reads one. */
    public boolean isValueInMemtable() {
        return shown == IN_PLACE && merged.isInMemtable();
    }

    /** Moves from the newest version of a key to the next key. */
    private void passPresent() throws IOException {
        if (merged.isLastOfKey()) {
            merged.next();
        } else {
            takeKey();
            merged.next();
            passOlderVersions();
        }
    }

    public void prev() throws IOException {
        checkShown();
        walk.start();
        folded = null;
        if (!reverse) {
            if (shown == IN_PLACE) {
                takeKey();
            }
            shown = NONE;
            reverse = true;
            merged.seekBefore(key, 0, keyLength);
        } else if (shown == IN_PLACE) {
            shown = NONE;
            merged.prev();
        }
        shown = NONE;
        findBackward();
    }

    /** The bytes of the key in {@code [0, keyLength())}, valid until the next move. The caller must not change them. */
    public byte[] keyArray() {
        checkShown();
        return shown == IN_PLACE ? merged.key() : key;
    }

    public int keyLength() {
        checkShown();
        return shown == IN_PLACE ? merged.keyLength() : keyLength;
    }

    public int valueLength() {
        checkShown();
        return switch (shown) {
            case IN_PLACE -> merged.valueLength();
            case COPIED -> copied.length();
            case PASSED -> passedLength;
            default -> folded.length;
        };
    }

    /** The key as a new array. */
    public byte[] key() {
        return Arrays.copyOf(keyArray(), keyLength());
    }

    /** The value as a new array. */
    public byte[] value() throws IOException {
        checkShown();
        return switch (shown) {
            case IN_PLACE -> merged.copyValue();
            case COPIED -> copied.toByteArray();
            case PASSED -> readPassed();
            default -> folded.clone();
        };
    }

    /** Copies the value to {@code into}, which does not change when this throws. */
    public void value(ValueBuffer into) throws IOException {
        checkShown();
        if (shown == IN_PLACE) {
            copyInPlace(into);
        } else if (shown == PASSED) {
            passed.read(into);
        } else {
            int length = valueLength();
            System.arraycopy(shown == COPIED ? copied.array() : folded, 0, into.reset(length), 0, length);
        }
    }

    /** A mapped value is whole once the JVM has not complained, so it is copied to the buffer of the user after that. */
    private void copyInPlace(ValueBuffer into) throws IOException {
        InternalIterator present = merged.current();
        int length = present.valueLength();
        if (present.mappedFile() == null || present.valueSlab() == null) {
            present.copyValue(into);
            return;
        }
        if (scratch.length < length) {
            scratch = new byte[length];
        }
        byte[] whole = scratch;
        if (length > MOST_COPIED) {
            scratch = NO_BYTES;
        }
        present.copyValue(whole, 0);
        PendingErrors.raise();
        System.arraycopy(whole, 0, into.reset(length), 0, length);
    }

    /** An array that starts with the value, which is not in place. */
    private byte[] shownBytes() throws IOException {
        if (shown == PASSED && passedLength > MOST_COPIED) {
            return readPassed();
        }
        if (shown == PASSED) {
            passed.read(copied);
        }
        return shown == FOLDED ? folded : copied.array();
    }

    private byte[] readPassed() throws IOException {
        ValueBuffer value = new ValueBuffer(passedLength);
        passed.read(value);
        return value.array();
    }

    /**
     * Gives back what the sources use of files. After it no caller moves this iterator or reads a value; any thread may call
     * it. The other accessors return the same as before. Idempotent, also with {@link #close}.
     */
    public void letGo() {
        merged.letGo();
    }

    /**
     * Drops what the newest {@code sources} have on the heap; they are memtables that were taken away. After it no caller moves
     * this iterator, or reads a value in a memtable; any thread may call it. The other accessors return the same as before.
     */
    public void dropMemtables(int sources) {
        merged.dropTombstones(sources);
    }

    /** Closes the sources. Idempotent if the close of each source is. */
    @Override
    public void close() {
        shown = NONE;
        merged.close();
    }

    /** Shows the entry of the first live key at or after the position of the merge. */
    private void findForward() throws IOException {
        while (merged.isValid() && isBelowEnd()) {
            byte kind = merged.kind();
            if (kind != ValueKind.DELETE) {
                if (walk.isLong(merged.takeWalked())) {
                    walk.endForward(merged.copyKey());
                }
                if (kind == ValueKind.PUT) {
                    shown = IN_PLACE;
                } else {
                    takeKey();
                    fold();
                }
                return;
            }
            if (!merged.jumpOut()) {
                walk.passForward(merged.key(), merged.keyLength());
                passPresent();
            }
        }
        if (walk.isLong(merged.takeWalked())) {
            walk.endForward(to);
        }
    }

    /** Folds the operands from the present one down to a plain value, a delete, or the next key. */
    private void fold() throws IOException {
        operands.clear();
        boolean open = true;
        while (open) {
            if (merged.kind() != ValueKind.DELETE) {
                operands.add(merged.copyValue());
            }
            open = merged.kind() == ValueKind.MERGE;
            if (open) {
                merged.next();
                open = merged.isValid() && isAtKey();
            }
        }
        Collections.reverse(operands);
        showFolded();
    }

    /** Shows the entry of the last live key at or before the position of the merge. */
    private void findBackward() throws IOException {
        while (merged.isValid() && isAtOrAboveStart()) {
            byte only = merged.kind();
            if (only == ValueKind.PUT && merged.isLastOfKey()) {
                shown = IN_PLACE;
                tellBackward(merged.key(), merged.keyLength());
                return;
            }
            if ((only == ValueKind.DELETE || walk.isUnderWay()) && merged.jumpOut()) {
                continue;
            }
            takeKey();
            operands.clear();
            int state = NONE;
            boolean isLong = false;
            do {
                byte kind = merged.kind();
                if (kind == ValueKind.PUT) {
                    operands.clear();
                    PassedValue inValueFile = merged.passedValue();
                    if (inValueFile != null) {
                        passed = inValueFile;
                        passedLength = merged.valueLength();
                        state = PASSED;
                    } else if (isReadWhereItIs()) {
                        isLong = true;
                        break;
                    } else {
                        merged.copyValue(copied);
                        state = COPIED;
                    }
                } else if (kind == ValueKind.DELETE) {
                    operands.clear();
                    state = NONE;
                } else {
                    if (state == COPIED || state == PASSED) {
                        operands.add(state == COPIED ? copied.toByteArray() : readPassed());
                    }
                    operands.add(merged.copyValue());
                    state = FOLDED;
                }
                merged.prev();
            } while (merged.isValid() && isAtKey());
            if (isLong) {
                if (turnToNewest()) {
                    return;
                }
                continue;
            }
            if (state != NONE) {
                tellBackward(key, keyLength);
                if (state == FOLDED) {
                    showFolded();
                } else {
                    shown = state;
                }
                return;
            }
            walk.passBackward(key, keyLength);
        }
        if (walk.isLong(merged.takeWalked())) {
            walk.endBackward(from);
        }
    }

    /** A value that is long, or that its source does not keep in memory. */
    private boolean isReadWhereItIs() {
        int length = merged.valueLength();
        return length > MOST_COPIED || length > 0 && merged.valueSlab() == null;
    }

    /**
     * Shows the newest version of the taken key, which the merge comes to forward. If that is a delete, goes on in reverse before
     * the key.
     *
     * @return false when there is no entry to show
     */
    private boolean turnToNewest() throws IOException {
        operands.clear();
        merged.seek(key, 0, keyLength);
        if (merged.isValid() && isAtKey() && merged.kind() != ValueKind.DELETE) {
            reverse = false;
            tellBackward(key, keyLength);
            if (merged.kind() == ValueKind.PUT) {
                shown = IN_PLACE;
            } else {
                fold();
            }
            return true;
        }
        walk.passBackward(key, keyLength);
        merged.seekBefore(key, 0, keyLength);
        return false;
    }

    /** Reports a long reverse walk that has come to a live key. */
    private void tellBackward(byte[] live, int length) {
        if (walk.isLong(merged.takeWalked())) {
            walk.endBackward(Arrays.copyOf(Arrays.copyOf(live, length), length + 1));
        }
    }

    /** Shows {@link #operands}, which are in order of age, oldest first, as one value. */
    private void showFolded() {
        if (operands.size() == 1) {
            folded = operands.get(0);
        } else {
            if (mergeFunction == null) {
                throw new StoreException("The store has merge operands but was opened without a merge function");
            }
            MergedValue.check(operands, valueBytes);
            folded = MergedValue.of(mergeFunction, Arrays.copyOf(key, keyLength), operands, keyText);
        }
        operands.clear();
        shown = FOLDED;
    }

    private void passOlderVersions() throws IOException {
        int passed = 0;
        while (merged.isValid() && isAtKey()) {
            if (++passed > VERSIONS_TO_STEP) {
                seekAfterKey();
                return;
            }
            merged.next();
        }
    }

    private void seekAfterKey() throws IOException {
        key[keyLength] = 0;
        merged.seek(key, 0, keyLength + 1);
    }

    private boolean isAtKey() {
        return merged.head() == head && Keys.equalTails(merged.key(), merged.keyLength(), key, keyLength);
    }

    private boolean isBelowEnd() {
        if (to == null) {
            return true;
        }
        int byHead = Long.compareUnsigned(merged.head(), toHead);
        return byHead != 0 ? byHead < 0 : Keys.compareTails(merged.key(), merged.keyLength(), to, to.length) < 0;
    }

    private boolean isAtOrAboveStart() {
        int byHead = Long.compareUnsigned(merged.head(), fromHead);
        return byHead != 0 ? byHead > 0 : Keys.compareTails(merged.key(), merged.keyLength(), from, from.length) >= 0;
    }

    private void takeKey() {
        takeKey(merged.key(), 0, merged.keyLength(), merged.head());
    }

    private void takeKey(byte[] bytes, int offset, int length, long keyHead) {
        if (key.length <= length) {
            key = new byte[Math.max(length + 1, Math.max(64, key.length * 2))];
        }
        System.arraycopy(bytes, offset, key, 0, length);
        keyLength = length;
        head = keyHead;
    }

    private void checkShown() {
        if (shown == NONE) {
            throw new IllegalStateException("The iterator is not on an entry; check isValid() first");
        }
    }
}
