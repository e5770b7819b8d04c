package io.forebay.store.db.read;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.db.state.FilePin;
import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.iter.EmptySpans;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.memtable.Memtable;
import java.util.List;
import java.util.Objects;

/**
 * The way of a point read: take the read state, fix the limit (the sequence number that the read sees), and ask the sources
 * from the newest to the oldest ({@link SourceSearch}). It also opens iterators. Reads of many keys are in {@link MultiGet}.
 * Any thread.
 *
 * <p>A point read claims nothing. When the writer has overwritten in place the version of the key that the read wants,
 * the read tries again with a newer limit. After several attempts it claims a state, as a snapshot does.
 *
 * <p><b>Why a point read sees one moment.</b> A read takes the read state, then reads the published sequence number P,
 * and goes on only if the state is still the present one after that. So the state was present when P was read.
 *
 * <ul>
 *   <li>All writes up to P are in the state: the writer replaces the state before it publishes what it wrote to the
 *       next memtable, and publishes an ingest after its files are in the state. Without the second look at the state,
 *       P could be the number of a write that is only in a newer state. Then the writes up to P in this state could end
 *       in the middle of a batch, or have operands without the ingest below them.
 *   <li>No write up to P is missing in the state: flushes and compactions keep the state at the published number that
 *       they found when they started, and all that they read was published when their result came into the state, or is
 *       above P.
 *   <li>Writes above P are recognised by their numbers. When such a write has replaced a write up to P in place, the
 *       read starts again.
 * </ul>
 *
 * <p>A claimed state needs no second look: what it sees is neither overwritten nor dropped until the claim ends, in the
 * state that was present when it was claimed or in a newer one. So a read of a snapshot checks the claim when it has
 * its answer. The answer is right if the claim had not ended by then, because a reader that meets a later write or file
 * has also seen the end of the claim.
 *
 * <p>A large batch is like a claim on the published state, and is checked in the same way. So no reader waits at the
 * gate for such a batch, which may itself wait inside the gate for memory that the reader has.
 */
public final class ReadPath {
    private static final int OPTIMISTIC_READS = 8;

    private final StoreContext store;
    private final Claims claims;
    private final SourceSearch sources;
    private final LookupResult results;
    private final MultiGet multiGet;
    private final RangeScan rangeScan;

    public ReadPath(StoreContext store) {
        this.store = store;
        claims = new Claims(store);
        sources = new SourceSearch(store);
        results = new LookupResult(store);
        multiGet = new MultiGet(store, claims, sources, results);
        rangeScan = new RangeScan(store, claims);
    }

    /** @param claim the state to read, or null for the present state */
    public byte[] get(byte[] key, SnapshotList.Entry claim) {
        store.lifecycle.checkReadable();
        ReadContext context = ReadContext.begin();
        try {
            ValueBuffer buffer = context.buffer();
            return read(context, key, 0, key.length, buffer, claim) ? buffer.toByteArray() : null;
        } finally {
            context.end();
        }
    }

    /** @param claim the state to read, or null for the present state */
    public boolean get(byte[] key, int offset, int length, ValueBuffer into, SnapshotList.Entry claim) {
        Objects.checkFromIndexSize(offset, length, key.length);
        store.lifecycle.checkReadable();
        ReadContext context = ReadContext.begin();
        try {
            return read(context, key, offset, length, into, claim);
        } finally {
            context.end();
        }
    }

    /** @param claim the state to read, or null for the present state */
    public List<byte[]> multiGet(List<byte[]> keys, SnapshotList.Entry claim) {
        store.lifecycle.checkReadable();
        return multiGet.get(keys, claim);
    }

    /**
     * Claims the present state: it stays readable until the claim is removed.
     *
     * @param opened the object of the user that the claim is for; null for a claim of the engine
     */
    public SnapshotList.Entry claimNow(Opened opened) {
        return claims.now(opened, null).entry();
    }

    /** @param claim the state to iterate over, or null for the present state. The claim must not have ended */
    public StoreIterator iterator(KeyRange range, SnapshotList.Entry claim) {
        Objects.requireNonNull(range, "range");
        Opened opened = Opened.iterator(store.shared);
        FilePin files = new FilePin();
        if (claim == null) {
            Claims.Claim own = claims.now(opened, files);
            return iterator(range, own.entry(), files, own.emptySpans());
        }
        SnapshotList.Entry own = store.snapshots.addLike(claim, opened, files);
        if (own == null) {
            throw new StoreClosedException("The snapshot is closed");
        }
        return iterator(range, own, files, EmptySpans.NONE);
    }

