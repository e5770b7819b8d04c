package io.forebay.store.memtable;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The key records of a memtable in key order: a skip list with the towers inside the records, doubly linked at the bottom.
 * It is built lazily: the writer pushes new records on a stack ({@link #push}), and who wants to iterate links what is on
 * the stack first ({@link #linkAll}), sorted and in one pass. So a memtable that is never scanned pays one sort at its flush, and
 * one that is scanned after every put pays for an ordinary insert.
 *
 * <p>One thread links at a time, under a lock that the writer does not take for writing. Readers walk without a lock; they
 * may or may not see records that are linked after they began.
 */
final class SkipList {
    private static final VarHandle PENDING;
    private static final VarHandle HEAD = MethodHandles.arrayElementVarHandle(int[].class);
    /** So many records are sorted without asking for memory: 12 bytes of heap for each. */
    private static final int SMALL_BATCH = 4096;

    static {
        try {
            PENDING = MethodHandles.lookup().findVarHandle(SkipList.class, "pending", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SlabPool pool;
    private final Arena arena;
    private final int[] head = new int[Records.MAX_HEIGHT];
    /** The record pushed last. */
    private int pending;

    // all below: only under the lock
    private int linkedUpTo;
    private int topLevel;
    /** On every level the last record before the one that is being linked, 0 for the head, ... */
    private final int[] before = new int[Records.MAX_HEIGHT];
    /** ... the one after it, 0 for the end, and the head of its key. */
    private final int[] after = new int[Records.MAX_HEIGHT];

    private final long[] afterHead = new long[Records.MAX_HEIGHT];

    SkipList(SlabPool pool, Arena arena) {
        this.pool = pool;
        this.arena = arena;
    }

    /** Adds a record to those that {@link #linkAll} will link. Writer only; the record is complete and published by this. */
    void push(int ref) {
        arena.slab(ref).putInt(Arena.offset(ref) + Records.PREV, pending);
        PENDING.setRelease(this, ref);
    }

    /** Links every record that was pushed before this call. Any thread. */
    synchronized void linkAll() {
        int newest = (int) PENDING.getAcquire(this);
        if (newest == linkedUpTo) {
            return;
        }
        int first = previouslyPushed(newest);
        if (first == linkedUpTo) {
            startAtHead();
            link(newest, key(newest));
        } else {
            linkSorted(newest);
        }
        linkedUpTo = newest;
    }

    private int previouslyPushed(int ref) {
        return arena.slab(ref).getInt(Arena.offset(ref) + Records.PREV);
    }

    private void linkSorted(int newest) {
        int count = 0;
        for (int ref = newest; ref != linkedUpTo; ref = previouslyPushed(ref)) {
            count++;
        }
        int batch = count;
        while (batch > SMALL_BATCH && !pool.tryReserve(Use.METADATA, batchBytes(batch))) {
            batch = Math.max(SMALL_BATCH, batch / 2);
        }
        try {
            linkInBatches(newest, batch);
        } finally {
            if (batch > SMALL_BATCH) {
                pool.unreserve(Use.METADATA, batchBytes(batch));
            }
        }
    }

    private static long batchBytes(int count) {
        return count * (long) (Integer.BYTES + Long.BYTES);
    }

    private void linkInBatches(int newest, int batch) {
        int[] refs = new int[batch];
        long[] heads = new long[batch];
        KeySorter sorter = new KeySorter(arena, refs, heads);
        int ref = newest;
        while (ref != linkedUpTo) {
            int count = 0;
            for (; ref != linkedUpTo && count < batch; ref = previouslyPushed(ref)) {
                refs[count] = ref;
                heads[count++] = key(ref);
            }
            sorter.sort(count);
            startAtHead();
            for (int i = 0; i < count; i++) {
                link(refs[i], key(refs[i]));
            }
        }
    }

    private void startAtHead() {
        for (int level = 0; level < topLevel; level++) {
            before[level] = 0;
            setAfter(level, head[level]);
        }
    }

    private void setAfter(int level, int ref) {
        after[level] = ref;
        afterHead[level] = ref == 0 ? 0 : key(ref);
    }

    /** Links one record, behind all that were linked since {@link #startAtHead}. */
    private void link(int ref, long keyHead) {
        findPlace(ref, keyHead);
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        int height = Records.heightOf(slab.getInt(at + Records.SHAPE));
        for (; topLevel < height; topLevel++) {
            before[topLevel] = 0;
            setAfter(topLevel, 0);
        }
        slab.putInt(at + Records.PREV, before[0]);
        for (int level = 0; level < height; level++) {
            slab.putInt(at + Records.TOWER + 4 * level, after[level]);
        }
        for (int level = 0; level < height; level++) {
            if (before[level] == 0) {
                HEAD.setRelease(head, level, ref);
            } else {
                arena.slab(before[level])
                        .putIntRelease(Arena.offset(before[level]) + Records.TOWER + 4 * level, ref);
            }
            before[level] = ref;
        }
        if (after[0] != 0) {
            arena.slab(after[0]).putIntRelease(Arena.offset(after[0]) + Records.PREV, ref);
        }
    }

    /** Moves {@link #before} and {@link #after} forward: up from the bottom as far as needed, then down again. */
    private void findPlace(int ref, long keyHead) {
        int level = 0;
        while (level < topLevel && isAfterLess(level, ref, keyHead)) {
            level++;
        }
        int from = 0;
        for (level--; level >= 0; level--) {
            if (from != 0) {
                before[level] = from;
                setAfter(level, next(from, level));
            }
            while (isAfterLess(level, ref, keyHead)) {
                before[level] = after[level];
                setAfter(level, next(before[level], level));
            }
            from = before[level];
        }
    }

    private boolean isAfterLess(int level, int ref, long keyHead) {
        int other = after[level];
        if (other == 0) {
            return false;
        }
        int byHead = Long.compareUnsigned(afterHead[level], keyHead);
        if (byHead != 0) {
            return byHead < 0;
        }
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        int shape = slab.getInt(at + Records.SHAPE);
        Slab otherSlab = arena.slab(other);
        int otherAt = Arena.offset(other);
        int otherShape = otherSlab.getInt(otherAt + Records.SHAPE);
        return otherSlab.compare(
                        otherAt + Records.keyOffset(otherShape),
                        Records.keyLength(otherShape),
                        slab,
                        at + Records.keyOffset(shape),
                        Records.keyLength(shape))
                < 0;
    }

    private long key(int ref) {
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        int shape = slab.getInt(at + Records.SHAPE);
        return slab.head(at + Records.keyOffset(shape), Records.keyLength(shape));
    }

    /** The next record in key order, of those linked; 0 at the end. */
    int next(int ref) {
        return next(ref, 0);
    }

    private int next(int ref, int level) {
        return arena.slab(ref).getIntAcquire(Arena.offset(ref) + Records.TOWER + 4 * level);
    }

    /** The previous record in key order, of those linked; 0 at the begin. */
    int prev(int ref) {
        return arena.slab(ref).getIntAcquire(Arena.offset(ref) + Records.PREV);
    }

    /** The first record in key order, 0 when none is linked. */
    int first() {
        return (int) HEAD.getAcquire(head, 0);
    }

    /** The last record in key order, 0 when none is linked. */
    int last() {
        int last = 0;
        for (int level = head.length - 1; level >= 0; level--) {
            for (int next; (next = nextFrom(last, level)) != 0; ) {
                last = next;
            }
        }
        return last;
    }

    /** The last record with a key before the target, 0 when there is none. */
    int lastBefore(byte[] target, int offset, int length) {
        long targetHead = Slab.head(target, offset, length);
        int last = 0;
        int notBefore = 0;
        for (int level = head.length - 1; level >= 0; level--) {
            int next;
            while ((next = nextFrom(last, level)) != notBefore
                    && next != 0
                    && isBefore(next, targetHead, target, offset, length)) {
                last = next;
            }
            notBefore = next;
        }
        return last;
    }

    private int nextFrom(int ref, int level) {
        return ref == 0 ? (int) HEAD.getAcquire(head, level) : next(ref, level);
    }

    private boolean isBefore(int ref, long targetHead, byte[] target, int offset, int length) {
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        int shape = slab.getInt(at + Records.SHAPE);
        int keyAt = at + Records.keyOffset(shape);
        int keyLength = Records.keyLength(shape);
        int byHead = Long.compareUnsigned(slab.head(keyAt, keyLength), targetHead);
        return byHead != 0 ? byHead < 0 : slab.compare(keyAt, keyLength, target, offset, length) < 0;
    }

    /** The first record with a key at or after the target, 0 when there is none. */
    int firstFrom(byte[] target, int offset, int length) {
        int ref = nextFrom(lastBefore(target, offset, length), 0);
        long targetHead = Slab.head(target, offset, length);
        // a record may just have been linked in between
        while (ref != 0 && isBefore(ref, targetHead, target, offset, length)) {
            ref = next(ref);
        }
        return ref;
    }
}
