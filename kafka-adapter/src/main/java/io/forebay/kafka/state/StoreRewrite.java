package io.forebay.kafka.state;

import io.forebay.kafka.offsets.CommitPayload;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.WriteBatch;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.state.HeadersBytesStore;
import org.apache.kafka.streams.state.TimestampedBytesStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rewrites the rows of a store to another layout after the application has changed: values to a format that holds more,
 * segment prefixes to another segment interval, time rows added or removed. This is one pass over the store while it is
 * opened. Nothing is committed before the end, so a crash on the way leaves the store in the old layout.
 */
final class StoreRewrite {
    private static final Logger LOG = LoggerFactory.getLogger(StoreRewrite.class);
    private static final int BATCH_BYTES = 256 << 10;
    private static final int SEGMENT_BYTES = 8;
    private static final int WINDOW_SUFFIX_BYTES = 12;
    private static final int SESSION_SUFFIX_BYTES = 16;

    private StoreRewrite() {}

    /**
     * Rewrites all rows, commits durably, and returns the payload with the new layout.
     *
     * @param keepsLists true when a row is a list of values, each of which would have to change; such rows are refused
     *     when the value format changes
     * @throws ProcessorStateException when the rows cannot be rewritten to the layout {@code to}
     */
    static CommitPayload rewrite(
            Store store, String name, File directory, CommitPayload last, StoreLayout to, boolean keepsLists) {
        StoreLayout from = last.layout();
        if (!from.kind().isLike(to.kind()) || from.format().compareTo(to.format()) > 0) {
            throw refusal(name, directory, "holds rows of layout " + from + " and cannot be opened with layout " + to);
        }
        if (keepsLists && from.format() != to.format()) {
            throw refusal(
                    name,
                    directory,
                    "keeps lists of values of format " + from.format() + ", which cannot be rewritten to format "
                            + to.format());
        }
        LOG.info("Rewriting store {} from layout {} to {}", name, from, to);
        WriteBatch batch = new WriteBatch();
        if (from.kind().isTimeOrdered()) {
            batch.deleteRange(TimeRow.bound(0), null);
        }
        try (StoreIterator rows = store.iterator(sortedByKey(from))) {
            for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                byte[] oldKey = rows.key();
                byte[] newKey = key(oldKey, from, to);
                byte[] value = value(rows.value(), from, to);
                if (!Arrays.equals(oldKey, newKey)) {
                    batch.delete(oldKey);
                }
                batch.put(newKey, value);
                if (to.kind().isTimeOrdered()) {
                    batch.put(timeRow(newKey, to), value);
                }
                if (batch.sizeInBytes() > BATCH_BYTES) {
                    store.write(batch);
                    batch.clear();
                }
            }
        }
        store.write(batch);
        CommitPayload payload = new CommitPayload(to, last.streamTime(), last.offsets(), last.position(), last.open());
        store.commitDurably(payload.encode());
        return payload;
    }

    private static ProcessorStateException refusal(String name, File directory, String what) {
        return new ProcessorStateException("Store " + name + " in " + directory + " " + what
                + ". To rebuild it from its changelog, stop the application, delete that directory and start again.");
    }

    /** The rows in the order of keys; the time rows are made from them. */
    private static KeyRange sortedByKey(StoreLayout layout) {
        return layout.kind().isTimeOrdered() ? new KeyRange(new byte[0], TimeRow.bound(0)) : KeyRange.all();
    }

    private static byte[] timeRow(byte[] row, StoreLayout layout) {
        byte[] timeRow = new byte[row.length - SEGMENT_BYTES];
        (layout.kind().isSession() ? TimeRow.SESSION : TimeRow.WINDOW)
                .write(timeRow, row, SEGMENT_BYTES, timeRow.length);
        return timeRow;
    }

    /**
     * The new row key. It is never that of another row: what follows the prefix contains the time that decides the
     * prefix.
     */
    private static byte[] key(byte[] row, StoreLayout from, StoreLayout to) {
        if (from.segmentInterval() == to.segmentInterval()) {
            return row;
        }
        int suffix = to.kind().isSession() ? SESSION_SUFFIX_BYTES : WINDOW_SUFFIX_BYTES;
        ByteBuffer changed = ByteBuffer.wrap(row.clone());
        changed.putLong(0, changed.getLong(row.length - suffix) / to.segmentInterval());
        return changed.array();
    }

    private static byte[] value(byte[] value, StoreLayout from, StoreLayout to) {
        if (from.format() == to.format()) {
            return value;
        }
        if (to.format() == ValueFormat.TIMESTAMPED) {
            return TimestampedBytesStore.convertToTimestampedFormat(value);
        }
        return from.format() == ValueFormat.TIMESTAMPED || to.kind().isSession()
                ? HeadersBytesStore.convertToHeaderFormat(value)
                : HeadersBytesStore.convertFromPlainToHeaderFormat(value);
    }
}
