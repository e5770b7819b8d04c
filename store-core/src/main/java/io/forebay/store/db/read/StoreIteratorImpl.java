package io.forebay.store.db.read;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.db.state.FilePin;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.iter.EmptySpans;
import io.forebay.store.iter.UserIterator;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;

/**
 * An iterator of a user over one claimed state: its position, its key and its value. Used by one thread at a time.
 *
 * <p>{@link PinnedCursors} has the cursors. When their memtables were taken away, a call opens other cursors and goes on at the
 * same key. A step from a file to the same file reads no memtable and does not enter them.
 */
final class StoreIteratorImpl implements StoreIterator, EmptySpans.Listener {
    private final StoreContext store;
    private final SnapshotList.Entry claim;
    private final PinnedCursors cursors;

    /**
     * @param claim {@link #close} ends it; when this constructor throws, the caller does
     * @param files the pin of the claim
     * @param emptySpans the empty spans of the claimed state that are known
     */
    StoreIteratorImpl(
            StoreContext store, KeyRange range, SnapshotList.Entry claim, FilePin files, EmptySpans emptySpans) {
        this.store = store;
        this.claim = claim;
        cursors = new PinnedCursors(store, range, claim, files, emptySpans, this);
    }

    @Override
    public void foundEmpty(byte[] from, byte[] to) {
        // The ends may be arrays that the user gave as bounds, and may reuse when the iterator is closed.
        store.active.foundEmpty(from.clone(), to == null ? null : to.clone(), claim.sequence);
    }

    @Override
    public boolean isValid() {
        cursors.checkOpen();
        return cursors.iterator.isValid();
    }

    @Override
    public void seekToFirst() {
        cursors.enterToSeek();
        try {
            cursors.iterator.seekToFirst();
            ReadErrors.settle();
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            cursors.leave();
        }
    }

    @Override
    public void seekToLast() {
        cursors.enterToSeek();
        try {
            cursors.iterator.seekToLast();
            ReadErrors.settle();
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            cursors.leave();
        }
    }

    @Override
    public void seek(byte[] key) {
        Objects.requireNonNull(key, "key");
        cursors.enterToSeek();
        try {
            cursors.iterator.seek(key, 0, key.length);
            ReadErrors.settle();
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            cursors.leave();
        }
    }

    @Override
    public void seekForPrev(byte[] key) {
        Objects.requireNonNull(key, "key");
        cursors.enterToSeek();
        try {
            cursors.iterator.seekForPrev(key, 0, key.length);
            ReadErrors.settle();
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            cursors.leave();
        }
    }

    @Override
    public void next() {
        cursors.begin();
        try {
            if (!cursors.hasMemtables()) {
                cursors.iterator.next();
            } else {
                UserIterator.Step step = cursors.iterator.nextInFile();
                if (step == UserIterator.Step.NOT_STARTED) {
                    nextInMemory();
                } else if (step == UserIterator.Step.STARTED) {
                    finishNextInMemory();
                }
            }
            ReadErrors.settle();
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            cursors.end();
        }
    }

    private void nextInMemory() throws IOException {
        if (cursors.tryEnterMemory()) {
            try {
                cursors.iterator.next();
            } finally {
                cursors.leaveMemory();
            }
        } else {
            reopenAt(true);
        }
    }

    private void finishNextInMemory() throws IOException {
        if (cursors.tryEnterMemory()) {
            try {
                cursors.iterator.finishNext();
            } finally {
                cursors.leaveMemory();
            }
            return;
        }
        byte[] from = cursors.iterator.restOfNext();
        if (from == null) {
            return;
        }
        cursors.reopen();
        try {
            cursors.iterator.seek(from, 0, from.length);
        } finally {
            cursors.leaveMemory();
        }
    }

