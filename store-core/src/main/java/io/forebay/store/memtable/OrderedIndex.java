package io.forebay.store.memtable;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Cancellation;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The key records of a memtable in key order: a B+ tree over refs, built lazily. The writer pushes new records on a stack
 * ({@link #push}); who wants the order brings the tree up to date first ({@link #open}), with all new keys at once, sorted. So
 * a memtable that is never scanned pays for one sort at its flush, and one that is scanned after every put pays for an
 * insert into a leaf.
 *
 * <p>The tree is persistent: an update copies the nodes that it changes, so that open cursors keep the tree that they began
 * with and need no synchronisation. Only while no cursor is open, leaves are changed in place.
 *
 * <p>Nodes are heap objects, a few for every hundred keys, accounted as metadata; when the pool refuses, the tree is built
 * all the same, because a read must not fail for memory, and the excess is counted ({@link #overdraftBytes}).
 */
final class OrderedIndex {
    /** Accounted for a key: 12 bytes in a leaf filled to 7/8 or at least 1/2, and its part of nodes and array headers. */
    static final int BYTES_PER_KEY = 16;

    private static final VarHandle PENDING;
    private static final VarHandle OPEN_CURSORS;
    /** So many records are sorted without asking for memory: 12 bytes of heap for each. */
    private static final int SMALL_BATCH = 4096;
    /** Up to so many records are inserted one after the other. */
    private static final int ONE_BY_ONE = 32;
    /** Records that are read between two looks at whether the work was cancelled. */
    private static final int CANCEL_STRIDE = 1024;

    private static final Cancellation NEVER = new Cancellation();

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            PENDING = lookup.findVarHandle(OrderedIndex.class, "pending", int.class);
            OPEN_CURSORS = lookup.findVarHandle(OrderedIndex.class, "openCursors", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SlabPool pool;
    private final Arena arena;
    /** The record pushed last. */
    private int pending;
    /** How many were pushed; not fewer than what {@link #pending} leads to, for those who have read that. */
    private int pushed;

    private int openCursors;

    // changed only under the lock; these two are read without it, so that nobody who counts memory waits for a sort
    private volatile long reservedBytes;
    private volatile long overdraftBytes;

    // all below: only under the lock
    private int linkedUpTo;
    private int linked;
    private OrderedNode root;
    private final int[] few = new int[ONE_BY_ONE];

    OrderedIndex(SlabPool pool, Arena arena) {
        this.pool = pool;
        this.arena = arena;
    }

    /** Adds a record to those that {@link #open} will link. Writer only; the record is complete and published by this. */
    void push(int ref) {
        arena.slab(ref).putInt(Arena.offset(ref) + Records.PUSHED_BEFORE, pending);
        pushed++;
        PENDING.setRelease(this, ref);
    }

    private int pushedBefore(int ref) {
        return arena.slab(ref).getInt(Arena.offset(ref) + Records.PUSHED_BEFORE);
    }

    /** A cursor over every record that was pushed before this call, and maybe later ones. Any thread. Close it. */
    OrderedCursor open() {
        return open(NEVER);
    }

    /** As the other one; when it is cancelled, the order is as before. */
    synchronized OrderedCursor open(Cancellation cancellation) {
        link(cancellation);
        OPEN_CURSORS.getAndAdd(this, 1);
        return new OrderedCursor(this, arena, root);
    }

    void closeCursor() {
        OPEN_CURSORS.getAndAdd(this, -1);
    }

    long heldBytes() {
        return reservedBytes;
    }

    /** Bytes of the tree for which the budget had no room. */
    long overdraftBytes() {
        return overdraftBytes;
    }

    synchronized void close() {
        root = null;
        if (reservedBytes > 0) {
            pool.unreserve(Use.METADATA, reservedBytes);
            reservedBytes = 0;
        }
    }

    private void link(Cancellation cancellation) {
        int newest = (int) PENDING.getAcquire(this);
        if (newest == linkedUpTo) {
            return;
        }
        int before = linked;
        if (pushed - linked > ONE_BY_ONE || !linkOneByOne(newest)) {
            linkSorted(newest, cancellation);
            linkedUpTo = newest;
        }
        account((linked - before) * (long) BYTES_PER_KEY);
    }

    /** For a few keys a search for each costs less than copies of the nodes that they come to. False when they are many. */
    private boolean linkOneByOne(int newest) {
        int count = 0;
        for (int ref = newest; ref != linkedUpTo; ref = pushedBefore(ref)) {
            if (count == ONE_BY_ONE) {
                return false;
            }
            few[count++] = ref;
        }
        while (count > 0) {
            int ref = few[--count];
            if (!insertInPlace(ref)) {
                long[] head = {OrderedNode.head(arena, ref, 0)};
                root = new TreeMerge(arena, new int[] {ref}, head, NEVER).merge(root, 1);
            }
            linked++;
            linkedUpTo = ref;
        }
        return true;
    }

    private void account(long bytes) {
        if (pool.tryReserve(Use.METADATA, bytes)) {
            reservedBytes += bytes;
        } else {
            overdraftBytes += bytes;
        }
    }

    private boolean insertInPlace(int ref) {
        if (root == null || (int) OPEN_CURSORS.getAcquire(this) > 0) {
            return false;
        }
        OrderedNode node = root;
        while (!node.isLeaf()) {
            node = node.children[Math.max(0, node.countBefore(arena, ref, 1) - 1)];
        }
        if (node.count == OrderedNode.WIDTH) {
            return false;
        }
        node.insert(node.countBefore(arena, ref, 0), ref, OrderedNode.head(arena, ref, node.skip));
        return true;
    }

    private void linkSorted(int newest, Cancellation cancellation) {
        int batch = pushed - linked;
        while (batch > SMALL_BATCH && !pool.tryReserve(Use.METADATA, batchBytes(batch))) {
            batch = Math.max(SMALL_BATCH, batch / 2);
        }
        try {
            root = linkInBatches(newest, batch, cancellation);
        } finally {
            if (batch > SMALL_BATCH) {
                pool.unreserve(Use.METADATA, batchBytes(batch));
            }
        }
    }

    private static long batchBytes(int count) {
        return count * (long) (Integer.BYTES + Long.BYTES);
    }

    private OrderedNode linkInBatches(int newest, int batch, Cancellation cancellation) {
        int[] refs = new int[batch];
        long[] heads = new long[batch];
        KeySorter sorter = new KeySorter(arena, refs, heads, cancellation);
        OrderedNode merged = root;
        int added = 0;
        int ref = newest;
        while (ref != linkedUpTo) {
            int count = 0;
            for (; ref != linkedUpTo && count < batch; ref = pushedBefore(ref)) {
                refs[count] = ref;
                heads[count++] = OrderedNode.head(arena, ref, 0);
                if (count % CANCEL_STRIDE == 0) {
                    cancellation.check();
                }
            }
            sorter.sort(count);
            merged = new TreeMerge(arena, refs, heads, cancellation).merge(merged, count);
            added += count;
        }
        linked += added;
        return merged;
    }
}
