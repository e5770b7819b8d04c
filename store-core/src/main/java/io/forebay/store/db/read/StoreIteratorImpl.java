package io.forebay.store.db.read;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.db.state.FilePin;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.MemtablePin;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.TrackedMemtable;
import io.forebay.store.iter.EmptySpans;
import io.forebay.store.iter.Source;
import io.forebay.store.iter.UserIterator;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * An iterator of a user: a cursor over one claimed state. Used by one thread at a time.
 *
 * <p>Its memtables may be taken away between two calls, see {@link MemtablePin}. Then it moves over to the present read
 * state, at the same claim and the same key. Its files stay until the store is closed, see {@link FilePin}. Calls nest
 * like this:
 *
 * <pre>
 *   begin            a call that reads files
 *     pin.tryEnter     a part of it that reads memtables as well
 *     leaveMemory
 *   end
 *
 *   enterToSeek, leave: both at once, for a call that needs no position
 * </pre>
 */
final class StoreIteratorImpl implements StoreIterator, EmptySpans.Listener {
    private final StoreContext store;
    private final Lifecycle lifecycle;
    private final KeyRange range;
    private final SnapshotList.Entry claim;
    /** Those of the claimed state. */
    private final EmptySpans emptySpans;

    private UserIterator iterator;
    private Version version;
    /** Null when the iterator reads files only. */
    private MemtablePin pin;

    private final FilePin files = new FilePin();

    private boolean closed;

    /**
     * @param claim {@link #close} ends it; when this constructor throws, the caller does
     * @param emptySpans the empty spans of the claimed state that are known
     */
    StoreIteratorImpl(StoreContext store, KeyRange range, SnapshotList.Entry claim, EmptySpans emptySpans) {
        this.store = store;
        this.lifecycle = store.lifecycle;
        this.range = range;
        this.claim = claim;
        this.emptySpans = emptySpans;
        claim.files(files);
        open();
        leave();
        store.counters.iteratorsOpened.increment();
    }

    /**
     * Opens the cursors over the present read state; afterwards the iterator has no position, and is inside. Changes
     * nothing when it fails.
     */
    private void open() {
        ReadState present = store.states.acquire();
        List<Source> sources = new ArrayList<>(
                present.immutable.length + 1 + present.version.runs().size());
        MemtablePin opened = null;
        boolean complete = false;
        try {
            addMemtable(present.active, sources);
            for (TrackedMemtable tracked : present.immutable) {
                addMemtable(tracked, sources);
            }
            if (!sources.isEmpty()) {
                opened = new MemtablePin(present, cursors(sources));
            }
            present.version.addSources(range, true, sources);
            iterator = new UserIterator(sources, range, claim.sequence, store.options.mergeFunction(), emptySpans, this)
                    .limitValues(store.shared.limits().valueBytes())
                    .showKeys(store.keyText());
            complete = true;
        } catch (IOException e) {
            throw failure(e);
        } finally {
            if (!complete) {
                sources.forEach(source -> source.iterator().close());
                present.release();
            }
        }
        version = present.version;
        version.retain();
        files.set(iterator, version);
        pin = opened;
        claim.pin(opened);
        if (opened == null) {
            present.release();
        }
    }

    private static InternalIterator[] cursors(List<Source> sources) {
        InternalIterator[] cursors = new InternalIterator[sources.size()];
        for (int i = 0; i < cursors.length; i++) {
            cursors[i] = sources.get(i).iterator();
        }
        return cursors;
    }

    private void addMemtable(TrackedMemtable tracked, List<Source> sources) {
        if (!tracked.memtable.isEmpty() && tracked.firstSequence <= claim.sequence) {
            sources.add(new Source(tracked.memtable.iterator(claim.sequence), tracked.memtable.tombstones()));
        }
    }

    /**
     * The memtables were taken away: moves to the present read state. Afterwards the iterator has no position, and is
     * inside.
     */
    private void reopen() {
        UserIterator oldIterator = iterator;
        Version oldVersion = version;
        open();
        oldIterator.close();
        oldVersion.release();
    }

    /** Starts a call that reads files; {@link #end} follows. */
    private void begin() {
        files.enter();
        if (closed || !lifecycle.isReadable()) {
            refuse();
        }
    }

    private void refuse() {
        boolean open = false;
        try {
            checkOpen();
            open = true;
        } finally {
            if (!open) {
                end();
            }
        }
    }

    /** Ends a call. When the store was closed meanwhile, releases what the close has left to this call. */
    private void end() {
        files.leave();
        if (lifecycle.isClosed()) {
            letGo();
        }
    }

    /** The store is closed: releases memory and files, unless a call is under way. */
    private void letGo() {
        if (pin != null) {
            pin.tryTake();
        }
        files.tryClose();
    }

    /**
     * Starts a call that needs no position and may read memtables; moves to the present read state if the memtables
     * were taken away. {@link #leave} follows.
     */
    private void enterToSeek() {
        begin();
        boolean entered = false;
        try {
            if (pin != null && !pin.tryEnter()) {
                reopen();
            }
            entered = true;
        } finally {
            if (!entered) {
                end();
            }
        }
    }

    private void leave() {
        leaveMemory();
        end();
    }

    private void leaveMemory() {
        if (pin != null) {
            pin.leave();
        }
    }

    @Override
    public void foundEmpty(byte[] from, byte[] to) {
        // The ends may be arrays that the user gave as bounds, and may reuse when the iterator is closed.
        store.active.foundEmpty(from.clone(), to == null ? null : to.clone(), claim.sequence);
    }

