package io.forebay.store.db;

import io.forebay.store.WriteBatch;

/**
 * Checks a batch as a whole before anything of it is applied, then applies it under one publication. Used by the writer
 * only.
 */
final class BatchApplier {
    private final WritePath path;
    private final StoreContext store;
    private final WriteBatch.Handler checker = this::checkOperation;
    private final WriteBatch.Handler applier;
    private final WriteBatch.Handler largeApplier;
    private final long largestWhole;
    private final long mostRoom;

    BatchApplier(WritePath path, StoreContext store) {
        this.path = path;
        this.store = store;
        largestWhole = store.shared.pool().budget() / 4;
        mostRoom = store.shared.pool().budget() / 2;
        applier = path::applyUnpublished;
        largeApplier = path::applyLarge;
    }

    void check(WriteBatch batch) {
        batch.forEach(checker);
    }

    /**
     * Inside the gate. A batch gets its memory before it begins, so that it cannot fail; only one that is too large for
     * that, in bytes, in what a memtable takes for it, or for what memory there is at present, waits midway. When that fails, because no memory comes or a
     * flush fails, the operations applied so far stay invisible for good, at the price that nothing can be written
     * after them: the store is read-only until it is opened again. Should a small batch fail midway all the same, no
     * state is right any more, and not even reads are answered.
     *
     * @return the ticket of the log, 0 without one
     */
    long apply(WriteBatch batch) {
        boolean large = batch.sizeInBytes() > largestWhole || !path.roomFor(batch, mostRoom);
        if (large) {
            path.roomForLargest(batch);
        }
        long before = path.assigned();
        try {
            if (large) {
                path.stacking = before + 1;
                batch.forEach(largeApplier);
                path.stacking = 0; // before it is published
            } else {
                batch.forEach(applier);
            }
            long ticket = path.logBatch(before + 1, batch);
            path.publish();
            return ticket;
        } catch (RuntimeException | Error e) {
            path.stacking = 0;
            if (path.takeTouching() | path.assigned() > before) {
                store.lifecycle.unwritable = true; // without a call: there may be no stack left for one
                boolean readable = false;
                try {
                    store.emptySpans.clear(); // range deletes among what was applied are not to be seen
                    readable = large;
                } finally {
                    if (!readable) {
                        store.lifecycle.unreadable = true;
                    }
                }
                if (large) {
                    store.lifecycle.breakDown(e);
                } else {
                    store.lifecycle.tear(e);
                }
            }
            throw e;
        }
    }

    private void checkOperation(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        // A handler is given the bytes of a batch, and may have changed them.
        if (valueLength < 0 && kind != WriteBatch.DELETE_RANGE) {
            throw new IllegalArgumentException(
                    "An operation of kind " + kind + " in a write batch has a value of " + valueLength + " bytes");
        }
        EntryLimits.checkLengths(keyLength, Math.max(0, valueLength));
        if (kind == WriteBatch.MERGE) {
            path.checkMergeable();
        }
        // Else it would be found out midway.
        path.checkFits(keyLength, Math.max(0, valueLength), " of a write batch");
    }
}
