package io.forebay.kafka.window;

import io.forebay.kafka.state.StoreRows;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import java.util.Arrays;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;

/**
 * Walks the rows that a query wants, with one engine iterator and one seek per live segment. The engine iterator is opened
 * by the first use, as Kafka's stores do: rows put between the fetch and its first use are seen. After that the walk sees
 * one state of the store. It ends when the store is closed, behind the row that it has found already.
 */
abstract class RowIterator<K> extends StoreRows<K> {
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

    RowIterator(SegmentedStore store, RowQuery query) {
        super(store);
        this.store = store;
        this.query = query;
        this.format = store.rowFormat();
    }

    /** What Kafka is to be told about a row: {@code row[8, 8 + keyLength)} is the key. */
    abstract K toKey(byte[] row, int keyLength);

    @Override
    protected final KeyValue<K, byte[]> read() {
        try {
            if (rows == null ? start() : move()) {
                K key = toKey(rows.keyArray(), format.keyLength(rows.keyLength()));
                return KeyValue.pair(key, rows.value());
            }
            return null;
        } catch (StoreClosedException | InvalidStateStoreException e) {
            return null; // what Kafka's segmented stores do, and its suites ask for
        }
    }

    private boolean move() {
        step();
        return findRow();
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
            rows = open(new KeyRange(lower, upper));
            segment = firstSegment;
            if (query.forward()) {
                rows.seekToFirst();
            } else {
                rows.seekToLast();
            }
            return findRow();
        }
        byte[] from = lower.clone();
        setBounds(lastSegment);
        rows = open(new KeyRange(from, upper.clone()));
        segment = query.forward() ? firstSegment : lastSegment;
        setBounds(segment);
        seek();
        return findRow();
    }

    private boolean findRow() {
        while (rows.isValid()) {
            if (!boundsAreExact && !inSegment()) {
                if (!nextSegment()) {
                    return false;
                }
            } else if (query.matches(rows.keyArray(), rows.keyLength(), format)) {
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
