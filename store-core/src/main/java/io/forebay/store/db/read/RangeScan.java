package io.forebay.store.db.read;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.iter.EmptySpans;
import io.forebay.store.iter.Source;
import io.forebay.store.iter.UserIterator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The way of {@link io.forebay.store.ReadView#scan}: cursors that are opened and closed within one call. Any thread.
 *
 * <p>The call has a reference to one read state all the time, so nothing is taken away from its cursors, and they need none of the
 * pins of an iterator that stands still ({@link PinnedCursors}).
 */
final class RangeScan {
    private final StoreContext store;
    private final Claims claims;

    RangeScan(StoreContext store, Claims claims) {
        this.store = store;
        this.claims = claims;
    }

    /** Of the present state. It is claimed meanwhile, so that the writer does not overwrite what the cursors come to. */
    void scanNow(KeyRange range, EntryBatch into) {
        Claims.Claim claim = claims.now(null, null);
        try {
            scan(range, into, claim.entry().sequence, claim.emptySpans());
        } finally {
            store.snapshots.remove(claim.entry());
        }
    }

    /** @param claim the state to read */
    void scan(KeyRange range, EntryBatch into, SnapshotList.Entry claim) {
        scan(range, into, claim.sequence, EmptySpans.NONE);
        Claims.check(claim);
    }

    private void scan(KeyRange range, EntryBatch into, long limit, EmptySpans emptySpans) {
        ReadState state = store.states.acquire();
        try {
            scan(state, range, into, limit, emptySpans);
        } finally {
            state.release();
        }
    }

    private void scan(ReadState state, KeyRange range, EntryBatch into, long limit, EmptySpans emptySpans) {
        List<Source> sources = new ArrayList<>(
                state.immutable.length + 1 + state.version.runs().size());
        UserIterator iterator = null;
        try {
            PinnedCursors.addMemtables(state, limit, sources);
            state.version.addSources(range, true, sources);
            iterator = new UserIterator(
                            sources, range, limit, store.options.mergeFunction(), emptySpans, emptySpansOf(limit))
                    .limitValues(store.shared.limits().valueBytes())
                    .showKeys(store.keyText());
            iterator.seekToFirst();
            iterator.fill(into);
            ReadErrors.settle();
        } catch (IOException | RuntimeException | Error e) {
            throw ReadErrors.failure(store, iterator, e);
        } finally {
            sources.forEach(source -> source.iterator().close());
        }
    }

    /** The ends may be arrays that the user gave as bounds, and may reuse after the call. */
    private EmptySpans.Listener emptySpansOf(long sequence) {
        return (from, to) -> store.active.foundEmpty(from.clone(), to == null ? null : to.clone(), sequence);
    }
}
