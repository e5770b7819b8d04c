package io.forebay.store.memtable;

import io.forebay.store.MergeFunction;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentTree;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.util.Cancellation;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The newest part of a store, in memory: versions of keys in slabs, found by hash and walked in key order, and range
 * deletes. Nothing here is durable.
 *
 * <p><b>Threads.</b> One writer at a time: {@code ensureRoom}, {@code put}, {@code delete}, {@code merge}, {@code
 * deleteRange}. Any thread reads: {@link #get}, {@link #iterator}, {@link #tombstones}, the counters. A memtable that is
 * no longer written to is read without restriction.
 *
 * <p><b>Overwriting in place.</b> Every write names the pinned sequence: the highest one up to which somebody (iterator,
 * snapshot, commit, checkpoint) may still look. Versions above it are replaced by newer ones. So a reader with a limit at or
 * below the pin sees exactly its state, for as long as it likes; a reader of "now" may find that the version it is after has
 * just been replaced, and is told so ({@link #RETRY}).
 *
 * <p><b>Memory.</b> All slabs come from the pool, and go back when the last {@link #release} happens. A write never fails
 * half way: {@code ensureRoom} refuses before anything is changed. Sequences must rise with every write.
 */
public final class Memtable {
    /** The lookup is settled: older sources need not be asked. */
    public static final int SETTLED = 1;
    /** Older sources must be asked. */
    public static final int CONTINUE = 0;
    /** What the lookup is after was replaced by something newer: start it again with a newer limit. */
    public static final int RETRY = -1;
    /** {@link #getNewest} has the value. */
    public static final int FOUND = 2;
    /** {@link #getNewest} cannot tell; {@link #get} can. */
    public static final int UNDECIDED = -2;

    private static final int RESERVE_STEP = 4 << 10;
    private static final Cancellation NEVER = new Cancellation();
    private static final VarHandle REFERENCES;
    private static final VarHandle TOMBSTONES;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            REFERENCES = lookup.findVarHandle(Memtable.class, "references", int.class);
            TOMBSTONES = lookup.findVarHandle(Memtable.class, "tombstones", FragmentTree.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SlabPool pool;
    private final Arena arena;
    private final HashIndex index;
    private final OrderedIndex order;
    private final Versions versions;
    private final Merger merger;
    private final PointReads reads;

    private FragmentTree tombstones = FragmentTree.EMPTY;
    /** Heap reserved for tombstones; writer only. */
    private long reservedBytes;

    private long minSequence = -1;
    private long maxSequence = -1;
    private int references = 1;

    /**
     * An empty memtable without slabs, with one reference that belongs to the caller.
     *
     * @param pool not null
     * @param mergeFunction null when {@link #merge} is never called
     */
    public Memtable(SlabPool pool, MergeFunction mergeFunction) {
        this.pool = pool;
        this.arena = new Arena(pool);
        this.index = new HashIndex(pool, arena);
        this.order = new OrderedIndex(pool, arena);
        this.versions = new Versions(arena, index, order);
        this.reads = new PointReads(arena, index);
        this.merger = mergeFunction == null ? null : new Merger(mergeFunction, versions);
    }

    // ---- writer

    /**
     * Makes sure that the next {@code put}, {@code delete} (value length 0) or {@code merge} with these lengths finds
     * memory. False, with nothing changed, when the pool has none: freeze this memtable then.
     */
    public boolean ensureRoom(int keyLength, int valueLength) {
        return (arena.reserveHere(RoomPlan.recordBytes(keyLength, valueLength)) && index.hasRoom(1))
                || ensureRoom(RoomPlan.of(keyLength, valueLength));
    }

    /** As {@link #ensureRoom(int, int)}, for all operations of a plan, which replaces what was ensured before. */
    public boolean ensureRoom(RoomPlan plan) {
        unreserveTombstones();
        boolean complete = false;
        try {
            complete = arena.reserve(plan.smallBytes(), plan.largeLengths(), plan.largeCount())
                    && (plan.ranges() == 0 || reserveTombstones(plan.tombstoneBytes(tombstones)))
                    && index.reserve(plan);
            return complete;
        } finally {
            if (!complete) {
                arena.unreserve();
                unreserveTombstones();
            }
        }
    }

    private void unreserveTombstones() {
        long unused = reservedBytes - reserved(tombstones.bytes());
        if (unused > 0) {
            reservedBytes -= unused;
            pool.unreserve(SlabPool.Use.METADATA, unused);
        }
    }

    private static long reserved(long bytes) {
        return (bytes + RESERVE_STEP - 1) / RESERVE_STEP * RESERVE_STEP;
    }

    private boolean reserveTombstones(long bytes) {
        long step = reserved(bytes) - reservedBytes;
        if (step <= 0) {
            return true;
        }
        if (!pool.tryReserve(SlabPool.Use.METADATA, step)) {
            return false;
        }
        reservedBytes += step;
        return true;
    }

    /**
     * Sets the value of a key.
     *
     * @param hash {@link io.forebay.store.key.KeyHash} of the key
     * @param sequence higher than all before
     * @param pinned the highest sequence up to which somebody may look, see above; below {@code sequence}
     * @throws IllegalStateException when {@link #ensureRoom} was not asked and there is no memory
     */
    public void put(
            long hash,
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            long sequence,
            long pinned) {
        write(hash, key, keyOffset, keyLength, ValueKind.PUT, value, valueOffset, valueLength, sequence, pinned);
    }

    /** Deletes a key, known here or not; parameters as of {@link #put}. */
    public void delete(long hash, byte[] key, int keyOffset, int keyLength, long sequence, long pinned) {
        write(hash, key, keyOffset, keyLength, ValueKind.DELETE, key, 0, 0, sequence, pinned);
    }

    private void write(
            long hash,
            byte[] key,
            int keyOffset,
            int keyLength,
            byte kind,
            byte[] value,
            int valueOffset,
            int valueLength,
            long sequence,
            long pinned) {
        begin(sequence);
        if (versions.locate(hash, key, keyOffset, keyLength)) {
            versions.write(kind, value, valueOffset, valueLength, sequence, pinned);
        } else {
            versions.addKey(hash, key, keyOffset, keyLength, kind, value, valueOffset, valueLength, sequence);
        }
        maxSequence = sequence;
    }

    /**
     * Adds an operand for the merge function, which may be called at once to fold operands; when it throws they stay apart.
     * Parameters as of {@link #put}.
     */
    public void merge(
            long hash,
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] operand,
            int operandOffset,
            int operandLength,
            long sequence,
            long pinned) {
        if (merger == null) {
            throw new IllegalStateException("This memtable was made without a merge function");
        }
        begin(sequence);
        long cover = -1;
        if (!tombstones.isEmpty()) {
            Fragment fragment = tombstones.covering(key, keyOffset, keyLength);
            cover = fragment == null ? -1 : fragment.sequences()[0];
        }
        if (versions.locate(hash, key, keyOffset, keyLength)) {
            merger.merge(key, keyOffset, keyLength, operand, operandOffset, operandLength, sequence, pinned, cover);
        } else {
            byte kind = cover >= 0 ? ValueKind.PUT : ValueKind.MERGE;
            versions.addKey(hash, key, keyOffset, keyLength, kind, operand, operandOffset, operandLength, sequence);
        }
        maxSequence = sequence;
    }

    /**
     * Deletes every key in {@code [from, to)}, here and in older sources. Range deletes above {@code pinned} that it covers
     * are forgotten.
     *
     * @param to exclusive, after {@code from}; null: to the end. Both arrays are kept and must not be changed any more.
     * @return false, with nothing changed, when there is no memory: freeze this memtable then
     */
    public boolean deleteRange(byte[] from, byte[] to, long sequence, long pinned) {
        checkRising(sequence);
        FragmentTree added = tombstones.with(from, to, sequence, pinned);
        if (!reserveTombstones(added.bytes())) {
            return false;
        }
        publish(added, sequence);
        return true;
    }

    /**
     * As {@link #deleteRange}, of a batch for which {@link #ensureRoom(RoomPlan)} was true. It is in the middle of something
     * that must not be cut, so it never waits: were the plan to have been too small, the heap would have more than is counted.
     */
    public void deleteRangeWithRoom(byte[] from, byte[] to, long sequence, long pinned) {
        checkRising(sequence);
        FragmentTree added = tombstones.with(from, to, sequence, pinned);
        reserveTombstones(added.bytes());
        publish(added, sequence);
    }

    private void publish(FragmentTree added, long sequence) {
        begin(sequence);
        TOMBSTONES.setRelease(this, added);
        maxSequence = sequence;
    }

    private void begin(long sequence) {
        checkRising(sequence);
        if (minSequence < 0) {
            minSequence = sequence;
        }
    }

    private void checkRising(long sequence) {
        if (sequence <= maxSequence || sequence > Records.MAX_SEQUENCE) {
            throw new IllegalArgumentException("Sequence " + sequence + " does not follow " + maxSequence);
        }
    }

    // ---- readers

    /**
     * The usual case of {@link #get} without a lookup: a plain value or a delete as the newest version of the key. Any thread.
     *
     * @param limit as of {@link PointLookup#limit()}
     * @param into gets the value; otherwise its content is arbitrary, of unchanged length
     * @return {@link #FOUND}, {@link #SETTLED} when the key is deleted, {@link #CONTINUE} or {@link #UNDECIDED}
     */
    public int getNewest(long hash, byte[] key, int offset, int length, long limit, ValueBuffer into) {
        if (!((FragmentTree) TOMBSTONES.getAcquire(this)).isEmpty()) {
            return UNDECIDED;
        }
        return reads.getNewest(hash, key, offset, length, limit, into);
    }

    /**
     * Reports the range delete over the key of the lookup, and its versions up to the limit, newest first. Any thread.
     *
     * @param pinned true when the limit is at or below the pinned sequence that the writer uses (a snapshot): then the
     *     result is never {@link #RETRY}. False for a read of "now", whose limit was the last sequence a moment ago.
     * @return {@link #SETTLED}, {@link #CONTINUE} or {@link #RETRY}. After {@code RETRY} the lookup must be started again;
     *     its target has arbitrary content then, of unchanged length.
     */
    public int get(PointLookup lookup, boolean pinned) {
        if (lookup.isCovered()) {
            return SETTLED;
        }
        long limit = lookup.limit();
        long cover = -1;
        FragmentTree deleted = (FragmentTree) TOMBSTONES.getAcquire(this);
        if (!deleted.isEmpty()) {
            Fragment fragment = deleted.covering(lookup.key(), lookup.offset(), lookup.length());
            if (fragment != null) {
                if (!pinned && fragment.sequences()[0] > limit) {
                    return RETRY;
                }
                cover = fragment.newestAtOrBelow(limit);
                lookup.coveredBy(cover);
            }
        }
        int outcome = reads.get(lookup, limit, cover, pinned);
        if (outcome != CONTINUE) {
            return outcome;
        }
        return cover >= 0 ? SETTLED : CONTINUE;
    }

    /**
     * All versions up to {@code limit}, in internal order; versions under range deletes included. It sees exactly the writes up
     * to the limit if the writer has pinned it before this call, and every later write names a pinned sequence at or above
     * it. Orders the keys first that were added since the last call. Close it: it holds a reference.
     */
    public InternalIterator iterator(long limit) {
        return new MemtableIterator(this, arena, openRetained(NEVER), limit);
    }

    /** As {@link #iterator(long)} without limit, of a memtable that is no longer written to. */
    public InternalIterator iterator() {
        return iterator(Long.MAX_VALUE);
    }

    /** As {@link #iterator()}, for a flush, which reads everything once: it goes forwards only. */
    public InternalIterator flushIterator() {
        return flushIterator(NEVER);
    }

    /** @param cancellation ends the ordering of the keys with a {@link java.util.concurrent.CancellationException} */
    public InternalIterator flushIterator(Cancellation cancellation) {
        return new FlushIterator(this, arena, openRetained(cancellation));
    }

    private OrderedCursor openRetained(Cancellation cancellation) {
        retain();
        boolean opened = false;
        try {
            OrderedCursor cursor = order.open(cancellation);
            opened = true;
            return cursor;
        } finally {
            if (!opened) {
                release();
            }
        }
    }

    /** The range deletes so far; O(1). Range deletes above the pin of the caller must be ignored by their sequence. */
    public RangeTombstones tombstones() {
        return (RangeTombstones) TOMBSTONES.getAcquire(this);
    }

    // ---- counters: exact for the writer and once writing has ended, a moment old for others

    /** Bytes of everything written that is not given back before {@link #release}: to be compared with the memtable size. */
    public long bytes() {
        return arena.allocatedBytes() + versions.keys() * HashIndex.BYTES_PER_KEY + tombstones.bytes();
    }

    /** Bytes taken from the pool. */
    public long heldBytes() {
        return arena.heldBytes() + index.heldBytes() + order.heldBytes() + reservedBytes;
    }

    /** Number of versions of keys (puts, deletes, operands). */
    public long entries() {
        return versions.entries();
    }

    /** True when nothing was written. */
    public boolean isEmpty() {
        return maxSequence < 0;
    }

    /** Sequence of the first write, which may have been overwritten since; -1 when empty. */
    public long minSequence() {
        return minSequence;
    }

    /** Sequence of the last write; -1 when empty. */
    public long maxSequence() {
        return maxSequence;
    }

    // ---- lifecycle

    /** One more reference; the caller must know that there is one already. */
    public void retain() {
        int before = (int) REFERENCES.getAndAdd(this, 1);
        if (before <= 0) {
            REFERENCES.getAndAdd(this, -1);
            throw new IllegalStateException("This memtable was released");
        }
    }

    /** One reference less; with the last one all slabs go back to the pool. */
    public void release() {
        int before = (int) REFERENCES.getAndAdd(this, -1);
        if (before <= 0) {
            throw new IllegalStateException("This memtable was released already");
        }
        if (before == 1) {
            arena.close();
            index.close();
            order.close();
            if (reservedBytes > 0) {
                pool.unreserve(SlabPool.Use.METADATA, reservedBytes);
            }
        }
    }
}
