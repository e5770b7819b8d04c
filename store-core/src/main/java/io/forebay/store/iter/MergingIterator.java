package io.forebay.store.iter;

import io.forebay.store.KeyRange;
import io.forebay.store.ValueBuffer;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.PassedValue;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.util.Cancellation;
import io.forebay.store.util.Slab;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * All versions of all sources at or below a limit, in internal order, without the versions that range deletes at or below the
 * limit cover. Where a range delete of a newer source covers an older source, the older source seeks to the far end of that
 * range: dead entries there are never read. Entries that a range delete of their own source covers are walked, because the
 * source may have newer entries among them. Used by one thread.
 *
 * <pre>
 *  newest source 0: cursor, range deletes --+          leader: the source whose entry is shown
 *                1: cursor, range deletes --+--&gt; heap of the waiting sources, the next one at the root
 *  oldest source n: cursor, range deletes --+          Covers: which sources are dead at the present key
 * </pre>
 *
 * <p>The sources other than the leader wait in a heap; stepping compares the leader with the root only, so that a long run of
 * entries from one source costs one comparison each. Equal keys are ordered by the age of their sources, not by sequence
 * number, so that entries of sequence 0 merge like all others. No step allocates. The accessors return the fields of the
 * leading source itself, not copies; they are those of {@link InternalIterator}.
 *
 * <p>It does not drop older versions of a key, point deletes or operands: {@link UserIterator} and {@link RetentionIterator} do.
 * It is one class, to be read whole: heap, leader, direction and dead spans change together in each step.
 */
public final class MergingIterator implements Closeable {
    private final InternalIterator[] sources;
    private final long limit;
    /** Null when no source has a range delete. */
    private final Covers covers;
    /** The indexes of the waiting sources, as a heap with the next source at the root. */
    private final int[] heap;

    private int heapSize;
    /** Index of the source whose entry is shown; undefined while this cursor is not valid. */
    private int leader;

    /** The source whose entry is shown. */
    private InternalIterator top;

    private boolean valid;
    /**
     * True for each source that waits in the heap or leads. The other sources have no more entries in the present direction.
     */
    private final boolean[] live;

    private boolean reverse;
    private final EmptySpans emptySpans;
    private final KeyRange bounds;
    /** Null when it cannot be cancelled. */
    private final Cancellation cancellation;
    /** Dead entries that were walked one by one since the last call of {@link #takeWalked}. */
    private int walked;

    /**
     * @param newestFirst closed by {@link #close()}
     * @param limit entries and range deletes above it are ignored; {@link Long#MAX_VALUE} for none
     */
    public MergingIterator(List<Source> newestFirst, long limit) {
        this(newestFirst, limit, EmptySpans.NONE, KeyRange.all(), null);
    }

    /** @param cancellation ends long walks over dead entries */
    MergingIterator(List<Source> newestFirst, long limit, Cancellation cancellation) {
        this(newestFirst, limit, EmptySpans.NONE, KeyRange.all(), cancellation);
    }

    /**
     * @param emptySpans spans without live entries at the limit
     * @param bounds the caller needs no entries outside of them. This cursor may show some, but ends there instead of walking
     *     over dead entries
     */
    MergingIterator(List<Source> newestFirst, long limit, EmptySpans emptySpans, KeyRange bounds) {
        this(newestFirst, limit, emptySpans, bounds, null);
    }

    private MergingIterator(
            List<Source> newestFirst, long limit, EmptySpans emptySpans, KeyRange bounds, Cancellation cancellation) {
        this.cancellation = cancellation;
        this.emptySpans = emptySpans;
        this.bounds = bounds;
        int count = newestFirst.size();
        this.limit = limit;
        sources = new InternalIterator[count];
        heap = new int[count];
        live = new boolean[count];
        boolean any = false;
        for (int i = 0; i < count; i++) {
            sources[i] = newestFirst.get(i).iterator();
            any |= !newestFirst.get(i).tombstones().isEmpty();
        }
        covers = any ? new Covers(tombstones(newestFirst), limit, bounds) : null;
    }

    private static TombstoneSet[] tombstones(List<Source> sources) {
        TombstoneSet[] tombstones = new TombstoneSet[sources.size()];
        for (int i = 0; i < tombstones.length; i++) {
            tombstones[i] = sources.get(i).tombstones();
        }
        return tombstones;
    }

