package io.forebay.store.db;

import io.forebay.store.WriteBatch;

/**
 * Checks a batch as a whole before anything of it is applied, then applies it under one publication. Used by the writer
 * only.
 */
final class BatchApplier {
    private final WritePath path;
    private final StoreContext store;
    private final long largestEntry;
    private final WriteBatch.Handler checker = this::checkOperation;
    private final WriteBatch.Handler applier;
    private final WriteBatch.Handler largeApplier;
    private final long largestWhole;

    BatchApplier(WritePath path, StoreContext store) {
        this.path = path;
        this.store = store;
        largestEntry = store.shared.pool().budget() / 4 * 3;
        largestWhole = store.shared.pool().budget() / 4;
        applier = path::applyUnpublished;
        largeApplier = path::applyLarge;
    }

    void check(WriteBatch batch) {
        batch.forEach(checker);
    }

    /**
     * Inside the gate. A batch gets its memory before it begins, so that it cannot fail for want of it; only one that is
     * too large for that waits midway. When a batch fails midway all the same (a merge function may throw), no state of the
     * store is right any more, and it is closed to readers as well until it is opened again.
     */
    void apply(WriteBatch batch) {
        boolean large = batch.sizeInBytes() > largestWhole;
        if (!large) {
            path.roomFor(batch);
        }
        long before = path.assigned();
        try {
            batch.forEach(large ? largeApplier : applier);
            path.publish();
        } catch (RuntimeException | Error e) {
            if (path.assigned() > before) {
                store.lifecycle.fail(e);
                store.lifecycle.tear();
            }
            throw e;
        }
    }

    private void checkOperation(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        WritePath.checkLengths(keyLength, Math.max(0, valueLength));
        if (kind == WriteBatch.MERGE) {
            path.checkMergeable();
        }
        if ((long) keyLength + Math.max(0, valueLength) > largestEntry) {
            throw store.shared
                    .arbiter()
                    .exhausted("an entry of " + ((long) keyLength + valueLength) + " bytes in a write batch");
        }
    }
}
