package io.forebay.kafka.state;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import java.util.NoSuchElementException;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;

/**
 * An iterator over rows of a store. What it holds of the engine, memory of the budget that all stores share and files, it
 * lets go of at its end, when it is closed, and when its store is closed: iterators that queries abandon must not outlive
 * the store.
 *
 * <p>Used by one thread at a time. The store may be closed by another thread meanwhile, so the engine is touched under this
 * object's monitor only: once a row, which is copied then and there, and by nobody else until the close.
 */
public abstract class StoreRows<K> implements KeyValueIterator<K, byte[]> {
    private final ForebayStateStore store;
    /** Asked for before this is locked for the first time: an object that is asked while it is locked gets a heavy lock. */
    private final int identity = System.identityHashCode(this);
    /** Null before it is opened, and after it was let go of. Under the monitor. */
    private StoreIterator rows;

    private boolean ended;
    /** Where the rows would go on after it is not known, so that it is thrown from now on. */
    private StoreException failure;

    private volatile boolean closed;
    /** The row that {@link #hasNext()} has found; of the thread that uses this. */
    private KeyValue<K, byte[]> found;

    protected StoreRows(ForebayStateStore store) {
        this.store = store;
    }

    /**
     * Moves on, and reads the row. Called under the monitor of this object, while nothing is closed.
     *
     * @return null at the end
     */
    protected abstract KeyValue<K, byte[]> read();

    /** Called when this is used after it or its store was closed; when it does not throw, the rows have an end here. */
    protected void usedAfterClose() {}

    @Override
    public final int hashCode() {
        return identity;
    }

    @Override
    public final boolean equals(Object other) {
        return this == other;
    }

    /** The engine's iterator; null before {@link #open}. For {@link #read} only. */
    protected final StoreIterator rows() {
        return rows;
    }

    /** Opens the engine's iterator; once. */
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

    /** True also when the row was found before a close by another thread, about which the caller may not know yet. */
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
            letGo();
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

    /** Called by any thread. Waits for a step under way. A row that was found is still there for those who saw it. */
    final synchronized void storeClosed() {
        closed = true;
        letGo();
    }

    private void letGo() {
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