    /** As {@link Covers#drop}. */
    void dropTombstones(int newest) {
        if (covers != null) {
            covers.drop(newest);
        }
    }

    /** The files in which sources stand that read them where they are mapped. */
    List<String> mappedFiles() {
        List<String> names = new ArrayList<>();
        for (InternalIterator source : sources) {
            if (source.mappedFile() != null) {
                names.add(source.mappedFile());
            }
        }
        return names;
    }

    public boolean isValid() {
        return valid;
    }

    /** The source whose entry is shown; maybe another source after the next move. Callers must not move it. */
    InternalIterator current() {
        return top;
    }

    public byte[] key() {
        return top.key();
    }

    public int keyLength() {
        return top.keyLength();
    }

    public long head() {
        return top.head();
    }

    public long sequence() {
        return top.sequence();
    }

    public byte kind() {
        return top.kind();
    }

    public Slab valueSlab() {
        return top.valueSlab();
    }

    public int valueOffset() {
        return top.valueOffset();
    }

    public int valueLength() {
        return top.valueLength();
    }

    public byte[] copyKey() {
        return top.copyKey();
    }

    public byte[] copyValue() throws IOException {
        return top.copyValue();
    }

    void copyValue(ValueBuffer into) throws IOException {
        top.copyValue(into);
    }

    /** See {@link InternalIterator#passedValue}. */
    PassedValue passedValue() {
        return top.passedValue();
    }

    /**
     * True when the next step, in the direction of the last one, is known to lead to another key. So the present entry is the
     * oldest one of its key in a forward pass, and the newest one in reverse.
     */
    boolean isLastOfKey() {
        return !(reverse ? top.mayHaveNewer() : top.mayHaveOlder()) && (heapSize == 0 || isOtherKey(sources[heap[0]]));
    }

    private boolean isOtherKey(InternalIterator waiting) {
        return waiting.head() != top.head()
                || !Keys.equalTails(waiting.key(), waiting.keyLength(), top.key(), top.keyLength());
    }

    public void seekToFirst() throws IOException {
        start(false);
        if (covers == null) {
            for (int i = 0; i < sources.length; i++) {
                sources[i].seekToFirst();
                admit(i);
            }
        } else {
            seekSources(new byte[0], 0, 0);
        }
        lead();
    }

    public void seekToLast() throws IOException {
        start(true);
        for (int i = 0; i < sources.length; i++) {
            sources[i].seekToLast();
            admit(i);
        }
        lead();
    }

    /** Moves to the first entry whose user key is at or after the target (its newest version). */
    public void seek(byte[] target, int offset, int length) throws IOException {
        start(false);
        seekSources(target, offset, length);
        lead();
    }

    /** Moves to the last entry whose user key is strictly before the target (its oldest version). */
    public void seekBefore(byte[] target, int offset, int length) throws IOException {
        start(true);
        byte[] at = target;
        int atOffset = offset;
        int atLength = length;
        for (int i = 0; i < sources.length; i++) {
            if (i > 0 && covers != null && covers.coversBefore(i - 1, at, atOffset, atLength)) {
                at = covers.spanStart(i, at, atOffset, atLength);
                atOffset = 0;
                atLength = at.length;
            }
            sources[i].seekBefore(at, atOffset, atLength);
            admit(i);
        }
        lead();
    }

    /** Seeks each source to the first key, at or after the target, that no newer source covers. */
    private void seekSources(byte[] target, int offset, int length) throws IOException {
        byte[] at = target;
        int atOffset = offset;
        int atLength = length;
        for (int i = 0; i < sources.length; i++) {
            byte[] end = i > 0 && covers != null ? covers.spanEndOf(i - 1, at, atOffset, atLength) : null;
            if (end == Covers.TO_THE_END) {
                return;
            }
            if (end != null) {
                at = end;
                atOffset = 0;
                atLength = end.length;
            }
            sources[i].seek(at, atOffset, atLength);
            admit(i);
        }
    }

    private void start(boolean backwards) {
        valid = false;
        reverse = backwards;
        heapSize = 0;
        if (covers != null) {
            covers.reset();
        }
        for (int i = 0; i < live.length; i++) {
            live[i] = false;
        }
    }

    private void admit(int source) {
        live[source] = sources[source].isValid();
        if (live[source]) {
            heap[heapSize++] = source;
        }
    }

