package io.forebay.store.db;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.iter.EmptySpans;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.memtable.Memtable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The way of a read: take the read state, fix the sequence number that it sees, ask the sources newest first. Called from
 * any thread.
 *
 * <p>A point read claims nothing: when the writer overwrote in place what it wanted to see, it tries again with a newer
 * sequence number, and if it keeps losing, claims a state like a snapshot does.
 *
 * <p><b>Why a point read sees one moment.</b> It takes the read state, reads the published sequence number P, and goes on only
 * if the state is the present one even then. So the state was present when P was read.
 * <ul>
 *   <li>All writes up to P are in it: the writer replaces the state before it publishes what it wrote to the next memtable,
 *       and publishes an ingest after its files are in the state. Without the look back, P could be of a write that is in a
 *       newer state only, and what this one has up to P would be the middle of a batch, or operands without the ingest
 *       below them.
 *   <li>Nothing of P is missing in it: flushes and compactions keep the state at the published number that they found
 *       when they began, and all that they read was published when their result came into the state, or is above P.
 *   <li>Writes above P are told by their numbers, and one that took the place of a write up to P makes the read start again.
 * </ul>
 * A claimed state needs no look back: nobody overwrites or drops what it sees, in the state that was present when it was
 * claimed or in a newer one, until the claim ends. So a read of a snapshot looks at the claim when it has its answer: an answer
 * is right if the claim had not ended by then, because whoever meets a later write or file has seen the end of the claim too.
 * A batch that is applied piece by piece is like a claim on the published state, and is looked at in the same way: so nobody
 * waits at the gate for such a batch, which may wait there for memory, and that for who reads.
 */
final class ReadPath {
    private static final int OPTIMISTIC_READS = 8;

    private final StoreContext store;
    private final WritePath writes;
    private final Claims claims;
    private final LookupResult results;

    ReadPath(StoreContext store, WritePath writes) {
        this.store = store;
        this.writes = writes;
        claims = new Claims(store, writes);
        results = new LookupResult(store);
    }

    /** @param claim the state to read, or null for the present one */
    byte[] get(byte[] key, SnapshotList.Entry claim) {
        store.lifecycle.checkReadable();
        ReadContext context = ReadContext.begin();
        try {
            ValueBuffer buffer = context.buffer();
            return read(context, key, 0, key.length, buffer, claim) ? buffer.toByteArray() : null;
        } finally {
            context.end();
        }
    }

    /** @param claim the state to read, or null for the present one */
    boolean get(byte[] key, int offset, int length, ValueBuffer into, SnapshotList.Entry claim) {
        Objects.checkFromIndexSize(offset, length, key.length);
        store.lifecycle.checkReadable();
        ReadContext context = ReadContext.begin();
        try {
            return read(context, key, offset, length, into, claim);
        } finally {
            context.end();
        }
    }

    List<byte[]> multiGet(List<byte[]> keys, SnapshotList.Entry claim) {
        store.lifecycle.checkReadable();
        if (claim != null) {
            return multiGetClaimed(keys, claim);
        }
        do {
            List<byte[]> beside = multiGetBesideLarge(keys);
            if (beside != null) {
                return beside;
            }
        } while (!store.gate.tryEnterReader());
        // inside the gate, so that no batch is half in the state
        long limit;
        ReadState state;
        try {
            state = store.states.acquire();
            limit = writes.published();
        } finally {
            store.gate.leave();
        }
        List<byte[]> values = multiGet(keys, state, limit, false);
        if (values != null) {
            return values;
        }
        SnapshotList.Entry own = claimNow(null);
        try {
            return multiGetClaimed(keys, own);
        } finally {
            store.snapshots.remove(own);
        }
    }

    /**
     * Claims the present state: it stays readable until the claim is removed.
     *
     * @param opened for whom; null for a moment of our own
     */
    SnapshotList.Entry claimNow(Opened opened) {
        return claims.now(opened).entry();
    }

    /** @param claim the state to iterate over, or null for the present one; it must be open */
    StoreIterator iterator(KeyRange range, SnapshotList.Entry claim) {
        Objects.requireNonNull(range, "range");
        Opened opened = Opened.iterator(store.shared);
        if (claim == null) {
            Claims.Claim own = claims.now(opened);
            return iterator(range, own.entry(), own.emptySpans());
        }
        SnapshotList.Entry own = store.snapshots.addLike(claim, opened);
        if (own == null) {
            throw new StoreClosedException("The snapshot is closed");
        }
        return iterator(range, own, EmptySpans.NONE);
    }

