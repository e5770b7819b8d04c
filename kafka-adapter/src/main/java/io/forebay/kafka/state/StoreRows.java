package io.forebay.kafka.state;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import java.util.NoSuchElementException;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;

/**
 * An iterator over rows of a store. It pins memory of the budget that all stores share, and files. It releases both at its
 * end, when it is closed, and when its store is closed, because iterators that queries abandon must not outlive the store.
 *
 * <p>One thread at a time uses it, the reader. Another thread may close the store meanwhile. So the engine's iterator is
 * used under the monitor of this object only. The reader takes the monitor once for each row, and copies the row under
 * it.
 */
public abstract class StoreRows<K> implements KeyValueIterator<K, byte[]> {
    private final ForebayStateStore store;
    /**
     * Computed before this object is locked for the first time: an object whose identity hash code is asked for while it is
     * locked gets a slow lock.
     */
    private final int identity = System.identityHashCode(this);

    /** Null before it is opened, and after it has been released. */
    // Guarded by this
    private StoreIterator rows;

    private boolean ended;
    /** Thrown again by each later step, because it is not known where the rows would go on after it. */
    private StoreException failure;

    // Written under this, read without
    private volatile boolean closed;

    /** The row that {@link #hasNext()} has found. */
    // Reader only
    private KeyValue<K, byte[]> found;

    protected StoreRows(ForebayStateStore store) {
        this.store = store;
    }

    /**
     * Moves to the next row, the first time to the first one, and reads it. Called under the monitor of this object, while
     * neither this object nor the store is closed.
     *
     * @return the row; null at the end
     */
    protected abstract KeyValue<K, byte[]> read();

    /**
     * Called when this iterator is used after it or its store was closed. If it does not throw, the iterator is at its
     * end.
     */
    protected void usedAfterClose() {}

    @Override
    public final int hashCode() {
        return identity;
    }

    @Override
    public final boolean equals(Object other) {
        return this == other;
    }

    /** The engine's iterator; null before {@link #open}. Called by {@link #read} only. */
    protected final StoreIterator rows() {
        return rows;
    }

    /** Opens the engine's iterator. Called once. */
    protected final synchronized StoreIterator open(KeyRange range) {
        rows = store.openIterator(range, this);
        return rows;
    }

    @Override
    public final boolean hasNext() {
        boolean onRow = isOnRow();
        if (onRow && closed) {
            usedAfterClose();
            return false;
        }
        return onRow;
    }

    /**
     * True also for a row that was found before another thread closed the store: the reader may not know of the close
     * yet.
     */
    private boolean isOnRow() {
        if (closed) {
            usedAfterClose();
        }
        return found != null || find();
    }

    private synchronized boolean find() {
        if (closed) {
            usedAfterClose();
            return false;
        }
        if (ended) {
            return false;
        }
        if (failure != null) {
            throw store.failure("iterating", failure);
        }
        try {
            found = read();
        } catch (StoreException e) {
            failure = e;
            throw store.failure("iterating", e);
        }
        if (found == null) {
            ended = true;
            release();
        }
        return !ended;
    }

    @Override
    public final K peekNextKey() {
        if (!isOnRow()) {
            throw new NoSuchElementException();
        }
        return found.key;
    }

    @Override
    public final KeyValue<K, byte[]> next() {
        if (!isOnRow()) {
            throw new NoSuchElementException();
        }
        KeyValue<K, byte[]> row = found;
        found = null;
        return row;
    }

    @Override
    public final void close() {
        found = null;
        storeClosed();
    }

    /** Any thread. Waits for a step of the reader. The reader can still take a row that {@link #hasNext()} has found. */
    final synchronized void storeClosed() {
        closed = true;
        release();
    }

    private void release() {
        StoreIterator open = rows;
        if (open != null) {
            rows = null;
            try {
                open.close();
            } finally {
                store.iteratorClosed(this);
            }
        }
    }
}