    @Override
    public void prev() {
        cursors.begin();
        try {
            if (!cursors.hasMemtables() || !cursors.iterator.isValid()) {
                cursors.iterator.prev(); // an iterator that is not valid throws
            } else if (cursors.tryEnterMemory()) {
                try {
                    cursors.iterator.prev();
                } finally {
                    cursors.leaveMemory();
                }
            } else {
                reopenAt(false);
            }
            ReadErrors.settle();
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            cursors.end();
        }
    }

    /** Opens other cursors, and moves to the next entry after the present key, or to the previous one. */
    private void reopenAt(boolean forward) throws IOException {
        byte[] key = cursors.iterator.key();
        cursors.reopen();
        try {
            if (forward) {
                cursors.iterator.seek(key, 0, key.length);
                if (isAt(key)) {
                    cursors.iterator.next();
                }
            } else {
                cursors.iterator.seekForPrev(key, 0, key.length);
                if (isAt(key)) {
                    cursors.iterator.prev();
                }
            }
        } finally {
            cursors.leaveMemory();
        }
    }

    private boolean isAt(byte[] key) {
        UserIterator at = cursors.iterator;
        return at.isValid() && Arrays.equals(at.keyArray(), 0, at.keyLength(), key, 0, key.length);
    }

    @Override
    public byte[] key() {
        cursors.checkOpen();
        return cursors.iterator.key();
    }

    @Override
    public byte[] value() {
        cursors.begin();
        try {
            if (!cursors.iterator.isValueInMemtable()) {
                byte[] value = cursors.iterator.value();
                ReadErrors.settle();
                return value;
            }
            enterToRead();
            try {
                return cursors.iterator.value();
            } finally {
                cursors.leaveMemory();
            }
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            cursors.end();
        }
    }

    @Override
    public byte[] keyArray() {
        cursors.checkOpen();
        return cursors.iterator.keyArray();
    }

    @Override
    public int keyLength() {
        cursors.checkOpen();
        return cursors.iterator.keyLength();
    }

    @Override
    public int valueLength() {
        cursors.checkOpen();
        return cursors.iterator.valueLength();
    }

    @Override
    public void value(ValueBuffer into) {
        Objects.requireNonNull(into, "into");
        cursors.begin();
        try {
            if (cursors.hasMemtables() && cursors.iterator.isValueInMemtable()) {
                valueInMemory(into);
            } else {
                cursors.iterator.value(into);
                ReadErrors.settle();
            }
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            cursors.end();
        }
    }

    private void valueInMemory(ValueBuffer into) throws IOException {
        enterToRead();
        try {
            cursors.iterator.value(into);
        } finally {
            cursors.leaveMemory();
        }
    }

    /** Stays inside the memtables for the whole batch. */
    @Override
    public void nextBatch(EntryBatch into) {
        Objects.requireNonNull(into, "into");
        into.clear();
        boolean complete = false;
        cursors.begin();
        try {
            if (cursors.hasMemtables() && cursors.iterator.isValid()) {
                enterToRead();
                try {
                    cursors.iterator.nextBatch(into);
                } finally {
                    cursors.leaveMemory();
                }
            } else {
                cursors.iterator.nextBatch(into); // an iterator that is not valid throws
            }
            ReadErrors.settle();
            complete = true;
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            if (!complete) {
                into.clear();
            }
            cursors.end();
        }
    }

    /**
     * Enters the memtables, at the same entry; opens other cursors if the memtables were taken away. {@link
     * PinnedCursors#leaveMemory} follows.
     */
    private void enterToRead() {
        if (cursors.tryEnterMemory()) {
            return;
        }
        byte[] key = cursors.iterator.key();
        cursors.reopen();
        boolean found = false;
        try {
            cursors.iterator.seek(key, 0, key.length);
            found = isAt(key);
        } catch (IOException | RuntimeException | Error e) {
            throw cursors.failure(e);
        } finally {
            if (!found) {
                cursors.leaveMemory();
            }
        }
        if (!found) {
            throw new StoreException("An iterator of store " + store.options.name()
                    + " lost its entry as memory became short. This is a bug in Forebay, please report it.");
        }
    }

    @Override
    public void close() {
        cursors.close();
    }
}