    /** @param claim the state to read, or null for the present state */
    public void scan(KeyRange range, EntryBatch into, SnapshotList.Entry claim) {
        into.clear();
        store.lifecycle.checkReadable();
        boolean complete = false;
        try {
            if (claim == null) {
                rangeScan.scanNow(range, into);
            } else {
                rangeScan.scan(range, into, claim);
            }
            complete = true;
        } finally {
            if (!complete) {
                into.clear();
            }
        }
    }

    private StoreIterator iterator(KeyRange range, SnapshotList.Entry own, FilePin files, EmptySpans emptySpans) {
        try {
            return new StoreIteratorImpl(store, range, own, files, emptySpans);
        } catch (RuntimeException | Error e) {
            store.snapshots.remove(own);
            throw e;
        }
    }

    private boolean read(
            ReadContext context, byte[] key, int offset, int length, ValueBuffer into, SnapshotList.Entry claim) {
        long hash = KeyHash.of(key, offset, length);
        PointLookup lookup = context.lookup;
        if (claim != null) {
            boolean found = readClaimed(lookup, key, offset, length, hash, into, claim);
            Claims.check(claim);
            return found;
        }
        for (int attempt = 0; attempt < OPTIMISTIC_READS; attempt++) {
            int result = readNow(lookup, key, offset, length, hash, into);
            if (result != Memtable.RETRY) {
                return result == Memtable.FOUND;
            }
            result = readBesideLarge(lookup, key, offset, length, hash, into);
            if (result != Memtable.RETRY) {
                return result == Memtable.FOUND;
            }
        }
        SnapshotList.Entry own = claimNow(null);
        try {
            return readClaimed(lookup, key, offset, length, hash, into, own);
        } finally {
            store.snapshots.remove(own);
        }
    }

    /** As {@link #readAt}, of the present state. */
    private int readNow(PointLookup lookup, byte[] key, int offset, int length, long hash, ValueBuffer into) {
        ReadState state = store.states.acquire();
        try {
            long limit = store.active.published();
            return store.states.isCurrent(state)
                    ? readAt(state, lookup, key, offset, length, hash, limit, into, false)
                    : Memtable.RETRY;
        } finally {
            state.release();
        }
    }

    /**
     * As {@link #readNow}, beside a large batch, as if the published state were claimed. {@link Memtable#RETRY} when
     * there is no such batch.
     */
    private int readBesideLarge(PointLookup lookup, byte[] key, int offset, int length, long hash, ValueBuffer into) {
        long batch = store.active.largeBatch();
        if (batch == 0) {
            return Memtable.RETRY;
        }
        long limit = store.active.published();
        int lengthBefore = into.length();
        ReadState state = store.states.acquire();
        try {
            int result = readAt(state, lookup, key, offset, length, hash, limit, into, true);
            if (store.active.isUnderWay(batch)) {
                return result;
            }
            into.reset(lengthBefore);
            return Memtable.RETRY;
        } finally {
            state.release();
        }
    }

    private boolean readClaimed(
            PointLookup lookup,
            byte[] key,
            int offset,
            int length,
            long hash,
            ValueBuffer into,
            SnapshotList.Entry claim) {
        ReadState state = store.states.acquire();
        try {
            int result = readAt(state, lookup, key, offset, length, hash, claim.sequence, into, true);
            if (result == Memtable.RETRY) {
                throw claims.lostVersion(claim);
            }
            return result == Memtable.FOUND;
        } finally {
            state.release();
        }
    }

    /**
     * Asks the sources.
     *
     * @param claimed whether {@code limit} is claimed
     * @return {@link Memtable#FOUND}; {@link Memtable#SETTLED} when there is no value; or {@link Memtable#RETRY} when
     *     the version of the key that the limit sees was overwritten in place
     */
    private int readAt(
            ReadState state,
            PointLookup lookup,
            byte[] key,
            int offset,
            int length,
            long hash,
            long limit,
            ValueBuffer into,
            boolean claimed) {
        int newest = state.active.memtable.getNewest(hash, key, offset, length, limit, into);
        if (newest == Memtable.FOUND || newest == Memtable.SETTLED) {
            store.counters.memtableReads.increment();
            return newest;
        }
        lookup.start(key, offset, length, hash, limit, into);
        boolean done = newest == Memtable.CONTINUE
                ? sources.searchOlder(state, lookup, claimed)
                : sources.search(state, lookup, claimed);
        if (!done) {
            return Memtable.RETRY;
        }
        return results.bring(lookup, into) ? Memtable.FOUND : Memtable.SETTLED;
    }
}