    private void lead() throws IOException {
        for (int i = (heapSize >>> 1) - 1; i >= 0; i--) {
            siftDown(i);
        }
        if (heapSize > 0) {
            takeRoot();
            showNextVisible();
        }
    }

    /** Moves to the next entry in internal order. Needs {@link #isValid()}. */
    public void next() throws IOException {
        if (reverse) {
            turn(false);
            return;
        }
        InternalIterator first = top;
        forward(first);
        if (!isAhead(first)) {
            showNextVisible();
        }
    }

    /** True when the value of the present entry lies in a memtable. */
    boolean isInMemtable() {
        return top.isInMemtable();
    }

    /** True when {@link #step} may be called: a step forward leads to another key. */
    boolean mayStep() {
        return !reverse && isLastOfKey();
    }

    /**
     * The first half of a step forward, which moves the present source only.
     *
     * @return false when the caller must complete the step by {@link #finishStep}, which may move others
     */
    boolean step() throws IOException {
        InternalIterator first = top;
        forward(first);
        return isAhead(first);
    }

    void finishStep() throws IOException {
        showNextVisible();
    }

    /**
     * Between {@link #step} and {@link #finishStep}: a lower bound, as a new array, of the keys of all entries that
     * follow. It is after the key from which the step started. Null when no entry follows. Reads no memtable.
     */
    byte[] lowestKey() {
        InternalIterator first = top;
        if (heapSize == 0) {
            return first.isValid() ? first.copyKey() : null;
        }
        InternalIterator root = sources[heap[0]];
        return first.isValid() && first.compareKey(root) <= 0 ? first.copyKey() : root.copyKey();
    }

    /** Moves to the previous entry in internal order. Needs {@link #isValid()}. */
    public void prev() throws IOException {
        if (!reverse) {
            turn(true);
            return;
        }
        InternalIterator first = top;
        first.prev();
        if (!isAhead(first)) {
            showNextVisible();
        }
    }

    /** True when the leading source has moved, its new entry is certainly visible, and it still leads. */
    private boolean isAhead(InternalIterator first) {
        if (!first.isValid() || first.sequence() > limit) {
            return false;
        }
        if (covers != null && !covers.isClear(first.key(), first.keyLength(), first.head(), reverse)) {
            return false;
        }
        if (heapSize == 0) {
            return true;
        }
        int order = Long.compareUnsigned(first.head(), sources[heap[0]].head());
        return reverse ? order > 0 : order < 0;
    }

    /**
     * Steps in the other direction. A waiting source is at its first live entry after the leader's, so one step back brings it
     * to its last entry before that, or to a dead entry, which is then passed as usual.
     */
    private void turn(boolean backwards) throws IOException {
        for (int i = 0; i < sources.length; i++) {
            InternalIterator source = sources[i];
            if (backwards) {
                if (live[i]) {
                    source.prev();
                } else {
                    source.seekToLast();
                }
            } else if (live[i]) {
                source.next();
            } else {
                source.seekToFirst();
            }
        }
        start(backwards);
        for (int i = 0; i < sources.length; i++) {
            admit(i);
        }
        lead();
    }

    /** After the leading source has moved: finds the next visible entry, and makes its source the leader. */
    private void showNextVisible() throws IOException {
        boolean dropped = false;
        for (; ; ) {
            InternalIterator first = sources[leader];
            if (dropped || !first.isValid()) {
                live[leader] = false;
                if (heapSize == 0) {
                    valid = false;
                    return;
                }
                takeRoot();
                first = sources[leader];
            } else if (heapSize > 0 && isBefore(heap[0], leader)) {
                int root = heap[0];
                heap[0] = leader;
                leader = root;
                siftDown(0);
                first = sources[leader];
            }
            dropped = false;
            boolean tooNew = first.sequence() > limit;
            if (!tooNew && (covers == null || !isCovered(first))) {
                top = first;
                valid = true;
                return;
            }
            if (isOutside(first)) {
                valid = false;
                return;
            }
            if (tooNew) {
                step(first);
            } else if (covers.isDead(leader)) {
                dropped = !passDead(first);
            } else if (jumpOut(first)) {
                return;
            } else {
                step(first);
                walked++;
                if (cancellation != null) {
                    cancellation.check();
                }
            }
        }
    }

