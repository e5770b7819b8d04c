package io.forebay.store.db;

import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.iter.EmptySpans;
import io.forebay.store.iter.MergedValue;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.memtable.Memtable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * The way of a read: take the read state, fix the sequence number that it sees, ask the sources newest first. Called from
 * any thread.
 *
 * <p>A point read claims nothing: when the writer overwrote in place what it wanted to see, it tries again with a newer
 * sequence number, and if it keeps losing, claims a state like a snapshot does.
 */
final class ReadPath {
    private static final int OPTIMISTIC_READS = 8;

    private final StoreContext store;
    private final WritePath writes;
    private final MergeFunction mergeFunction;
    /** As of {@link MergeFunction#appendDelimiter}. */
    private final int delimiter;

    ReadPath(StoreContext store, WritePath writes) {
        this.store = store;
        this.writes = writes;
        mergeFunction = store.options.mergeFunction();
        delimiter = mergeFunction == null ? -1 : mergeFunction.appendDelimiter();
    }

    /** @param claim the state to read, or null for the present one */
    byte[] get(byte[] key, SnapshotList.Entry claim) {
        ReadContext context = ReadContext.ofThread();
        ValueBuffer buffer = context.buffer();
        store.lifecycle.checkReadable();
        return read(context, key, 0, key.length, buffer, claim) ? buffer.toByteArray() : null;
    }

    /** @param claim the state to read, or null for the present one */
    boolean get(byte[] key, int offset, int length, ValueBuffer into, SnapshotList.Entry claim) {
        Objects.checkFromIndexSize(offset, length, key.length);
        store.lifecycle.checkReadable();
        return read(ReadContext.ofThread(), key, offset, length, into, claim);
    }

    List<byte[]> multiGet(List<byte[]> keys, SnapshotList.Entry claim) {
        store.lifecycle.checkReadable();
        if (claim != null) {
            return multiGetClaimed(keys, claim);
        }
        // inside the gate, so that no batch is half in the state
        long limit;
        ReadState state;
        store.gate.enterOther();
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
        store.gate.enterOther();
        try {
            store.lifecycle.checkReadable();
            return store.snapshots.add(writes.published(), opened);
        } finally {
            store.gate.leave();
        }
    }

    /** @param claim the state to iterate over, or null for the present one; it must be open */
    StoreIterator iterator(KeyRange range, SnapshotList.Entry claim) {
        Objects.requireNonNull(range, "range");
        Opened opened = Opened.now("iterator", store.shared);
        if (claim == null) {
            return iteratorNow(range, opened);
        }
        SnapshotList.Entry own = store.snapshots.addLike(claim, opened);
        if (own == null) {
            throw new StoreClosedException("The snapshot is closed");
        }
        return iterator(range, own, EmptySpans.NONE);
    }

    private StoreIterator iteratorNow(KeyRange range, Opened opened) {
        SnapshotList.Entry own;
        EmptySpans emptySpans;
        store.gate.enterOther();
        try {
            store.lifecycle.checkReadable();
            own = store.snapshots.add(writes.published(), opened);
            emptySpans = store.emptySpans.current();
        } finally {
            store.gate.leave();
        }
        return iterator(range, own, emptySpans);
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
        ReadState state = store.states.acquire();
        try {
            // the limit after the state: what is newer than the state cannot be half in it for one key
            long limit = claim == null ? writes.published() : claim.sequence;
            int newest = state.active.memtable.getNewest(hash, key, offset, length, limit, into);
            if (newest == Memtable.FOUND || newest == Memtable.SETTLED) {
                store.counters.memtableReads.increment();
                return newest == Memtable.FOUND;
            }
            PointLookup lookup = context.lookup;
            lookup.start(key, offset, length, hash, limit, into);
            boolean done = newest == Memtable.CONTINUE
                    ? searchOlder(state, lookup, claim != null)
                    : search(state, lookup, claim != null);
            for (int attempt = 1; !done && attempt < OPTIMISTIC_READS; attempt++) {
                if (claim != null) {
                    throw lostVersion(claim);
                }
                lookup.start(key, offset, length, hash, writes.published(), into);
                done = search(state, lookup, false);
            }
            if (done) {
                return finish(lookup, into);
            }
        } finally {
            state.release();
        }
        return readClaimed(context.lookup, key, offset, length, hash, into);
    }

    /** The last resort of a read that keeps losing against the writer. */
    private boolean readClaimed(PointLookup lookup, byte[] key, int offset, int length, long hash, ValueBuffer into) {
        SnapshotList.Entry own = claimNow(null);
        ReadState state = null;
        try {
            state = store.states.acquire();
            lookup.start(key, offset, length, hash, own.sequence, into);
            if (!search(state, lookup, true)) {
                throw lostVersion(own);
            }
            return finish(lookup, into);
        } finally {
            if (state != null) {
                state.release();
            }
            store.snapshots.remove(own);
        }
    }

    private List<byte[]> multiGetClaimed(List<byte[]> keys, SnapshotList.Entry claim) {
        List<byte[]> values = multiGet(keys, store.states.acquire(), claim.sequence, true);
        if (values == null) {
            throw lostVersion(claim);
        }
        return values;
    }

    /** Releases {@code state}. @return null when a version was overwritten meanwhile */
    private List<byte[]> multiGet(List<byte[]> list, ReadState state, long limit, boolean claimed) {
        try {
            byte[][] keys = list.toArray(new byte[0][]);
            int size = keys.length;
            int fileReads = 0;
            long[] order = size > 1 && !state.version.runs().isEmpty() ? KeyOrder.of(keys) : null;
            ReadContext context = ReadContext.ofThread();
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
                values[index] = finish(lookup, buffer) ? buffer.toByteArray() : null;
            }
            store.counters.memtableReads.add(size - fileReads);
            store.counters.fileReads.add(fileReads);
            return new ArrayList<>(Arrays.asList(values));
        } finally {
            state.release();
        }
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

    /** Brings the value, if there is one, to {@code into}. */
    private boolean finish(PointLookup lookup, ValueBuffer into) {
        if (!lookup.isFound()) {
            return false;
        }
        List<byte[]> values = lookup.operandsNewestFirst();
        if (values.size() > 1) {
            MergedValue.check(values, store.shared.limits().valueBytes());
        }
        if (values.size() > 1 && delimiter >= 0 && AppendedValue.join(values, (byte) delimiter, into)) {
            return true;
        }
        if (!values.isEmpty()) {
            byte[] merged = values.get(0);
            if (values.size() > 1) {
                List<byte[]> oldestFirst = new ArrayList<>(values);
                Collections.reverse(oldestFirst);
                byte[] key = Arrays.copyOfRange(lookup.key(), lookup.offset(), lookup.offset() + lookup.length());
                merged = mergeFunction.merge(key, oldestFirst);
            }
            System.arraycopy(merged, 0, into.reset(merged.length), 0, merged.length);
        }
        return true;
    }

    /** A claimed version is gone: somebody closed the snapshot meanwhile. */
    private StoreException lostVersion(SnapshotList.Entry claim) {
        store.lifecycle.checkReadable();
        if (store.snapshots.isRemoved(claim)) {
            return new StoreClosedException("The snapshot was closed during a read");
        }
        return new StoreException("Store " + store.options.name() + " lost the version that sequence number "
                + claim.sequence + " needs. This is a bug in Forebay, please report it.");
    }
}
