package io.forebay.store.db.write;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.WriteBatch;
import io.forebay.store.db.state.ActiveMemtable;
import io.forebay.store.db.state.EmptySpansTracker;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.key.KeyHash;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.memtable.RoomPlan;
import java.util.Arrays;

/**
 * Applies a batch to the active memtable under one publication, after a check of the whole batch.
 *
 * <pre>
 *   check      lengths and sizes of all operations; nothing is changed
 *   room       memory for the whole batch; if there is too little, the batch is a large batch
 *   apply      each operation gets the next sequence number, and stays unseen (ActiveMemtable.assign)
 *   log        the whole batch is one record
 *   publish    readers see all of it (ActiveMemtable.publishAssigned)
 * </pre>
 *
 * <p>A large batch gets memory for one operation at a time, and memtables may be frozen inside it. It overwrites
 * nothing that readers see. Used by the writer only.
 */
final class BatchApplier {
    private final StoreContext store;
    private final ActiveMemtable active;
    private final MemtableRoom room;
    private final SnapshotList snapshots;
    private final EmptySpansTracker emptySpans;
    private final Lifecycle lifecycle;
    private final WriteBatch.Handler checker = this::checkOperation;
    private final WriteBatch.Handler applier = this::apply;
    private final WriteBatch.Handler largeApplier = this::applyLarge;
    private final long largestWhole;
    private final long mostRoom;

    BatchApplier(StoreContext store, MemtableRoom room) {
        this.store = store;
        this.room = room;
        active = store.active;
        snapshots = store.snapshots;
        emptySpans = store.emptySpans;
        lifecycle = store.lifecycle;
        largestWhole = store.shared.pool().budget() / 4;
        mostRoom = store.shared.pool().budget() / 2;
    }

    /** Checks all operations, before any of them is applied. */
    void check(WriteBatch batch) {
        batch.forEach(checker);
    }

    /**
     * Applies the batch, which is not empty; inside the gate. A batch gets its memory before its first operation, so it cannot fail later.
     * Only a large batch waits for memory midway: one that is too large in bytes, in what a memtable needs for it, or
     * for the memory that there is at present. When that wait fails, because no memory comes or a flush fails, the
     * operations applied so far stay invisible for good, and the store is read-only until it is opened again, because
     * nothing can be written after them. If a batch that is not large fails midway all the same, the store is poisoned.
     *
     * @param log null for none
     * @return the ticket of the log, 0 without one. Readers see the batch on return, and {@link ActiveMemtable#grown}
     *     may be due
     */
    long apply(WriteBatch batch, WalPath log) {
        boolean large = batch.sizeInBytes() > largestWhole || !tryMakeRoom(batch);
        if (large) {
            // a batch that finds no memory for that fails before any operation is applied
            room.ensure(RoomPlan.ofLargest(batch), "the largest operation of a write batch");
        }
        long before = active.assigned();
        try {
            if (large) {
                active.largeBatchStart = before + 1;
                batch.forEach(largeApplier);
                active.largeBatchStart = 0; // before the publication
            } else {
                batch.forEach(applier);
            }
            long ticket = log == null ? 0 : log.batch(before + 1, batch);
            active.publishAssigned();
            return ticket;
        } catch (RuntimeException | Error e) {
            active.largeBatchStart = 0;
            if (active.takeTouching() | active.assigned() > before) {
                endWriting(large, e);
            }
            throw e;
        }
    }

    /** @return false when the whole batch would need more of an empty memtable than is allowed */
    private boolean tryMakeRoom(WriteBatch batch) {
        RoomPlan plan = RoomPlan.of(batch);
        if (plan.bytes() > mostRoom) {
            return false;
        }
        try {
            room.ensure(plan, "a write batch of " + batch.sizeInBytes() + " bytes");
            return true;
        } catch (MemoryBudgetException e) {
            return false; // nothing was changed; piece by piece there may be enough memory, otherwise this exception
            // comes again
        }
    }

    /** A part of the batch is in the memtable, and the batch has failed. */
    private void endWriting(boolean large, Throwable failure) {
        lifecycle.unwritable = true; // without a call: there may be no stack left for one
        boolean readable = false;
        try {
            emptySpans.clear(); // range deletes among the applied operations must not be visible
            readable = large;
        } finally {
            if (!readable) {
                lifecycle.unreadable = true;
            }
        }
        if (large) {
            lifecycle.breakDown(failure);
        } else {
            lifecycle.poison(failure);
        }
    }

    private void checkOperation(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        // WriteBatch.forEach gives the bytes of a batch to handlers of users, which may have changed them.
        if (valueLength < 0 && kind != WriteBatch.DELETE_RANGE) {
            throw new IllegalArgumentException(
                    "An operation of kind " + kind + " in a write batch has a value of " + valueLength + " bytes");
        }
        EntryLimits.checkLengths(keyLength, Math.max(0, valueLength));
        if (kind == WriteBatch.MERGE) {
            EntryLimits.checkMergeable(store.options);
        }
        // Otherwise that would be noticed midway.
        room.checkFits(keyLength, Math.max(0, valueLength), " of a write batch");
    }

    /** Applies an operation of a batch that has room. */
    private void apply(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        apply(kind, bytes, keyAt, keyLength, valueAt, valueLength, snapshots.pinned());
    }

    /**
     * Applies an operation of a large batch. Memtables may be frozen inside the batch, and the batch may fail midway.
     * So the operation overwrites nothing that readers see.
     *
     * <p>A full memtable is frozen before the next operation, not after the last one: the memtable of the last
     * operation is frozen after the publication, so that it keeps the whole batch.
     */
    private void applyLarge(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        lifecycle.checkOpen();
        if (active.isFull()) {
            active.freeze();
        }
        if (kind != WriteBatch.DELETE_RANGE) {
            room.ensure(keyLength, valueLength, true);
        }
        long pinned = Math.max(snapshots.pinned(), active.published());
        apply(kind, bytes, keyAt, keyLength, valueAt, valueLength, pinned);
    }

    private void apply(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength, long pinned) {
        if (kind == WriteBatch.DELETE_RANGE) {
            byte[] from = Arrays.copyOfRange(bytes, keyAt, keyAt + keyLength);
            byte[] to = valueLength < 0 ? null : Arrays.copyOfRange(bytes, valueAt, valueAt + valueLength);
            if (active.largeBatch() == 0) { // freezing the memtable here would hide what the batch has overwritten
                active.memtable().deleteRangeWithRoom(from, to, active.touch(), pinned);
            } else {
                room.deleteRange(() -> active.tryDeleteRange(from, to, pinned), true);
            }
            // first: if the next line fails, the caller knows that a part of the batch was applied
            active.assign(active.assigned() + 1, keyLength + Math.max(0, valueLength));
            emptySpans.rangeDeleted(from, to);
            return;
        }
        if (kind != WriteBatch.DELETE) {
            emptySpans.written(bytes, keyAt, keyLength);
        }
        Memtable memtable = active.memtable();
        long hash = KeyHash.of(bytes, keyAt, keyLength);
        long sequence = active.touch();
        switch (kind) {
            case WriteBatch.PUT ->
                memtable.put(hash, bytes, keyAt, keyLength, bytes, valueAt, valueLength, sequence, pinned);
            case WriteBatch.MERGE ->
                memtable.merge(hash, bytes, keyAt, keyLength, bytes, valueAt, valueLength, sequence, pinned);
            default -> memtable.delete(hash, bytes, keyAt, keyLength, sequence, pinned);
        }
        active.assign(sequence, keyLength + Math.max(0, valueLength));
    }
}
