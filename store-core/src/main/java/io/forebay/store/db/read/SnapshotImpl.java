package io.forebay.store.db.read;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.Snapshot;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/** A snapshot of a user: reads at the sequence number of one claim. */
public final class SnapshotImpl implements Snapshot {
    private final StoreContext store;
    private final ReadPath reads;
    private final SnapshotList.Entry claim;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** @param claim the snapshot ends it on {@link #close} */
    public SnapshotImpl(StoreContext store, ReadPath reads, SnapshotList.Entry claim) {
        this.store = store;
        this.reads = reads;
        this.claim = claim;
        store.counters.openSnapshots.incrementAndGet();
    }

    @Override
    public byte[] get(byte[] key) {
        Objects.requireNonNull(key, "key");
        checkOpen();
        return reads.get(key, claim);
    }

    @Override
    public boolean get(byte[] key, int offset, int length, ValueBuffer into) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(into, "into");
        checkOpen();
        return reads.get(key, offset, length, into, claim);
    }

    @Override
    public List<byte[]> multiGet(List<byte[]> keys) {
        Objects.requireNonNull(keys, "keys");
        checkOpen();
        return reads.multiGet(keys, claim);
    }

    @Override
    public StoreIterator iterator(KeyRange range) {
        checkOpen();
        return reads.iterator(range, claim);
    }

    @Override
    public void scan(KeyRange range, EntryBatch into) {
        Objects.requireNonNull(into, "into").clear();
        Objects.requireNonNull(range, "range");
        checkOpen();
        reads.scan(range, into, claim);
    }

    @Override
    public long sequence() {
        return claim.sequence;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            store.snapshots.remove(claim);
            store.counters.openSnapshots.decrementAndGet();
        }
    }

    private void checkOpen() {
        if (closed.get()) {
            throw new StoreClosedException("The snapshot is closed");
        }
    }
}