    /** True when no more entries within the bounds follow in the direction of travel. */
    private boolean isOutside(InternalIterator first) {
        if (reverse) {
            byte[] from = bounds.from();
            return Slab.compare(first.key(), 0, first.keyLength(), from, 0, from.length) < 0;
        }
        byte[] to = bounds.to();
        return to != null && Slab.compare(first.key(), 0, first.keyLength(), to, 0, to.length) >= 0;
    }

    /**
     * Jumps out of the empty span that contains the present entry, in the direction of travel. @return false when no span
     * contains it
     */
    boolean jumpOut() throws IOException {
        return jumpOut(top);
    }

    /** All sources jump, because a dead entry of one source may hide entries of others. */
    private boolean jumpOut(InternalIterator first) throws IOException {
        int span = emptySpans.isEmpty() ? -1 : emptySpans.containing(first.key(), 0, first.keyLength());
        if (span < 0) {
            return false;
        }
        if (reverse) {
            byte[] start = emptySpans.from(span);
            seekBefore(start, 0, start.length);
        } else {
            byte[] end = emptySpans.to(span);
            if (end == null) {
                valid = false;
            } else {
                seek(end, 0, end.length);
            }
        }
        return true;
    }

    /** The number of dead entries that were passed one by one since the last call. */
    int takeWalked() {
        int count = walked;
        walked = 0;
        return count;
    }

    private void step(InternalIterator source) throws IOException {
        if (reverse) {
            source.prev();
        } else {
            forward(source);
        }
    }

    /** Two call sites: at each of them the compiler sees few classes of cursors, and calls their methods directly. */
    private static void forward(InternalIterator source) throws IOException {
        if (source.isInMemtable()) {
            source.next();
            return;
        }
        source.next();
    }

    private boolean isCovered(InternalIterator first) throws IOException {
        if (reverse) {
            covers.moveBackward(first.key(), first.keyLength(), first.head());
        } else {
            covers.moveForward(first.key(), first.keyLength(), first.head());
        }
        return covers.isDead(leader) || covers.newest(leader) > first.sequence();
    }

    /** Moves the leading source past the span that newer sources delete. @return false when they delete all that it has left */
    private boolean passDead(InternalIterator first) throws IOException {
        byte[] key = first.key();
        int length = first.keyLength();
        if (reverse) {
            byte[] start = covers.spanStart(leader, covers.successor(key, 0, length), 0, length + 1);
            first.seekBefore(start, 0, start.length);
            return true;
        }
        byte[] end = covers.spanEnd(leader, key, 0, length);
        if (end == Covers.TO_THE_END) {
            return false;
        }
        first.seek(end, 0, end.length);
        return true;
    }

    private void takeRoot() {
        leader = heap[0];
        heap[0] = heap[--heapSize];
        siftDown(0);
    }

    private void siftDown(int from) {
        int at = from;
        int source = heap[at];
        for (; ; ) {
            int child = 2 * at + 1;
            if (child >= heapSize) {
                break;
            }
            if (child + 1 < heapSize && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], source)) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = source;
    }

    /**
     * The order of travel: by key, and among equal keys the newer source first; all in reverse when the direction is reverse.
     */
    private boolean isBefore(int a, int b) {
        InternalIterator left = sources[a];
        InternalIterator right = sources[b];
        long leftHead = left.head();
        long rightHead = right.head();
        if (leftHead != rightHead) {
            return Long.compareUnsigned(leftHead, rightHead) < 0 != reverse;
        }
        int order = Keys.compareTails(left.key(), left.keyLength(), right.key(), right.keyLength());
        return (order == 0 ? a < b : order < 0) != reverse;
    }

    /** As {@link InternalIterator#letGo}, for the sources that are files. */
    void letGo() {
        toAll(source -> {
            if (!source.isInMemtable()) {
                source.letGo();
            }
        });
    }

    /** Closes the sources. Idempotent if the close of each source is. */
    @Override
    public void close() {
        valid = false;
        toAll(InternalIterator::close);
    }

    private void toAll(Consumer<InternalIterator> action) {
        Throwable failure = null;
        for (InternalIterator source : sources) {
            try {
                action.accept(source);
            } catch (RuntimeException | Error e) {
                if (failure == null) {
                    failure = e;
                } else if (failure != e) {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        } else if (failure instanceof Error e) {
            throw e;
        }
    }
}
