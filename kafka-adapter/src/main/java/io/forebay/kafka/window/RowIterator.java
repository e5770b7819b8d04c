package io.forebay.kafka.window;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import java.util.Arrays;
import java.util.NoSuchElementException;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.KeyValueIterator;

/**
 * Walks the rows that a query wants, with one engine iterator and one seek per live segment. The engine iterator is opened
 * by the first use, as Kafka's stores do: rows put between the fetch and its first use are seen. After that the walk sees
 * one state of the store. It ends when the store is closed. Used by one thread at a time.
 */
abstract class RowIterator<K> implements KeyValueIterator<K, byte[]> {
    private final SegmentedStore store;
    private final RowQuery query;
    private final RowFormat format;
    private StoreIterator rows;
    private byte[] lower;
    private byte[] upper;
    private boolean upperIsNextSegment;
    /** True when the bounds of the engine iterator are those of the rows: there is one segment. */
    private boolean boundsAreExact;

    private long firstSegment;
    private long lastSegment;
    private long segment;
    private boolean onRow;
    private boolean ended;
    private K rowKey;

    RowIterator(SegmentedStore store, RowQuery query) {
        this.store = store;
        this.query = query;
        this.format = store.rowFormat();
    }

    /** What Kafka is to be told about a row: {@code row[8, 8 + keyLength)} is the key. */
    abstract K toKey(byte[] row, int keyLength);

    @Override
    public final boolean hasNext() {
        if (ended) {
            return false;
        }
        try {
            if (rows == null && !start()) {
                return end();
            }
            if (onRow && rows.isValid()) {
                return true;
            }
            return findRow() || end();
        } catch (StoreClosedException | InvalidStateStoreException e) {
            return end(); // what Kafka's segmented stores do, and its suites ask for
        } catch (StoreException e) {
            throw store.failure("iterating", e);
        }
    }

    @Override
    public final K peekNextKey() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        if (rowKey == null) {
            rowKey = toKey(rows.keyArray(), format.keyLength(rows.keyLength()));
        }
        return rowKey;
    }

    @Override
    public final KeyValue<K, byte[]> next() {
        K key = peekNextKey();
        try {
            KeyValue<K, byte[]> row = KeyValue.pair(key, rows.value());
            rowKey = null;
            onRow = false;
            step();
            return row;
        } catch (StoreException e) {
            throw store.failure("iterating", e);
        }
    }

    @Override
    public final void close() {
        ended = true;
        if (rows != null) {
            rows.close();
        }
    }

    private boolean end() {
        close();
        return false;
    }

    private boolean start() {
        long streamTime = store.streamTime();
        if (query.timeTo() < query.timeFrom() || streamTime < query.timeFrom()) {
            return false;
        }
        firstSegment = store.segmentOf(query.timeFrom());
        lastSegment = store.segmentOf(Math.min(query.timeTo(), streamTime));
        lower = query.lower(format);
        upper = query.upper(format);
        if (upper == null) {
            upper = RowFormat.segmentPrefix(0);
            upperIsNextSegment = true;
        }
        boundsAreExact = firstSegment == lastSegment;
        setBounds(firstSegment);
        if (boundsAreExact) {
            rows = store.iterator(new KeyRange(lower, upper));
            segment = firstSegment;
            if (query.forward()) {
                rows.seekToFirst();
            } else {
                rows.seekToLast();
            }
            return true;
        }
        byte[] from = lower.clone();
        setBounds(lastSegment);
        rows = store.iterator(new KeyRange(from, upper.clone()));
        segment = query.forward() ? firstSegment : lastSegment;
        setBounds(segment);
        seek();
        return true;
    }

    private boolean findRow() {
        while (rows.isValid()) {
            if (!boundsAreExact && !inSegment()) {
                if (!nextSegment()) {
                    return false;
                }
            } else if (query.matches(rows.keyArray(), rows.keyLength(), format)) {
                onRow = true;
                return true;
            } else {
                step();
            }
        }
        return false;
    }

    /** From a row beyond the bounds in this segment to the first one not before the bounds in the next that has rows. */
    private boolean nextSegment() {
        long ofRow = RowFormat.segment(rows.keyArray());
        if (query.forward()) {
            segment = Math.max(ofRow, segment + 1);
        } else {
            segment = Math.min(ofRow, segment - 1);
        }
        if (segment < firstSegment || segment > lastSegment) {
            return false;
        }
        setBounds(segment);
        if (beforeSegment()) {
            seek();
        }
        return true;
    }

    private void setBounds(long ofSegment) {
        RowFormat.setSegment(lower, ofSegment);
        RowFormat.setSegment(upper, upperIsNextSegment ? ofSegment + 1 : ofSegment);
    }

    private void seek() {
        if (query.forward()) {
            rows.seek(lower);
        } else {
            rows.seekForPrev(upper);
        }
    }

    private void step() {
        if (query.forward()) {
            rows.next();
        } else {
            rows.prev();
        }
    }

    /** True unless the walk has left the bounds in this segment behind. */
    private boolean inSegment() {
        return query.forward() ? compareRow(upper) < 0 : compareRow(lower) >= 0;
    }

    /** True when the walk has not reached the bounds in this segment yet. */
    private boolean beforeSegment() {
        return query.forward() ? compareRow(lower) < 0 : compareRow(upper) >= 0;
    }

    private int compareRow(byte[] bound) {
        return Arrays.compareUnsigned(rows.keyArray(), 0, rows.keyLength(), bound, 0, bound.length);
    }
}
