package io.forebay.kafka.kv;

import io.forebay.kafka.state.StoreRows;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreIterator;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;

/**
 * Walks the rows of a range in one direction, as they were when this iterator was made. After {@link #close()}, and after
 * the store has been closed, it throws {@link InvalidStateStoreException}.
 */
final class KeyValueRows extends StoreRows<Bytes> {
    private final ForebayKeyValueStore store;
    private final boolean forward;
    // Guarded by this
    private boolean started;

    private KeyValueRows(ForebayKeyValueStore store, boolean forward) {
        super(store);
        this.store = store;
        this.forward = forward;
    }

    /** Opens an iterator. The caller translates failures of the engine. */
    static KeyValueRows open(ForebayKeyValueStore store, KeyRange range, boolean forward) {
        KeyValueRows rows = new KeyValueRows(store, forward);
        rows.open(range);
        return rows;
    }

    @Override
    protected KeyValue<Bytes, byte[]> read() {
        StoreIterator rows = rows();
        if (!started) {
            started = true;
            if (forward) {
                rows.seekToFirst();
            } else {
                rows.seekToLast();
            }
        } else if (forward) {
            rows.next();
        } else {
            rows.prev();
        }
        return rows.isValid() ? KeyValue.pair(Bytes.wrap(rows.key()), rows.value()) : null;
    }

    @Override
    protected void usedAfterClose() {
        throw new InvalidStateStoreException("Iterator of store " + store.name() + " is closed");
    }
}
