package io.forebay.kafka.window;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.state.ForebayStateStore;
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
 * Rows with a time, of which those that are too old vanish.
 *
 * <p>Stream time is the highest time of a row so far; it is committed with the rows. A read shows rows from {@code stream
 * time - retention + 1} on, but for the reads that find closed windows. A put is refused, and counted as dropped, when its span of time (see {@link Segments}) is
 * expired; expired spans are deleted by one range delete when a put moves stream time past them.
 */
abstract class SegmentedStore extends ForebayStateStore {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentedStore.class);
    private static final byte[] FIRST_SEGMENT = RowFormat.segmentPrefix(0);

    private final RowFormat rowFormat;
    private final Segments segments;
    private volatile long streamTime = -1;
    private Runnable droppedRecords = () -> {};
    /** Segments below this one are deleted already. */
    private long firstLiveSegment;

    private byte[] rowToWrite = new byte[64];

    SegmentedStore(String name, RowFormat rowFormat, ValueFormat format, Segments segments) {
        super(name, new StoreLayout(rowFormat.kind, format, segments.interval()));
        this.rowFormat = rowFormat;
        this.segments = segments;
    }

    @Override
    protected final void opened(StateStoreContext context, long committedStreamTime) {
        streamTime = committedStreamTime;
        firstLiveSegment = 0;
        droppedRecords = KafkaInternals.droppedRecords(context);
    }

    @Override
    protected final long streamTime() {
        return streamTime;
    }

    /** Kafka restores window and session stores that it has closed before, and reads them again then. */
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

    /** The lowest time that may be shown, at least {@code from} and 0. */
    final long visibleFrom(long from) {
        return Math.max(0, Math.max(from, segments.visibleFrom(streamTime)));
    }

    /** As {@link #visibleFrom}, for the reads by which closed windows are found. */
    final long closedFrom(long from) {
        return segments.closingReads() ? Math.max(0, from) : visibleFrom(from);
    }

    final void putRow(Bytes key, long time, long last, byte[] value) {
        advance(time);
        long liveFrom = segments.firstLive(streamTime);
        long segment = segmentOf(time);
        if (time < 0 || segment < liveFrom) {
            droppedRecords.run();
            LOG.debug("Dropping a row of store {} at {}: stream time is {}", name(), time, streamTime);
            return;
        }
        Store writer = writer();
        synchronized (positionMonitor()) {
            updatePosition();
            try {
                if (liveFrom > firstLiveSegment) {
                    writer.deleteRange(FIRST_SEGMENT, RowFormat.segmentPrefix(liveFrom));
                    firstLiveSegment = liveFrom;
                }
                int length = writeRow(segment, key.get(), time, last);
                if (value == null) {
                    writer.delete(rowToWrite, 0, length);
                } else {
                    writer.put(rowToWrite, 0, length, value, 0, value.length);
                }
            } catch (StoreException e) {
                throw failure("writing to", e);
            }
        }
    }

    final void removeRow(Bytes key, long time, long last) {
        Store writer = writer();
        advance(time);
        if (time < 0 || segmentOf(time) < segments.firstLive(streamTime)) {
            return;
        }
        try {
            int length = writeRow(segmentOf(time), key.get(), time, last);
            writer.delete(rowToWrite, 0, length);
        } catch (StoreException e) {
            throw failure("writing to", e);
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

    private void advance(long time) {
        if (time > streamTime) {
            streamTime = time; // written by one thread at a time
        }
    }

    @Override
    protected final void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog, WriteBatch batch) {
        for (ConsumerRecord<byte[], byte[]> changelogRecord : changelog) {
            advance(rowFormat.changelogTime(changelogRecord.key()));
        }
        long liveFrom = segments.firstLive(streamTime);
        if (liveFrom > firstLiveSegment) {
            batch.deleteRange(FIRST_SEGMENT, RowFormat.segmentPrefix(liveFrom));
        }
        for (ConsumerRecord<byte[], byte[]> changelogRecord : changelog) {
            long time = rowFormat.changelogTime(changelogRecord.key());
            long segment = segmentOf(time);
            if (time >= 0 && segment >= liveFrom) {
                mergePosition(changelogRecord);
                int length = writeRow(segment, changelogRecord.key());
                byte[] value = changelogRecord.value();
                if (value == null) {
                    batch.delete(rowToWrite, 0, length);
                } else {
                    batch.put(rowToWrite, 0, length, value, 0, value.length);
                }
            }
        }
        firstLiveSegment = Math.max(firstLiveSegment, liveFrom);
    }
}
