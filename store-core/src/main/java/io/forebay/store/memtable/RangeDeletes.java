package io.forebay.store.memtable;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentTree;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The range deletes of one memtable, as an immutable tree that each range delete replaces, and the bytes that are reserved for
 * them: they lie on the heap, and count in the budget of the pool.
 *
 * <p>The writer of the memtable calls all methods; any thread calls {@link #current}. This class does not check sequence
 * numbers.
 */
final class RangeDeletes {
    private static final int RESERVE_STEP = 4 << 10;
    private static final VarHandle TREE;

    static {
        try {
            TREE = MethodHandles.lookup().findVarHandle(RangeDeletes.class, "tree", FragmentTree.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SlabPool pool;

    // Written by the writer, read with acquire
    private FragmentTree tree = FragmentTree.EMPTY;

    // Racy: other threads read it for statistics, and may see an older value
    private long reservedBytes;

    RangeDeletes(SlabPool pool) {
        this.pool = pool;
    }

    /** The range deletes so far. Any thread. */
    FragmentTree current() {
        return (FragmentTree) TREE.getAcquire(this);
    }

    /** Heap bytes of the range deletes so far; for other threads maybe an older value. */
    long bytes() {
        return tree.bytes();
    }

    /** Bytes that are reserved in the pool; for other threads maybe an older value. */
    long reservedBytes() {
        return reservedBytes;
    }

    /** Sequence number of the newest range delete over a key, or -1. */
    long newestOver(byte[] key, int offset, int length) {
        if (tree.isEmpty()) {
            return -1;
        }
        Fragment fragment = tree.covering(key, offset, length);
        return fragment == null ? -1 : fragment.sequences()[0];
    }

    /** The range deletes so far and one more; parameters as of {@link Memtable#deleteRange}. Changes nothing. */
    FragmentTree with(byte[] from, byte[] to, long sequence, long pinned) {
        return tree.with(from, to, sequence, pinned);
    }

    /** Shows range deletes to readers. */
    void publish(FragmentTree all) {
        TREE.setRelease(this, all);
    }

    /** Reserves what the range deletes of a plan take beside those so far. @return false when the pool has no room */
    boolean tryReserve(RoomPlan plan) {
        return plan.ranges() == 0 || tryReserve(plan.tombstoneBytes(tree));
    }

    /** Reserves so many bytes, with those that are reserved already. @return false when the pool has no room */
    boolean tryReserve(long bytes) {
        long step = roundedUp(bytes) - reservedBytes;
        if (step <= 0) {
            return true;
        }
        if (!pool.tryReserve(SlabPool.Use.MEMTABLE_HEAP, step)) {
            return false;
        }
        reservedBytes += step;
        return true;
    }

    /** Gives back what is reserved and not used. */
    void unreserve() {
        long unused = reservedBytes - roundedUp(tree.bytes());
        if (unused > 0) {
            reservedBytes -= unused;
            pool.unreserve(SlabPool.Use.MEMTABLE_HEAP, unused);
        }
    }

    private static long roundedUp(long bytes) {
        return (bytes + RESERVE_STEP - 1) / RESERVE_STEP * RESERVE_STEP;
    }

    /** Gives all back to the pool. No reader is left; an iterator whose memtables were taken may still refer to this. */
    void close() {
        publish(FragmentTree.EMPTY);
        if (reservedBytes > 0) {
            pool.unreserve(SlabPool.Use.MEMTABLE_HEAP, reservedBytes);
        }
    }
}
