package io.forebay.kafka.window;

import io.forebay.kafka.state.StoreRows;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import java.util.Arrays;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;

/**
 * Walks the rows that match a query, with one engine iterator and at most one seek per segment. The first use of this
 * iterator opens the engine iterator, as in Kafka's stores: rows that are put between the fetch and the first use are
 * seen. After that the walk sees one state of the store. When the store is closed, the walk ends after the row that it
 * has found already.
 */
abstract class RowIterator<K> extends StoreRows<K> {
    private final SegmentedStore store;
    private final RowQuery query;
    private final RowFormat format;

    // Guarded by this
    private StoreIterator rows;
    private byte[] lower;
    private byte[] upper;
    private boolean upperIsNextSegment;
    /** True when there is one segment only: then the bounds of the engine iterator are the bounds of the rows. */
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

    /** The key that Kafka sees for a row; {@code row[8, 8 + keyLength)} is the key in the row. */
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
            return null; // as Kafka's segmented stores do, and as its test suites require
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

    /**
     * Moves from a row after the bounds of this segment to the next segment that has rows, and there to the first row
     * that is not before the bounds. "After" and "before" are in the direction of the walk.
     */
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

    /** True unless the row is after the bounds of this segment, in the direction of the walk. */
    private boolean inSegment() {
        return query.forward() ? compareRow(upper) < 0 : compareRow(lower) >= 0;
    }

    /** True when the row is before the bounds of this segment, in the direction of the walk. */
    private boolean beforeSegment() {
        return query.forward() ? compareRow(lower) < 0 : compareRow(upper) >= 0;
    }

    private int compareRow(byte[] bound) {
        return Arrays.compareUnsigned(rows.keyArray(), 0, rows.keyLength(), bound, 0, bound.length);
    }
}