    @Override
    public boolean isValid() {
        checkOpen();
        return iterator.isValid();
    }

    @Override
    public void seekToFirst() {
        enterToSeek();
        try {
            iterator.seekToFirst();
        } catch (IOException e) {
            throw failure(e);
        } finally {
            leave();
        }
    }

    @Override
    public void seekToLast() {
        enterToSeek();
        try {
            iterator.seekToLast();
        } catch (IOException e) {
            throw failure(e);
        } finally {
            leave();
        }
    }

    @Override
    public void seek(byte[] key) {
        Objects.requireNonNull(key, "key");
        enterToSeek();
        try {
            iterator.seek(key, 0, key.length);
        } catch (IOException e) {
            throw failure(e);
        } finally {
            leave();
        }
    }

    @Override
    public void seekForPrev(byte[] key) {
        Objects.requireNonNull(key, "key");
        enterToSeek();
        try {
            iterator.seekForPrev(key, 0, key.length);
        } catch (IOException e) {
            throw failure(e);
        } finally {
            leave();
        }
    }

    @Override
    public void next() {
        begin();
        try {
            if (pin == null) {
                iterator.next();
                return;
            }
            UserIterator.Step step = iterator.nextInFile();
            if (step == UserIterator.Step.NOT_STARTED) {
                nextInMemory();
            } else if (step == UserIterator.Step.STARTED) {
                finishNextInMemory();
            }
        } catch (IOException e) {
            throw failure(e);
        } finally {
            end();
        }
    }

    private void nextInMemory() throws IOException {
        if (pin.tryEnter()) {
            try {
                iterator.next();
            } finally {
                leaveMemory();
            }
        } else {
            reopenAt(true);
        }
    }

    private void finishNextInMemory() throws IOException {
        if (pin.tryEnter()) {
            try {
                iterator.finishNext();
            } finally {
                leaveMemory();
            }
            return;
        }
        byte[] from = iterator.restOfNext();
        if (from == null) {
            return;
        }
        reopen();
        try {
            iterator.seek(from, 0, from.length);
        } finally {
            leaveMemory();
        }
    }

    @Override
    public void prev() {
        begin();
        try {
            if (pin == null || !iterator.isValid()) {
                iterator.prev(); // an iterator that is not valid throws
            } else if (pin.tryEnter()) {
                try {
                    iterator.prev();
                } finally {
                    leaveMemory();
                }
            } else {
                reopenAt(false);
            }
        } catch (IOException e) {
            throw failure(e);
        } finally {
            end();
        }
    }

    /** Moves to the present read state, and to the next entry after the present key, or to the previous one. */
    private void reopenAt(boolean forward) throws IOException {
        byte[] key = iterator.key();
        reopen();
        try {
            if (forward) {
                iterator.seek(key, 0, key.length);
                if (isAt(key)) {
                    iterator.next();
                }
            } else {
                iterator.seekForPrev(key, 0, key.length);
                if (isAt(key)) {
                    iterator.prev();
                }
            }
        } finally {
            leaveMemory();
        }
    }

    private boolean isAt(byte[] key) {
        return iterator.isValid() && Arrays.equals(iterator.keyArray(), 0, iterator.keyLength(), key, 0, key.length);
    }

    @Override
    public byte[] key() {
        checkOpen();
        return iterator.key();
    }

    @Override
    public byte[] value() {
        begin();
        try {
            if (!iterator.isValueInMemtable()) {
                return iterator.value();
            }
            enterToRead();
            try {
                return iterator.value();
            } finally {
                leaveMemory();
            }
        } finally {
            end();
        }
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
        Objects.requireNonNull(into, "into");
        begin();
        try {
            if (pin != null && iterator.isValueInMemtable()) {
                valueInMemory(into);
            } else {
                iterator.value(into);
            }
        } finally {
            end();
        }
    }

    private void valueInMemory(ValueBuffer into) {
        enterToRead();
        try {
            iterator.value(into);
        } finally {
            leaveMemory();
        }
    }

    /**
     * Enters the memtables, at the same entry; moves to the present read state if the memtables were taken away. {@link
     * #leaveMemory} follows.
     */
    private void enterToRead() {
        if (pin.tryEnter()) {
            return;
        }
        byte[] key = iterator.key();
        reopen();
        boolean found = false;
        try {
            iterator.seek(key, 0, key.length);
            found = isAt(key);
        } catch (IOException e) {
            throw failure(e);
        } finally {
            if (!found) {
                leaveMemory();
            }
        }
        if (!found) {
            throw new StoreException("An iterator of store " + store.options.name()
                    + " lost its entry as memory became short. This is a bug in Forebay, please report it.");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            files.checkIdle();
            if (pin != null) {
                pin.close();
            }
            closed = true;
            try {
                files.tryClose();
            } finally {
                store.snapshots.remove(claim);
                store.counters.iteratorsClosed.increment();
            }
        }
    }

    private void checkOpen() {
        try {
            lifecycle.checkReadable();
        } catch (StoreException e) {
            if (lifecycle.isClosed()) {
                letGo();
            }
            throw e;
        }
        if (closed) {
            throw new StoreClosedException("The iterator is closed");
        }
    }

    private StoreException failure(IOException e) {
        lifecycle.checkReadable(); // the files of a closed store may be gone
        return new StoreIoException("Reading store " + store.options.name() + " failed", e);
    }
}
