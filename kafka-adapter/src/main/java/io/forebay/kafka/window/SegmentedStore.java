package io.forebay.kafka.window;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.state.ForebayStateStore;
import io.forebay.kafka.state.TimeRow;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.WriteBatch;
import java.util.Collection;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store of rows that have a time, and vanish when they are too old: what window and session stores have in common.
 *
 * <p>Stream time is the highest time of a row so far. {@link Segments} says how old a row may be to be shown. A put into an
 * expired segment is refused, and counted as dropped. When a put moves stream time past segments, a range delete deletes
 * them. A time-ordered store has a second row for each row, see {@link TimeRow}.
 *
 * <p>The stream time that decides which rows are hidden, refused and deleted starts afresh with each open, and follows the
 * rows that are put and restored. Until then the store shows all that is there, as Kafka's stores do. The reason: the stream
 * time of an operator starts afresh too, so after a restart the operator accepts late records. If the store hid the row that
 * such a record belongs to, the operator would start a new row over it. The stream time of all rows is committed with them:
 * no walk has to go further.
 */
abstract class SegmentedStore extends ForebayStateStore {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentedStore.class);
    private static final byte[] FIRST_SEGMENT = RowFormat.segmentPrefix(0);
    private static final byte[] FIRST_TIME = TimeRow.bound(0);

    private final RowFormat rowFormat;
    private final Segments segments;

    /** The highest time of a row ever put. */
    // Written by the writer, read with acquire
    private volatile long streamTime = -1;
    /** The highest time of a row put or restored since the store was opened: by it rows are hidden and dropped. */
    private volatile long seenTime = -1;

    private volatile Unemitted unemitted = Unemitted.notKept();

    // Writer only
    private Runnable droppedRecords = () -> {};
    /** Rows with an earlier time have been deleted already. */
    private long deletedBefore;

    private byte[] rowToWrite = new byte[64];
    private byte[] timeRowToWrite = new byte[64];

    SegmentedStore(String name, RowFormat rowFormat, ValueFormat format, Segments segments) {
        super(name, new StoreLayout(rowFormat.kind(segments.timeOrdered()), format, segments.interval()));
        this.rowFormat = rowFormat;
        this.segments = segments;
    }

    @Override
    protected final void opened(StateStoreContext context, long committedStreamTime) {
        streamTime = committedStreamTime;
        seenTime = -1;
        deletedBefore = 0;
        unemitted = Unemitted.of(segments, context);
        droppedRecords = KafkaInternals.droppedRecords(context);
    }

    @Override
    protected final long streamTime() {
        return streamTime;
    }

    /** Opens the store: Kafka restores window and session stores after it has closed them, and then reads them again. */
    @Override
    protected final void restoreWhileClosed() {
        open();
    }

    final RowFormat rowFormat() {
        return rowFormat;
    }

    final long segmentOf(long time) {
        return segments.segmentOf(time);
    }

    /** The lowest time that may be shown; at least {@code from}, and at least 0. */
    final long visibleFrom(long from) {
        return Math.max(0, Math.max(from, segments.visibleFrom(seenTime)));
    }

    /**
     * As {@link #visibleFrom(long)}, for a read without keys. Such a read may be that of an operator that emits what has
     * closed up to and including {@code to}.
     */
    final long visibleFrom(long from, long to) {
        return unemitted.readUpTo(to) ? Math.max(0, from) : visibleFrom(from);
    }

    /**
     * Notes a read of sessions by their end, up to and including {@code end}. Such a read shows all that is in the store.
     */
    final void readUpTo(long end) {
        unemitted.readUpTo(end);
    }

    final boolean isTimeOrdered() {
        return segments.timeOrdered();
    }

    /** True when a read of a range of keys returns rows by segment and key. */
    final boolean isIndexed() {
        return segments.indexed();
    }

    final void putRow(Bytes key, long time, long last, byte[] value) {
        advance(time);
        long liveFrom = unemitted.liveFrom(segments, seenTime);
        if (time < 0 || time < liveFrom) {
            droppedRecords.run();
            LOG.debug("Dropping a row of store {} at {}: stream time is {}", name(), time, seenTime);
            return;
        }
        Store writer = writer();
        synchronized (positionMonitor()) {
            updatePosition();
            try {
                if (liveFrom > deletedBefore) {
                    deleteExpired(writer, liveFrom);
                }
                write(writer, key.get(), time, last, value);
            } catch (StoreException e) {
                throw failure("writing to", e);
            }
        }
    }

    final void removeRow(Bytes key, long time, long last) {
        Store writer = writer();
        advance(time);
        if (time < 0 || time < deletedBefore) {
            return;
        }
        try {
            write(writer, key.get(), time, last, null);
        } catch (StoreException e) {
            throw failure("writing to", e);
        }
    }

    private void deleteExpired(Store writer, long liveFrom) {
        writer.deleteRange(FIRST_SEGMENT, RowFormat.segmentPrefix(segmentOf(liveFrom)));
        if (segments.timeOrdered()) {
            writer.deleteRange(FIRST_TIME, TimeRow.bound(liveFrom));
        }
        deletedBefore = liveFrom;
    }

    private void write(Store writer, byte[] key, long time, long last, byte[] value) {
        int length = writeRow(segmentOf(time), key, time, last);
        write(writer, rowToWrite, length, value);
        if (segments.timeOrdered()) {
            int timeRowLength = rowFormat.timeRow.length(key.length);
            makeRoomForTimeRow(timeRowLength);
            rowFormat.timeRow.write(timeRowToWrite, key, 0, key.length, time, last);
            write(writer, timeRowToWrite, timeRowLength, value);
        }
    }

    private static void write(Store writer, byte[] row, int length, byte[] value) {
        if (value == null) {
            writer.delete(row, 0, length);
        } else {
            writer.put(row, 0, length, value, 0, value.length);
        }
    }

    final byte[] getRow(Bytes key, long time, long last) {
        Store store = store();
        if (time < visibleFrom(0)) {
            return null;
        }
        byte[] row = new byte[rowFormat.rowLength(key.get().length)];
        rowFormat.write(row, segmentOf(time), key.get(), time, last);
        try {
            return store.get(row);
        } catch (StoreException e) {
            throw failure("reading from", e);
        }
    }

    private int writeRow(long segment, byte[] key, long time, long last) {
        int length = rowFormat.rowLength(key.length);
        makeRoom(length);
        rowFormat.write(rowToWrite, segment, key, time, last);
        return length;
    }

    private int writeRow(long segment, byte[] changelogKey) {
        int length = RowFormat.SEGMENT_BYTES + changelogKey.length;
        makeRoom(length);
        RowFormat.write(rowToWrite, segment, changelogKey);
        return length;
    }

    private void makeRoom(int length) {
        if (rowToWrite.length < length) {
            rowToWrite = new byte[Math.max(length, 2 * rowToWrite.length)];
        }
    }

    private void makeRoomForTimeRow(int length) {
        if (timeRowToWrite.length < length) {
            timeRowToWrite = new byte[Math.max(length, 2 * timeRowToWrite.length)];
        }
    }

    private void advance(long time) {
        if (time > seenTime) {
            seenTime = time;
            streamTime = Math.max(streamTime, time);
        }
    }

    @Override
    protected final void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog, WriteBatch batch) {
        for (ConsumerRecord<byte[], byte[]> changelogRecord : changelog) {
            advance(rowFormat.changelogTime(changelogRecord.key()));
        }
        long liveFrom = unemitted.liveFromInRestore(segments, seenTime);
        if (liveFrom > deletedBefore) {
            batch.deleteRange(FIRST_SEGMENT, RowFormat.segmentPrefix(segmentOf(liveFrom)));
            if (segments.timeOrdered()) {
                batch.deleteRange(FIRST_TIME, TimeRow.bound(liveFrom));
            }
        }
        for (ConsumerRecord<byte[], byte[]> changelogRecord : changelog) {
            byte[] key = changelogRecord.key();
            long time = rowFormat.changelogTime(key);
            if (time >= 0 && time >= liveFrom) {
                mergePosition(changelogRecord);
                byte[] value = changelogRecord.value();
                write(batch, rowToWrite, writeRow(segmentOf(time), key), value);
                if (segments.timeOrdered()) {
                    makeRoomForTimeRow(key.length);
                    rowFormat.timeRow.write(timeRowToWrite, key, 0, key.length);
                    write(batch, timeRowToWrite, key.length, value);
                }
            }
        }
        deletedBefore = Math.max(deletedBefore, liveFrom);
    }

    private static void write(WriteBatch batch, byte[] row, int length, byte[] value) {
        if (value == null) {
            batch.delete(row, 0, length);
        } else {
            batch.put(row, 0, length, value, 0, value.length);
        }
    }
}
