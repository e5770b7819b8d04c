package io.forebay.store.db.read;

import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.db.state.FilePin;
import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.iter.EmptySpans;

/**
 * Claims the present state of a store, so that the state stays readable until the claim is removed. A claim is made
 * inside the gate, or beside a large batch. Any thread.
 */
final class Claims {
    private final StoreContext store;

    Claims(StoreContext store) {
        this.store = store;
    }

    /** A claim, and the empty spans that were known when it was made. */
    record Claim(SnapshotList.Entry entry, EmptySpans emptySpans) {}

    /**
     * @param opened the object of the user that the claim is for; null for a claim of the engine
     * @param files the pin of an iterator; null for others
     */
    Claim now(Opened opened, FilePin files) {
        while (true) {
            Claim claim = besideLarge(opened, files);
            if (claim == null) {
                claim = inside(opened, files);
            }
            if (claim != null) {
                return claim;
            }
            store.snapshots.awaitVanished();
        }
    }

    /** @return null when the user has to wait for a change, or when a large batch waits inside the gate */
    private Claim inside(Opened opened, FilePin files) {
        if (!store.gate.tryEnterReader()) {
            return null;
        }
        try {
            store.lifecycle.checkReadable();
            return claim(store.snapshots.add(store.active.published(), opened, files), store.emptySpans.current());
        } finally {
            store.gate.leave();
        }
    }

    /**
     * Claims the published state while a large batch does not change it. Such a claim does not wait for the gate,
     * because the batch may wait inside the gate for a flush, and the flush may wait for the caller.
     *
     * @return null when there is no such batch
     */
    private Claim besideLarge(Opened opened, FilePin files) {
        long batch = store.active.largeBatch();
        if (batch == 0) {
            return null;
        }
        store.lifecycle.checkReadable();
        SnapshotList.Entry entry =
                store.snapshots.addBeside(store.active, batch, store.active.published(), opened, files);
        if (entry != null && !store.active.isUnderWay(batch)) {
            store.snapshots.remove(entry);
            return null;
        }
        return claim(entry, EmptySpans.NONE);
    }

    /** @param entry null for none */
    private Claim claim(SnapshotList.Entry entry, EmptySpans emptySpans) {
        Claim claim = null;
        try {
            claim = entry == null ? null : new Claim(entry, emptySpans);
        } finally {
            if (claim == null && entry != null) {
                store.snapshots.remove(entry);
            }
        }
        return claim;
    }

    /** The result of a read at a claim counts only if the claim has not ended by then. */
    static void check(SnapshotList.Entry claim) {
        if (claim.isRemoved()) {
            throw new StoreClosedException("The snapshot was closed during a read");
        }
    }

    /** A claimed version of a key is gone, because another thread has closed the snapshot or the store. */
    StoreException lostVersion(SnapshotList.Entry claim) {
        store.lifecycle.checkReadable();
        check(claim);
        return new StoreException("Store " + store.options.name() + " lost the version that sequence number "
                + claim.sequence + " needs. This is a bug in Forebay, please report it.");
    }
}
