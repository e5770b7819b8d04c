package io.forebay.store.db;

import io.forebay.store.iter.EmptySpans;

/** Claims the present state of a store, so that it stays readable until the claim is removed. Any thread. */
final class Claims {
    private final StoreContext store;
    private final WritePath writes;

    Claims(StoreContext store, WritePath writes) {
        this.store = store;
        this.writes = writes;
    }

    /** A claim, and the ranges without keys that were known when it was made. */
    record Claim(SnapshotList.Entry entry, EmptySpans emptySpans) {}

    /** @param opened for whom; null for a moment of our own */
    Claim now(Opened opened) {
        while (true) {
            Claim claim = besideLarge(opened);
            if (claim == null) {
                claim = inside(opened);
            }
            if (claim != null) {
                return claim;
            }
            store.snapshots.awaitVanished();
        }
    }

    /** Null when the user has to wait, or a large batch does. */
    private Claim inside(Opened opened) {
        if (!store.gate.tryEnterReader()) {
            return null;
        }
        try {
            store.lifecycle.checkReadable();
            SnapshotList.Entry entry = store.snapshots.add(writes.published(), opened);
            return entry == null ? null : new Claim(entry, store.emptySpans.current());
        } finally {
            store.gate.leave();
        }
    }

    /**
     * While a large batch leaves the published state as it is: the batch may wait inside the gate for a flush, and the flush for
     * whoever asks.
     *
     * @return null without such a batch
     */
    private Claim besideLarge(Opened opened) {
        long batch = writes.largeBatch();
        if (batch == 0) {
            return null;
        }
        store.lifecycle.checkReadable();
        SnapshotList.Entry entry = store.snapshots.addBeside(writes, batch, writes.published(), opened);
        if (entry != null && !writes.isUnderWay(batch)) {
            store.snapshots.remove(entry);
            return null;
        }
        return entry == null ? null : new Claim(entry, EmptySpans.NONE);
    }
}
