package io.forebay.store.db;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.iter.EmptySpans;
import io.forebay.store.iter.Source;
import io.forebay.store.iter.UserIterator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A cursor over one claimed state. It keeps the read state it was opened on, so that memory and files stay; when memory is
 * short and the memtables in it have become files, it moves over to the present read state, at the same claim and key.
 */
final class StoreIteratorImpl implements StoreIterator, EmptySpans.Listener {
    private final StoreContext store;
    private final Lifecycle lifecycle;
    private final KeyRange range;
    private final SnapshotList.Entry claim;
    /** Of the state that is claimed. */
    private final EmptySpans emptySpans;

    private final WritePath writes;
    private ReadState state;
    private UserIterator iterator;
    private boolean closed;

    /**
     * @param claim ended by {@link #close}; stays with the caller when this throws
     * @param emptySpans those of the claimed state that are known
     */
    StoreIteratorImpl(
            StoreContext store, KeyRange range, SnapshotList.Entry claim, EmptySpans emptySpans, WritePath writes) {
        this.store = store;
        this.lifecycle = store.lifecycle;
        this.range = range;
        this.claim = claim;
        this.emptySpans = emptySpans;
        this.writes = writes;
        state = store.states.acquire();
        iterator = openOn(state);
        store.counters.iteratorsOpened.increment();
    }

    /** Takes over the reference; releases it when this fails. */
    private UserIterator openOn(ReadState from) {
        List<Source> sources =
                new ArrayList<>(from.frozen.length + 1 + from.version.runs().size());
        boolean opened = false;
        try {
            addMemtable(from.active, sources);
            for (TrackedMemtable table : from.frozen) {
                addMemtable(table, sources);
            }
            from.version.addSources(range, true, sources);
            UserIterator cursor = new UserIterator(
                            sources, range, claim.sequence, store.options.mergeFunction(), emptySpans, this)
                    .limitValues(store.shared.limits().valueBytes());
            opened = true;
            return cursor;
        } catch (IOException e) {
            throw failure(e);
        } finally {
            if (!opened) {
                sources.forEach(source -> source.iterator().close());
                from.release();
            }
        }
    }

    private void addMemtable(TrackedMemtable table, List<Source> sources) {
        if (!table.memtable.isEmpty() && table.firstSequence <= claim.sequence) {
            sources.add(new Source(table.memtable.iterator(claim.sequence), table.memtable.tombstones()));
        }
    }

    /** True when moving over to the present read state would give memory back that is short. */
    private boolean isMoveDue() {
        return state.isReplaced() && store.shared.arbiter().isTight() && store.states.holdsFlushed(state);
    }

    /** To the present read state; unpositioned. */
    private void move() {
        ReadState present = store.states.acquire();
        UserIterator fresh = openOn(present);
        UserIterator oldIterator = iterator;
        ReadState oldState = state;
        iterator = fresh;
        state = present;
        oldIterator.close();
        oldState.release();
    }

    /**
     * To the present read state and the first entry behind this one. The compaction filter may have dropped this one on
     * its way to a file; then the first entry from its key on is the next already.
     */
    private void moveToNext() throws IOException {
        byte[] key = iterator.key();
        move();
        iterator.seek(key, 0, key.length);
        if (isAt(key)) {
            iterator.next();
        }
    }

    /** As {@link #moveToNext}, in reverse. */
    private void moveToPrev() throws IOException {
        byte[] key = iterator.key();
        move();
        iterator.seekForPrev(key, 0, key.length);
        if (isAt(key)) {
            iterator.prev();
        }
    }

    private boolean isAt(byte[] key) {
        return iterator.isValid() && Arrays.equals(iterator.keyArray(), 0, iterator.keyLength(), key, 0, key.length);
    }

    @Override
    public void foundEmpty(byte[] from, byte[] to) {
        // The ends may be the caller's bounds, who may use their arrays for something else when this is closed.
        writes.foundEmpty(from.clone(), to == null ? null : to.clone(), claim.sequence);
    }

    @Override
    public boolean isValid() {
        checkOpen();
        return iterator.isValid();
    }

    @Override
    public void seekToFirst() {
        checkOpen();
        if (isMoveDue()) {
            move();
        }
        try {
            iterator.seekToFirst();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void seekToLast() {
        checkOpen();
        if (isMoveDue()) {
            move();
        }
        try {
            iterator.seekToLast();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void seek(byte[] key) {
        checkOpen();
        if (isMoveDue()) {
            move();
        }
        try {
            iterator.seek(key, 0, key.length);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void seekForPrev(byte[] key) {
        checkOpen();
        if (isMoveDue()) {
            move();
        }
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
            if (isMoveDue() && iterator.isValid()) {
                moveToNext();
            } else {
                iterator.next();
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void prev() {
        checkOpen();
        try {
            if (isMoveDue() && iterator.isValid()) {
                moveToPrev();
            } else {
                iterator.prev();
            }
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
