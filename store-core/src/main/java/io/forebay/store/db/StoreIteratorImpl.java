package io.forebay.store.db;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.iter.Source;
import io.forebay.store.iter.UserIterator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A cursor over one claimed state; keeps the read state it was opened on, so that memory and files stay. */
final class StoreIteratorImpl implements StoreIterator {
    private final StoreContext store;
    private final Lifecycle lifecycle;
    private final SnapshotList.Entry claim;
    private final ReadState state;
    private final UserIterator iterator;
    private boolean closed;

    /** @param claim ended by {@link #close}; stays with the caller when this throws */
    StoreIteratorImpl(StoreContext store, KeyRange range, SnapshotList.Entry claim) {
        this.store = store;
        this.lifecycle = store.lifecycle;
        this.claim = claim;
        state = store.states.acquire();
        List<Source> sources =
                new ArrayList<>(state.frozen.length + 1 + state.version.runs().size());
        try {
            addMemtable(state.active, sources);
            for (TrackedMemtable table : state.frozen) {
                addMemtable(table, sources);
            }
            state.version.addSources(range, true, sources);
            iterator = new UserIterator(sources, range, claim.sequence, store.options.mergeFunction());
        } catch (IOException e) {
            discard(sources);
            throw failure(e);
        } catch (RuntimeException | Error e) {
            discard(sources);
            throw e;
        }
        store.counters.iteratorsOpened.increment();
    }

    private void addMemtable(TrackedMemtable table, List<Source> sources) {
        if (!table.memtable.isEmpty()) {
            sources.add(new Source(table.memtable.iterator(claim.sequence), table.memtable.tombstones()));
        }
    }

    private void discard(List<Source> sources) {
        sources.forEach(source -> source.iterator().close());
        state.release();
    }

    @Override
    public boolean isValid() {
        checkOpen();
        return iterator.isValid();
    }

    @Override
    public void seekToFirst() {
        checkOpen();
        try {
            iterator.seekToFirst();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void seekToLast() {
        checkOpen();
        try {
            iterator.seekToLast();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void seek(byte[] key) {
        checkOpen();
        try {
            iterator.seek(key, 0, key.length);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void seekForPrev(byte[] key) {
        checkOpen();
        try {
            iterator.seekForPrev(key, 0, key.length);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void next() {
        checkOpen();
        try {
            iterator.next();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void prev() {
        checkOpen();
        try {
            iterator.prev();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public byte[] key() {
        checkOpen();
        return iterator.key();
    }

    @Override
    public byte[] value() {
        checkOpen();
        return iterator.value();
    }

    @Override
    public byte[] keyArray() {
        checkOpen();
        return iterator.keyArray();
    }

    @Override
    public int keyLength() {
        checkOpen();
        return iterator.keyLength();
    }

    @Override
    public int valueLength() {
        checkOpen();
        return iterator.valueLength();
    }

    @Override
    public void value(ValueBuffer into) {
        checkOpen();
        iterator.value(into);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            try {
                iterator.close();
            } finally {
                state.release();
                store.snapshots.remove(claim);
                store.counters.iteratorsClosed.increment();
            }
        }
    }

    private void checkOpen() {
        lifecycle.checkReadable();
        if (closed) {
            throw new StoreClosedException("The iterator is closed");
        }
    }

    private StoreException failure(IOException e) {
        lifecycle.checkReadable(); // the files of a closed store may be gone
        return new StoreIoException("Reading store " + store.options.name() + " failed", e);
    }
}
