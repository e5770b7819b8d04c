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
 * The newest writes of a store, in memory: versions of keys in slabs, found by hash and walked in key order, and range deletes.
 *
 * <pre>
 *  put, delete, merge          get             iterator            flush
 *          |                    |                  |                 |
 *    RecordWriter           PointReads     MemtableIterator    FlushIterator
 *      (Merger)                 |                  |                 |
 *          |                    v                  v                 v
 *          +-------------&gt; HashIndex         OrderedIndex: a B+ tree, brought up to date when it is opened
 *          |                    | refs             | refs
 *          v                    v                  v
 *        Arena: slabs with key records and versions, see Records         RangeDeletes
 * </pre>
 *
 * What it does not do: nothing here is durable; it assigns no sequence numbers, decides nothing about visibility but the limit
 * of a read, does not look into older sources, and does not wait for memory.
 *
 * <p><b>Threads.</b> One writer at a time: {@code ensureRoom}, {@code put}, {@code delete}, {@code merge}, {@code deleteRange}.
 * Any thread reads: {@link #get}, {@link #iterator}, {@link #tombstones}, the counters. An immutable memtable, to which the
 * writer writes no more, can be read without these restrictions.
 *
 * <p><b>Overwriting in place.</b> Every write gives the pinned sequence: the highest sequence number that an iterator, a
 * snapshot, a commit or a checkpoint still reads at. A newer version replaces a version above it. So a reader whose limit is at
 * or below the pinned sequence sees exactly its state, for as long as it is pinned. A reader of the newest state may find that
 * the version that it needs was just replaced; it then gets {@link #RETRY}.
 *
 * <p><b>Memory.</b> All slabs come from the pool, and go back to it with the last {@link #release}. A write never fails
 * halfway: {@code ensureRoom} refuses before anything is changed. Sequence numbers must rise with every write.
 */
public final class Memtable {
    /** The lookup is settled: the reader need not ask older sources. */
    public static final int SETTLED = 1;
    /** The reader must ask older sources. */
    public static final int CONTINUE = 0;
    /** The version that the lookup needs was replaced by a newer one: the reader starts the lookup again with a newer limit. */
    public static final int RETRY = -1;
    /** {@link #getNewest} has the value. */
    public static final int FOUND = 2;
    /** {@link #getNewest} cannot tell; {@link #get} can. */
    public static final int UNDECIDED = -2;

    private static final Cancellation NEVER = new Cancellation();
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(Memtable.class, "references", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Arena arena;
    private final HashIndex index;
    private final OrderedIndex order;
    private final RecordWriter records;
    private final Merger merger;
    private final PointReads reads;
    private final RangeDeletes rangeDeletes;

    // Racy: other threads read them for statistics, and may see an older value
    private long minSequence = -1;
    private long maxSequence = -1;

    // Atomic operations only
    private int references = 1;

    /**
     * Makes an empty memtable without slabs, with one reference, which belongs to the caller.
     *
     * @param pool not null
     * @param mergeFunction null when {@link #merge} is never called
     */
    public Memtable(SlabPool pool, MergeFunction mergeFunction) {
        this.arena = new Arena(pool);
        this.index = new HashIndex(pool, arena);
        this.order = new OrderedIndex(pool, arena);
        this.records = new RecordWriter(arena, index, order);
        this.reads = new PointReads(arena, index);
        this.rangeDeletes = new RangeDeletes(pool);
        this.merger = mergeFunction == null ? null : new Merger(mergeFunction, records);
    }

    // ---- writer

    /**
     * Makes sure that there is memory for the next {@code put}, {@code delete} (value length 0) or {@code merge} with these
     * lengths. False, with nothing changed, when the pool has none: then the caller freezes this memtable.
     */
    public boolean ensureRoom(int keyLength, int valueLength) {
        return (arena.reserveHere(RoomPlan.recordBytes(keyLength, valueLength)) && index.hasRoom(1))
                || ensureRoom(RoomPlan.of(keyLength, valueLength));
    }

    /** As {@link #ensureRoom(int, int)}, for all operations of a plan. Replaces what was ensured before. */
    public boolean ensureRoom(RoomPlan plan) {
        rangeDeletes.unreserve();
        boolean complete = false;
        try {
            complete = arena.reserve(plan.smallBytes(), plan.largeLengths(), plan.largeCount())
                    && rangeDeletes.tryReserve(plan)
                    && index.reserve(plan);
            return complete;
        } finally {
            if (!complete) {
                arena.unreserve();
                rangeDeletes.unreserve();
            }
        }
    }

    /**
     * Sets the value of a key.
     *
     * @param hash {@link io.forebay.store.key.KeyHash} of the key
     * @param sequence higher than the sequence number of every earlier write
     * @param pinned the pinned sequence, see above; below {@code sequence}
     * @throws IllegalStateException when there is no memory, because {@link #ensureRoom} was not called before
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

    /** Deletes a key, whether this memtable has it or not; parameters as of {@link #put}. */
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
        checkAndNote(sequence);
        if (records.locate(hash, key, keyOffset, keyLength)) {
            records.write(kind, value, valueOffset, valueLength, sequence, pinned);
        } else {
            records.addKey(hash, key, keyOffset, keyLength, kind, value, valueOffset, valueLength, sequence);
        }
        maxSequence = sequence;
    }

    /**
     * Adds an operand for the merge function. This may call the function at once to fold operands; when it throws, the operands
     * stay apart. Parameters as of {@link #put}.
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
        checkAndNote(sequence);
        long cover = rangeDeletes.newestOver(key, keyOffset, keyLength);
        if (records.locate(hash, key, keyOffset, keyLength)) {
            merger.merge(key, keyOffset, keyLength, operand, operandOffset, operandLength, sequence, pinned, cover);
        } else {
            byte kind = cover >= 0 ? ValueKind.PUT : ValueKind.MERGE;
            records.addKey(hash, key, keyOffset, keyLength, kind, operand, operandOffset, operandLength, sequence);
        }
        maxSequence = sequence;
    }

    /**
     * Deletes every key in {@code [from, to)}, here and in older sources. Earlier range deletes above {@code pinned} are
     * forgotten where the new one covers them.
     *
     * @param to exclusive, after {@code from}; null: to the end. The memtable keeps both arrays; the caller must not change
     *     them any more.
     * @return false, with nothing changed, when there is no memory: then the caller freezes this memtable
     */
    public boolean deleteRange(byte[] from, byte[] to, long sequence, long pinned) {
        checkRising(sequence);
        FragmentTree added = rangeDeletes.with(from, to, sequence, pinned);
        if (!rangeDeletes.tryReserve(added.bytes())) {
            return false;
        }
        publish(added, sequence);
        return true;
    }

    /**
     * As {@link #deleteRange}, for a batch for which {@link #ensureRoom(RoomPlan)} was true. It always succeeds, because a
     * batch must not end halfway. If the plan were too small, the heap would have more bytes than are accounted for.
     */
    public void deleteRangeWithRoom(byte[] from, byte[] to, long sequence, long pinned) {
        checkRising(sequence);
        FragmentTree added = rangeDeletes.with(from, to, sequence, pinned);
        rangeDeletes.tryReserve(added.bytes());
        publish(added, sequence);
    }

    private void publish(FragmentTree added, long sequence) {
        checkAndNote(sequence);
        rangeDeletes.publish(added);
        maxSequence = sequence;
    }

    private void checkAndNote(long sequence) {
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
     * The usual case of {@link #get}, without a lookup: the newest version of the key is a plain value or a delete. Any thread.
     *
     * @param limit as of {@link PointLookup#limit()}
     * @param into gets the value. When there is none, its content is arbitrary and its length unchanged
     * @return {@link #FOUND}, {@link #SETTLED} when the key is deleted, {@link #CONTINUE} or {@link #UNDECIDED}
     */
    public int getNewest(long hash, byte[] key, int offset, int length, long limit, ValueBuffer into) {
        if (!rangeDeletes.current().isEmpty()) {
            return UNDECIDED;
        }
        return reads.getNewest(hash, key, offset, length, limit, into);
    }

    /**
     * Reports the range delete over the key of the lookup, and its versions up to the limit, newest first. Any thread.
     *
     * @param pinned true when the limit is at or below the pinned sequence that the writer uses (the read of a snapshot): then
     *     the result is never {@link #RETRY}. False for a read of the newest state, whose limit is the published sequence of a
     *     moment ago.
     * @return {@link #SETTLED}, {@link #CONTINUE} or {@link #RETRY}. After {@code RETRY} the caller starts the lookup again;
     *     until then its target has arbitrary content and an unchanged length.
     */
    public int get(PointLookup lookup, boolean pinned) {
        if (lookup.isCovered()) {
            return SETTLED;
        }
        long limit = lookup.limit();
        long cover = -1;
        FragmentTree deleted = rangeDeletes.current();
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
     * All versions up to {@code limit}, in internal order; versions under range deletes included. The iterator sees exactly the
     * writes up to the limit if the limit was pinned before this call, and every later write gives a pinned sequence at or
     * above it. This call first orders the keys that were added since the last call. The caller closes the iterator, and has a
     * reference to this memtable until then.
     */
    public InternalIterator iterator(long limit) {
        MemtableIterator iterator = new MemtableIterator(arena, limit);
        iterator.open(order.open()); // last: what fails before has nothing to give back
        return iterator;
    }

    /** As {@link #iterator(long)} without limit, of an immutable memtable. */
    public InternalIterator iterator() {
        return iterator(Long.MAX_VALUE);
    }

    /**
     * As {@link #iterator()}, for a flush, which reads everything once: this iterator goes forwards only, and has a reference of
     * its own.
     */
    public InternalIterator flushIterator() {
        return flushIterator(NEVER);
    }

    /** @param cancellation ends the ordering of the keys with a {@link java.util.concurrent.CancellationException} */
    public InternalIterator flushIterator(Cancellation cancellation) {
        FlushIterator iterator = new FlushIterator(this, arena);
        iterator.open(openRetained(cancellation));
        return iterator;
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

    /** The range deletes so far; O(1). The caller must ignore range deletes above its limit. */
    public RangeTombstones tombstones() {
        return rangeDeletes.current();
    }

    // ---- counters: exact for the writer, and for all threads once the memtable is immutable; else maybe older values

    /** Bytes of all that was written, which is not freed before {@link #release}: to be compared with the memtable size. */
    public long bytes() {
        return arena.allocatedBytes() + records.keys() * HashIndex.BYTES_PER_KEY + rangeDeletes.bytes();
    }

    /** Bytes taken from the pool. */
    public long heldBytes() {
        return arena.heldBytes() + index.heldBytes() + order.heldBytes() + rangeDeletes.reservedBytes();
    }

    /** Number of versions of keys (puts, deletes, operands). */
    public long entries() {
        return records.entries();
    }

    /** True when nothing was written. */
    public boolean isEmpty() {
        return maxSequence < 0;
    }

    /** Sequence number of the first write, which may have been overwritten since; -1 when empty. */
    public long minSequence() {
        return minSequence;
    }

    /** Sequence number of the last write; -1 when empty. */
    public long maxSequence() {
        return maxSequence;
    }

    // ---- lifecycle

    /** Adds a reference. The caller must know that there is one already. */
    public void retain() {
        int before = (int) REFERENCES.getAndAdd(this, 1);
        if (before <= 0) {
            REFERENCES.getAndAdd(this, -1);
            throw new IllegalStateException("This memtable was released");
        }
    }

    /** Takes a reference away. With the last one all slabs go back to the pool. */
    public void release() {
        int before = (int) REFERENCES.getAndAdd(this, -1);
        if (before <= 0) {
            throw new IllegalStateException("This memtable was released already");
        }
        if (before == 1) {
            arena.close();
            index.close();
            order.close();
            rangeDeletes.close();
        }
    }
}
