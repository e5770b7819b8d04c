package io.forebay.store.db.read;

import io.forebay.store.ValueBuffer;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.memtable.Memtable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A read of many keys, which all have the answers of one moment. It takes state and limit inside the gate, where no batch is in
 * its middle, or beside a large batch. When a version of a key is overwritten in place meanwhile, the read claims a state and
 * starts again. Any thread.
 *
 * <p>Keys that are not in memory are read in key order ({@link KeyOrder}), so that keys of one block are read together.
 */
final class MultiGet {
    private final StoreContext store;
    private final Claims claims;
    private final SourceSearch sources;
    private final LookupResult results;

    MultiGet(StoreContext store, Claims claims, SourceSearch sources, LookupResult results) {
        this.store = store;
        this.claims = claims;
        this.sources = sources;
        this.results = results;
    }

    /** @param claim the state to read, or null for the present state */
    List<byte[]> get(List<byte[]> keys, SnapshotList.Entry claim) {
        if (claim != null) {
            return getClaimed(keys, claim);
        }
        do {
            List<byte[]> beside = getBesideLarge(keys);
            if (beside != null) {
                return beside;
            }
        } while (!store.gate.tryEnterReader());
        // inside the gate, so that no batch is in its middle
        long limit;
        ReadState state;
        try {
            state = store.states.acquire();
            limit = store.active.published();
        } finally {
            store.gate.leave();
        }
        List<byte[]> values = get(keys, state, limit, false);
        if (values != null) {
            return values;
        }
        SnapshotList.Entry own = claims.now(null, null).entry();
        try {
            return getClaimed(keys, own);
        } finally {
            store.snapshots.remove(own);
        }
    }

    /**
     * As with a claim on the published state, which a large batch does not change.
     *
     * @return null when there is no such batch, or it ended meanwhile
     */
    private List<byte[]> getBesideLarge(List<byte[]> keys) {
        long batch = store.active.largeBatch();
        if (batch == 0) {
            return null;
        }
        long limit = store.active.published();
        List<byte[]> values = get(keys, store.states.acquire(), limit, true);
        return store.active.isUnderWay(batch) ? values : null;
    }

    private List<byte[]> getClaimed(List<byte[]> keys, SnapshotList.Entry claim) {
        List<byte[]> values = get(keys, store.states.acquire(), claim.sequence, true);
        if (values == null) {
            throw claims.lostVersion(claim);
        }
        Claims.check(claim);
        return values;
    }

    /**
     * Releases {@code state}.
     *
     * @return null when a version of a key was overwritten in place meanwhile
     */
    private List<byte[]> get(List<byte[]> list, ReadState state, long limit, boolean claimed) {
        try {
            byte[][] keys = list.toArray(new byte[0][]);
            for (byte[] key : keys) {
                Objects.requireNonNull(key, "a key");
            }
            ReadContext context = ReadContext.begin();
            try {
                byte[][] values = get(context, keys, state, limit, claimed);
                return values == null ? null : new ArrayList<>(Arrays.asList(values));
            } finally {
                context.end();
            }
        } finally {
            state.release();
        }
    }

    private byte[][] get(ReadContext context, byte[][] keys, ReadState state, long limit, boolean claimed) {
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
            int result = SourceSearch.searchMemtables(state, lookup, claimed);
            if (result == Memtable.RETRY) {
                return null;
            }
            if (result == Memtable.CONTINUE) {
                fileReads++;
                sources.searchFiles(state, lookup);
            }
            values[index] = results.bring(lookup, buffer) ? buffer.toByteArray() : null;
        }
        store.counters.memtableReads.add(size - fileReads);
        store.counters.fileReads.add(fileReads);
        return values;
    }
}