    private StoreIterator iterator(KeyRange range, SnapshotList.Entry own, EmptySpans emptySpans) {
        try {
            return new StoreIteratorImpl(store, range, own, emptySpans, writes);
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
            checkClaim(claim);
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

    /** As {@link #readAt}, of the present moment. */
    private int readNow(PointLookup lookup, byte[] key, int offset, int length, long hash, ValueBuffer into) {
        ReadState state = store.states.acquire();
        try {
            long limit = writes.published();
            return store.states.isCurrent(state)
                    ? readAt(state, lookup, key, offset, length, hash, limit, into, false)
                    : Memtable.RETRY;
        } finally {
            state.release();
        }
    }

    /** As {@link #readNow}, beside a large batch, as if the published state were claimed. {@link Memtable#RETRY} without one. */
    private int readBesideLarge(PointLookup lookup, byte[] key, int offset, int length, long hash, ValueBuffer into) {
        long batch = writes.largeBatch();
        if (batch == 0) {
            return Memtable.RETRY;
        }
        long limit = writes.published();
        int lengthBefore = into.length();
        ReadState state = store.states.acquire();
        try {
            int result = readAt(state, lookup, key, offset, length, hash, limit, into, true);
            if (writes.isUnderWay(batch)) {
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
                throw lostVersion(claim);
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
     * @return {@link Memtable#FOUND}, {@link Memtable#SETTLED} when there is no value, or {@link Memtable#RETRY} when the
     *     version that the limit sees was overwritten in place
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
        boolean done =
                newest == Memtable.CONTINUE ? searchOlder(state, lookup, claimed) : search(state, lookup, claimed);
        if (!done) {
            return Memtable.RETRY;
        }
        return results.bring(lookup, into) ? Memtable.FOUND : Memtable.SETTLED;
    }

    /** As of a claim on the published state, which a large batch leaves as it is; null without one. */
    private List<byte[]> multiGetBesideLarge(List<byte[]> keys) {
        long batch = writes.largeBatch();
        if (batch == 0) {
            return null;
        }
        long limit = writes.published();
        List<byte[]> values = multiGet(keys, store.states.acquire(), limit, true);
        return writes.isUnderWay(batch) ? values : null;
    }

    private List<byte[]> multiGetClaimed(List<byte[]> keys, SnapshotList.Entry claim) {
        List<byte[]> values = multiGet(keys, store.states.acquire(), claim.sequence, true);
        if (values == null) {
            throw lostVersion(claim);
        }
        checkClaim(claim);
        return values;
    }

    /** Releases {@code state}. @return null when a version was overwritten meanwhile */
    private List<byte[]> multiGet(List<byte[]> list, ReadState state, long limit, boolean claimed) {
        try {
            byte[][] keys = list.toArray(new byte[0][]);
            for (byte[] key : keys) {
                Objects.requireNonNull(key, "a key");
            }
            ReadContext context = ReadContext.begin();
            try {
                byte[][] values = multiGet(context, keys, state, limit, claimed);
                return values == null ? null : new ArrayList<>(Arrays.asList(values));
            } finally {
                context.end();
            }
        } finally {
            state.release();
        }
    }

    private byte[][] multiGet(ReadContext context, byte[][] keys, ReadState state, long limit, boolean claimed) {
        int size = keys.length;
        int fileReads = 0;
        long[] order = size > 1 && !state.version.runs().isEmpty() ? KeyOrder.of(keys) : null;
        PointLookup lookup = context.lookup;
        byte[][] values = new byte[size][];
        for (int i = 0; i < size; i++) {
            int index = order == null ? i : (int) order[i];
            byte[] key = keys[index];
            ValueBuffer buffer = context.buffer();
            lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), limit, buffer);
            int result = searchMemtables(state, lookup, claimed);
            if (result == Memtable.RETRY) {
                return null;
            }
            if (result == Memtable.CONTINUE) {
                fileReads++;
                searchFiles(state, lookup);
            }
            values[index] = results.bring(lookup, buffer) ? buffer.toByteArray() : null;
        }
        store.counters.memtableReads.add(size - fileReads);
        store.counters.fileReads.add(fileReads);
        return values;
    }

    /**
     * Asks the sources.
     *
     * @param claimed whether the limit of the lookup is claimed
     * @return false when the version that the limit sees was overwritten in place
     */
    private boolean search(ReadState state, PointLookup lookup, boolean claimed) {
        int result = state.active.memtable.get(lookup, claimed);
        return result == Memtable.CONTINUE ? searchOlder(state, lookup, claimed) : inMemory(result);
    }

    /** As {@link #search}, behind the active memtable. */
    private boolean searchOlder(ReadState state, PointLookup lookup, boolean claimed) {
        int result = searchFrozen(state, lookup, claimed);
        if (result != Memtable.CONTINUE) {
            return inMemory(result);
        }
        store.counters.fileReads.increment();
        searchFiles(state, lookup);
        return true;
    }

    private boolean inMemory(int result) {
        if (result == Memtable.RETRY) {
            return false;
        }
        store.counters.memtableReads.increment();
        return true;
    }

    private static int searchMemtables(ReadState state, PointLookup lookup, boolean claimed) {
        int result = state.active.memtable.get(lookup, claimed);
        return result == Memtable.CONTINUE ? searchFrozen(state, lookup, claimed) : result;
    }

    private static int searchFrozen(ReadState state, PointLookup lookup, boolean claimed) {
        int result = Memtable.CONTINUE;
        for (int i = 0; result == Memtable.CONTINUE && i < state.frozen.length; i++) {
            result = state.frozen[i].memtable.get(lookup, claimed);
        }
        return result;
    }

    private void searchFiles(ReadState state, PointLookup lookup) {
        try {
            state.version.get(lookup);
        } catch (IOException e) {
            store.lifecycle.checkReadable(); // the files of a closed store may be gone
            throw new StoreIoException("Reading store " + store.options.name() + " failed", e);
        }
    }

    /** What was read at a claim counts only if the claim had not ended by then. */
    private static void checkClaim(SnapshotList.Entry claim) {
        if (claim.isRemoved()) {
            throw new StoreClosedException("The snapshot was closed during a read");
        }
    }

    /** A claimed version is gone: somebody closed the snapshot meanwhile. */
    private StoreException lostVersion(SnapshotList.Entry claim) {
        store.lifecycle.checkReadable();
        checkClaim(claim);
        return new StoreException("Store " + store.options.name() + " lost the version that sequence number "
                + claim.sequence + " needs. This is a bug in Forebay, please report it.");
    }
}
