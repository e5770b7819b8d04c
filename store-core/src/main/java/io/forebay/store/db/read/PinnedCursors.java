package io.forebay.store.db.read;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
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
import java.util.List;

/**
 * The cursors of one {@link StoreIteratorImpl} over the memtables and files of a claimed state, and the pins that keep these
 * in place. Used by one thread at a time.
 *
 * <p>The memtables may be taken away between two calls, see {@link MemtablePin}; then {@link #reopen} opens cursors over the
 * present read state, at the same claim. The files stay until the store is closed, see {@link FilePin}. Calls nest like this:
 *
 * <pre>
 *   begin            a call that reads files
 *     tryEnterMemory   a part of it that reads memtables as well
 *     leaveMemory
 *   end
 *
 *   enterToSeek, leave: both at once, for a call that needs no position
 * </pre>
 *
 * <p>It does not know the position of the iterator: after {@link #reopen} the caller seeks.
 */
final class PinnedCursors {
    private static final InternalIterator[] NONE = {};

    private final StoreContext store;
    private final Lifecycle lifecycle;
    private final KeyRange range;
    private final SnapshotList.Entry claim;
    /** Those of the claimed state. */
    private final EmptySpans emptySpans;

    private final EmptySpans.Listener listener;
    private final FilePin files;

    /** All cursors as one; another object after {@link #reopen}. */
    UserIterator iterator;

    private Version version;
    /** Null when the cursors read files only. */
    private MemtablePin pin;

    private boolean closed;

    /**
     * Opens the cursors.
     *
     * @param claim {@link #close} ends it; when this constructor throws, the caller does
     * @param files the pin of the claim
     * @param emptySpans the empty spans of the claimed state that are known
     * @param listener gets more of them
     */
    PinnedCursors(
            StoreContext store,
            KeyRange range,
            SnapshotList.Entry claim,
            FilePin files,
            EmptySpans emptySpans,
            EmptySpans.Listener listener) {
        this.store = store;
        this.lifecycle = store.lifecycle;
        this.range = range;
        this.claim = claim;
        this.files = files;
        this.emptySpans = emptySpans;
        this.listener = listener;
        open();
        leave();
    }

    /**
     * Opens the cursors over the present read state; afterwards they have no position, and the caller is inside. Changes
     * nothing when it fails.
     */
    private void open() {
        ReadState present = store.states.acquire();
        List<Source> sources = List.of();
        MemtablePin opened = null;
        boolean complete = false;
        try {
            sources = new ArrayList<>(
                    present.immutable.length + 1 + present.version.runs().size());
            addMemtables(present, claim.sequence, sources);
            InternalIterator[] inMemory = sources.isEmpty() ? NONE : cursors(sources);
            present.version.addSources(range, true, sources);
            iterator = new UserIterator(
                            sources, range, claim.sequence, store.options.mergeFunction(), emptySpans, listener)
                    .limitValues(store.shared.limits().valueBytes())
                    .showKeys(store.keyText());
            if (inMemory.length > 0) {
                opened = new MemtablePin(present, inMemory, iterator);
            }
            complete = true;
        } catch (IOException e) {
            throw ReadErrors.unreadable(store, e);
        } finally {
            if (!complete) {
                closeThenRelease(sources, present);
            }
        }
        version = present.version;
        version.retain();
        files.set(iterator, version);
        if (opened != null || pin != null) {
            pin = opened;
            claim.pin(opened);
        }
        if (opened == null) {
            present.release();
        }
    }

    private static void closeThenRelease(List<Source> sources, ReadState state) {
        try {
            sources.forEach(source -> source.iterator().close());
        } finally {
            state.release();
        }
    }

    private static InternalIterator[] cursors(List<Source> sources) {
        InternalIterator[] cursors = new InternalIterator[sources.size()];
        for (int i = 0; i < cursors.length; i++) {
            cursors[i] = sources.get(i).iterator();
        }
        return cursors;
    }

    /** Adds a source for each memtable of {@code state} that has writes up to {@code limit}, newest first. The caller closes them. */
    static void addMemtables(ReadState state, long limit, List<Source> into) {
        addMemtable(state.active, limit, into);
        for (TrackedMemtable tracked : state.immutable) {
            addMemtable(tracked, limit, into);
        }
    }

    private static void addMemtable(TrackedMemtable tracked, long limit, List<Source> into) {
        if (!tracked.memtable.isEmpty() && tracked.firstSequence <= limit) {
            into.add(new Source(tracked.memtable.iterator(limit), tracked.memtable.tombstones()));
        }
    }

    /**
     * The memtables were taken away: opens cursors over the present read state. Afterwards they have no position, and the
     * caller is inside the memtables.
     */
    void reopen() {
        UserIterator oldIterator = iterator;
        Version oldVersion = version;
        open();
        oldIterator.close();
        oldVersion.release();
    }

    /** Starts a call that reads files; {@link #end} follows. */
    void begin() {
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
    void end() {
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

    /** Whether some of the cursors are over memtables. */
    boolean hasMemtables() {
        return pin != null;
    }

    /**
     * Enters the memtables, of which there must be some; {@link #leaveMemory} follows.
     *
     * @return false when they were taken away
     */
    boolean tryEnterMemory() {
        return pin.tryEnter();
    }

    void leaveMemory() {
        if (pin != null) {
            pin.leave();
        }
    }

    /**
     * Starts a call that needs no position and may read memtables; opens other cursors if the memtables were taken away.
     * {@link #leave} follows.
     */
    void enterToSeek() {
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

    void leave() {
        leaveMemory();
        end();
    }

    /** Throws when the iterator or the store is closed, or the store cannot be read. */
    void checkOpen() {
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

    /** Releases everything, and ends the claim. Idempotent. */
    void close() {
        if (!closed) {
            files.checkIdle();
            if (pin != null) {
                pin.close();
            }
            closed = true;
            try {
                closeFiles();
            } finally {
                store.snapshots.remove(claim);
            }
        }
    }

    private void closeFiles() {
        files.enter();
        if (lifecycle.isClosed()) {
            files.leave();
            files.tryClose();
        } else {
            files.closeInside();
        }
    }

    /** The exception for a call that has failed with {@code e}, see {@link ReadErrors#failure}. */
    RuntimeException failure(Throwable e) {
        return ReadErrors.failure(store, iterator, e);
    }
}
