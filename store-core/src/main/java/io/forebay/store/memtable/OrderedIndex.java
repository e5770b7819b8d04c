package io.forebay.store.memtable;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Cancellation;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The key records of a memtable in key order: a B+ tree over refs, built lazily. The writer pushes new records on a stack
 * ({@link #push}). A thread that needs the order first brings the tree up to date ({@link #open}): it sorts all new keys and
 * merges them into the tree at once. So a memtable that is never scanned pays for one sort at its flush, and a memtable that is
 * scanned after every put pays for an insert into a leaf.
 *
 * <p>An update replaces the leaves that get keys, and inner nodes above leaves that had to be cut, one after the other. Open
 * cursors go on in the same tree without synchronisation, along the places of its leaves ({@link LeafPlace}); keys that they must
 * not see are told by their sequence numbers. Leaves are changed in place only while no cursor is open. However many cursors are
 * open, and whenever they were opened, there is one tree, and beside it at most one old leaf for each of them.
 *
 * <p>Nodes are heap objects, a few for every hundred keys, accounted for as metadata. When the pool refuses the memory, the
 * tree is built all the same, because a read must not fail for want of memory, and the excess is counted
 * ({@link #overdraftBytes}).
 */
final class OrderedIndex {
    /**
     * The bytes that are accounted for a key: 12 bytes in a leaf, which is filled to 7/8 or at least 1/2, and its part of nodes
     * and array headers.
     */
    static final int BYTES_PER_KEY = 16;

    private static final VarHandle PENDING;
    private static final VarHandle OPEN_CURSORS;
    /** Up to so many records are sorted without a reservation of memory: 12 bytes of heap for each. */
    private static final int SMALL_BATCH = 4096;
    /** Up to so many records are inserted one after the other. */
    private static final int ONE_BY_ONE = 32;
    /** Records that are read between two checks for a cancellation. */
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
    /** The record that was pushed last. */
    // Written by the writer, read with acquire
    private int pending;
    /** How many records were pushed. A thread that has read {@link #pending} sees at least as many as that leads to. */
    private int pushed;

    // Atomic operations only
    private int openCursors;

    // Written under this, read without: a thread that counts memory does not wait for a sort
    private volatile long reservedBytes;
    private volatile long overdraftBytes;

    // Written under this, read without
    private volatile OrderedNode root;

    // Guarded by this
    private int linkedUpTo;
    private int linked;
    /**
     * When {@link #linkSorted} ended early: the newest record that it was to link, and the newest of those that it has not linked.
     * 0: it has linked all.
     */
    private int begunWith;

    private int leftAt;
    private final int[] few = new int[ONE_BY_ONE];

    OrderedIndex(SlabPool pool, Arena arena) {
        this.pool = pool;
        this.arena = arena;
    }

    /**
     * Adds a record to those that {@link #open} will link. Writer only. The record must be complete; this call publishes it.
     */
    void push(int ref) {
        arena.slab(ref).putInt(Arena.offset(ref) + Records.PUSHED_BEFORE, pending);
        pushed++;
        PENDING.setRelease(this, ref);
    }

    private int pushedBefore(int ref) {
        return arena.slab(ref).getInt(Arena.offset(ref) + Records.PUSHED_BEFORE);
    }

    /**
     * A cursor over every record that was pushed before this call, and maybe over later ones. Any thread. The caller closes it.
     */
    OrderedCursor open() {
        return open(NEVER);
    }

    /** As {@link #open()}. When it is cancelled, or there is no heap, the next call goes on. */
    synchronized OrderedCursor open(Cancellation cancellation) {
        link(cancellation);
        OrderedCursor cursor = new OrderedCursor(this, arena);
        OPEN_CURSORS.getAndAdd(this, 1);
        return cursor;
    }

    /** The present root; null when there are no keys. Any thread. */
    OrderedNode root() {
        return root;
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
            pool.unreserve(Use.MEMTABLE_HEAP, reservedBytes);
            reservedBytes = 0;
        }
    }

    private void link(Cancellation cancellation) {
        int newest = (int) PENDING.getAcquire(this);
        if (newest == linkedUpTo) {
            return;
        }
        int before = linked;
        try {
            if (begunWith != 0) {
                linkSorted(cancellation);
            }
            if (pushed - linked > ONE_BY_ONE || !linkOneByOne(newest)) {
                begunWith = newest;
                leftAt = newest;
                linkSorted(cancellation);
            }
        } finally {
            account((linked - before) * (long) BYTES_PER_KEY);
        }
    }

    /**
     * For a few keys, one search for each costs less than copies of the nodes that get them. False when there are many keys.
     */
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
                merge(new int[] {ref}, head, 1, NEVER);
            }
            linked++;
            linkedUpTo = ref;
        }
        return true;
    }

    private void account(long bytes) {
        if (pool.tryReserve(Use.MEMTABLE_HEAP, bytes)) {
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
            node = node.child(Math.max(0, node.countBefore(arena, ref, 1) - 1));
        }
        if (node.count == OrderedNode.WIDTH) {
            return false;
        }
        node.insert(node.countBefore(arena, ref, 0), ref, OrderedNode.head(arena, ref, node.skip));
        return true;
    }

    private void merge(int[] refs, long[] heads, int count, Cancellation cancellation) {
        TreeMerge merge = new TreeMerge(arena, refs, heads, cancellation);
        OrderedNode merged = merge.merge(root, count);
        merge.show();
        if (merged != root) {
            root = merged;
        }
    }

    /** Links the records from {@link #leftAt} back to those that were linked before. */
    private void linkSorted(Cancellation cancellation) {
        int batch = pushed - linked;
        while (batch > SMALL_BATCH && !pool.tryReserve(Use.MEMTABLE_HEAP, batchBytes(batch))) {
            batch = Math.max(SMALL_BATCH, batch / 2);
        }
        try {
            linkInBatches(batch, cancellation);
        } finally {
            if (batch > SMALL_BATCH) {
                pool.unreserve(Use.MEMTABLE_HEAP, batchBytes(batch));
            }
        }
        linkedUpTo = begunWith;
        begunWith = 0;
    }

    private static long batchBytes(int count) {
        return count * (long) (Integer.BYTES + Long.BYTES);
    }

    private void linkInBatches(int batch, Cancellation cancellation) {
        int[] refs = new int[batch];
        long[] heads = new long[batch];
        KeySorter sorter = new KeySorter(arena, refs, heads, cancellation);
        while (leftAt != linkedUpTo) {
            int ref = leftAt;
            int count = 0;
            for (; ref != linkedUpTo && count < batch; ref = pushedBefore(ref)) {
                refs[count] = ref;
                heads[count++] = OrderedNode.head(arena, ref, 0);
                if (count % CANCEL_STRIDE == 0) {
                    cancellation.check();
                }
            }
            sorter.sort(count);
            merge(refs, heads, count, cancellation);
            linked += count;
            leftAt = ref;
        }
    }
}
