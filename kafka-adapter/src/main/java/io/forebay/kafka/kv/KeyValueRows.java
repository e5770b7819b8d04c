package io.forebay.kafka.kv;

import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import java.util.NoSuchElementException;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.KeyValueIterator;

/** Walks an engine iterator within its bounds, in one direction. Used by one thread at a time. */
final class KeyValueRows implements KeyValueIterator<Bytes, byte[]> {
    private final ForebayKeyValueStore store;
    private final StoreIterator rows;
    private final boolean forward;
    private boolean started;
    private boolean atConsumed;
    /** True when {@link #hasNext()} has found the row that {@link #next()} returns. */
    private boolean onRow;

    private boolean closed;

    KeyValueRows(ForebayKeyValueStore store, StoreIterator rows, boolean forward) {
        this.store = store;
        this.rows = rows;
        this.forward = forward;
    }

    /** {@link InvalidStateStoreException} after {@link #close()} and after the store was closed. */
    @Override
    public boolean hasNext() {
        if (closed) {
            throw new InvalidStateStoreException("Iterator of store " + store.name() + " is closed");
        }
        try {
            if (!started) {
                started = true;
                if (forward) {
                    rows.seekToFirst();
                } else {
                    rows.seekToLast();
                }
            } else if (atConsumed) {
                atConsumed = false;
                if (forward) {
                    rows.next();
                } else {
                    rows.prev();
                }
            }
            onRow = rows.isValid();
            return onRow;
        } catch (StoreException e) {
            throw store.failure("iterating", e);
        }
    }

    @Override
    public Bytes peekNextKey() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return Bytes.wrap(rows.key());
    }

    @Override
    public KeyValue<Bytes, byte[]> next() {
        if (!onRow && !hasNext()) {
            throw new NoSuchElementException();
        }
        try {
            KeyValue<Bytes, byte[]> row = KeyValue.pair(Bytes.wrap(rows.key()), rows.value());
            atConsumed = true;
            onRow = false;
            return row;
        } catch (StoreException e) {
            throw store.failure("iterating", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        onRow = false;
        rows.close();
    }
}
