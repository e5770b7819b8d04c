package io.forebay.kafka.window;

import io.forebay.kafka.state.StoreRows;
import io.forebay.kafka.state.TimeRow;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;

/**
 * Walks the rows of a time-ordered store between two times, both included, in the order of time. Skips rows whose keys
 * are outside a range. The first use opens the engine iterator, and a close of the store ends the walk, as in {@link
 * RowIterator}.
 */
abstract class TimeRowIterator<K> extends StoreRows<K> {
    private final TimeRow format;
    private final byte[] keyFrom;
    private final byte[] keyTo;
    private final long timeFrom;
    private final long timeTo;
    private final boolean forward;
    // Guarded by this
    private StoreIterator rows;

    /**
     * Makes the iterator. The engine iterator is not opened yet.
     *
     * @param keyFrom the lowest key; null for none
     * @param keyTo the highest key, included; null for none
     * @param timeFrom not negative
     */
    TimeRowIterator(
            SegmentedStore store,
            TimeRow format,
            byte[] keyFrom,
            byte[] keyTo,
            long timeFrom,
            long timeTo,
            boolean forward) {
        super(store);
        this.format = format;
        this.keyFrom = keyFrom;
        this.keyTo = keyTo;
        this.timeFrom = timeFrom;
        this.timeTo = timeTo;
        this.forward = forward;
    }

    /** The key that Kafka sees for a row. */
    abstract K toKey(byte[] row, int rowLength);

    @Override
    protected final KeyValue<K, byte[]> read() {
        try {
            if (rows == null) {
                if (timeTo < timeFrom) {
                    return null;
                }
                rows = open(new KeyRange(TimeRow.bound(timeFrom), TimeRow.boundAbove(timeTo)));
                if (forward) {
                    rows.seekToFirst();
                } else {
                    rows.seekToLast();
                }
            } else {
                step();
            }
            while (rows.isValid() && !isKeyInRange()) {
                step();
            }
            return rows.isValid() ? KeyValue.pair(toKey(rows.keyArray(), rows.keyLength()), rows.value()) : null;
        } catch (StoreClosedException | InvalidStateStoreException e) {
            return null; // see RowIterator
        }
    }

    private void step() {
        if (forward) {
            rows.next();
        } else {
            rows.prev();
        }
    }

    private boolean isKeyInRange() {
        return (keyFrom == null || format.compareKey(rows.keyArray(), rows.keyLength(), keyFrom) >= 0)
                && (keyTo == null || format.compareKey(rows.keyArray(), rows.keyLength(), keyTo) <= 0);
    }
}
