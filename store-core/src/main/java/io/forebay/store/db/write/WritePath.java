package io.forebay.store.db.write;

import io.forebay.store.WriteBatch;
import io.forebay.store.db.state.ActiveMemtable;
import io.forebay.store.db.state.EmptySpansTracker;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.WriterGate;
import io.forebay.store.key.KeyHash;
import io.forebay.store.util.Callbacks;
import io.forebay.store.wal.WriteAheadLog;
import java.util.Arrays;
import java.util.Objects;

/**
 * The way of a write:
 *
 * <pre>
 *   gate.enterWriter()
 *     lifecycle        may the store be written?
 *     MemtableRoom     room in the memtable; may wait for memory, and leaves the gate meanwhile
 *     ActiveMemtable   touch: the next sequence number
 *     Memtable         the change
 *     WalPath          the record, encoded in memory; gives a ticket
 *     ActiveMemtable   publish: readers see the write; may freeze the memtable
 *   gate.leave()
 *     WalPath          wait until the record is as durable as the store makes it
 *     WriteStall       a pause, when flushes or compactions do not keep up
 * </pre>
 *
 * <p>Batches go the same way, with {@link BatchApplier} in the middle. This class decides nothing about flushes: a
 * freeze starts them.
 */
public final class WritePath {
    /** Result of most writes without a log: nothing is due outside the gate. */
    private static final long NOTHING_DUE = -1;
    /** A pause is due, and there is no ticket of a log. */
    private static final long PAUSE_DUE = 0;

    private final StoreContext store;
    private final WriterGate gate;
    private final Lifecycle lifecycle;
    private final SnapshotList snapshots;
    private final EmptySpansTracker emptySpans;
    private final ActiveMemtable active;
    private final WriteStall stall;
    private final MemtableRoom room;
    private final BatchApplier batches;

    /** Null without a write-ahead log, and while logs are replayed. */
    // Set before use
    private WalPath log;

    public WritePath(StoreContext store, WriteStall stall) {
        this.store = store;
        this.stall = stall;
        gate = store.gate;
        lifecycle = store.lifecycle;
        snapshots = store.snapshots;
        emptySpans = store.emptySpans;
        active = store.active;
        room = new MemtableRoom(store, stall);
        batches = new BatchApplier(store, room);
    }

    /**
     * The store is open: writes count from now on, and go to the log.
     *
     * @param writeAhead null for none
     */
    public void begin(WriteAheadLog writeAhead) {
        active.startCounting();
        log = writeAhead == null ? null : new WalPath(writeAhead, lifecycle, store.options.walBytes());
    }

    public void put(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        EntryLimits.check(key, keyOffset, keyLength, value, valueOffset, valueLength);
        long hash = KeyHash.of(key, keyOffset, keyLength);
        long due;
        enterWriter();
        try {
            lifecycle.checkWritable();
            room.ensure(keyLength, valueLength, false);
            emptySpans.written(key, keyOffset, keyLength);
            long sequence = active.touch();
            active.memtable()
                    .put(
                            hash,
                            key,
                            keyOffset,
                            keyLength,
                            value,
                            valueOffset,
                            valueLength,
                            sequence,
                            snapshots.pinned());
            long ticket =
                    log == null ? 0 : log.put(sequence, key, keyOffset, keyLength, value, valueOffset, valueLength);
            due = publish(sequence, keyLength + valueLength, ticket);
        } catch (RuntimeException | Error e) {
            active.failed(e);
            throw e;
        } finally {
            gate.leave();
        }
        if (due != NOTHING_DUE) {
            finish(due);
        }
    }

    public void delete(byte[] key, int keyOffset, int keyLength) {
        Objects.checkFromIndexSize(keyOffset, keyLength, key.length);
        EntryLimits.checkLengths(keyLength, 0);
        long hash = KeyHash.of(key, keyOffset, keyLength);
        long due;
        enterWriter();
        try {
            lifecycle.checkWritable();
            room.ensure(keyLength, 0, false);
            long sequence = active.touch();
            active.memtable().delete(hash, key, keyOffset, keyLength, sequence, snapshots.pinned());
            long ticket = log == null ? 0 : log.delete(sequence, key, keyOffset, keyLength);
            due = publish(sequence, keyLength, ticket);
        } catch (RuntimeException | Error e) {
            active.failed(e);
            throw e;
        } finally {
            gate.leave();
        }
        if (due != NOTHING_DUE) {
            finish(due);
        }
    }

    public void merge(byte[] key, int keyOffset, int keyLength, byte[] operand, int operandOffset, int operandLength) {
        EntryLimits.check(key, keyOffset, keyLength, operand, operandOffset, operandLength);
        EntryLimits.checkMergeable(store.options);
        long hash = KeyHash.of(key, keyOffset, keyLength);
        long due;
        enterWriter();
        try {
            lifecycle.checkWritable();
            room.ensure(keyLength, operandLength, false);
            emptySpans.written(key, keyOffset, keyLength);
            long sequence = active.touch();
            active.memtable()
                    .merge(
                            hash,
                            key,
                            keyOffset,
                            keyLength,
                            operand,
                            operandOffset,
                            operandLength,
                            sequence,
                            snapshots.pinned());
            long ticket = log == null
                    ? 0
                    : log.merge(sequence, key, keyOffset, keyLength, operand, operandOffset, operandLength);
            due = publish(sequence, keyLength + operandLength, ticket);
        } catch (RuntimeException | Error e) {
            active.failed(e);
            throw e;
        } finally {
            gate.leave();
        }
        if (due != NOTHING_DUE) {
            finish(due);
        }
    }

    /** @param to null for no end */
    public void deleteRange(byte[] from, byte[] to) {
        EntryLimits.checkLengths(from.length, 0);
        if (to != null) {
            EntryLimits.checkLengths(to.length, 0);
            if (Arrays.compareUnsigned(from, to) >= 0) {
                lifecycle.checkWritable();
                return;
            }
        }
        byte[] ownFrom = from.clone();
        byte[] ownTo = to == null ? null : to.clone();
        long due;
        enterWriter();
        try {
            lifecycle.checkWritable();
            room.deleteRange(() -> active.tryDeleteRange(ownFrom, ownTo, snapshots.pinned()), false);
            long sequence = active.assigned() + 1;
            long ticket = log == null ? 0 : log.deleteRange(sequence, ownFrom, ownTo);
            due = publish(sequence, ownFrom.length + (ownTo == null ? 0 : ownTo.length), ticket);
            emptySpans.rangeDeleted(ownFrom, ownTo);
        } catch (RuntimeException | Error e) {
            active.failed(e);
            throw e;
        } finally {
            gate.leave();
        }
        if (due != NOTHING_DUE) {
            finish(due);
        }
    }

    public void write(WriteBatch batch) {
        batches.check(batch);
        if (log != null) {
            log.checkSize(batch);
        }
        long ticket;
        enterWriter();
        try {
            lifecycle.checkWritable();
            if (batch.isEmpty()) {
                return; // an empty memtable that took memory for it could not be flushed to give it back
            }
            ticket = batches.apply(batch, log);
            grew(active.isGrown());
        } finally {
            gate.leave();
        }
        finish(ticket);
    }

    /** With a log each write waits for the thread that leads it, which may be this one: refused before it has an effect. */
    private void enterWriter() {
        if (log != null) {
            Callbacks.checkNone("A write to a store with a write-ahead log");
        }
        gate.enterWriter();
    }

    /**
     * Inside the gate: lets readers see the write.
     *
     * @return what is due outside the gate: a ticket of the log, or one of the constants above
     */
    private long publish(long sequence, int bytes, long ticket) {
        boolean grown = active.publish(sequence, bytes);
        grew(grown);
        if (log != null) {
            return ticket;
        }
        return grown ? PAUSE_DUE : NOTHING_DUE;
    }

    private void grew(boolean grown) {
        if (grown) {
            if (log == null) {
                stall.owe(active.growthBytes());
            }
            active.grown();
        }
        if (log != null) {
            checkLog();
        }
    }

    /** Inside the gate: a commit went to the log. */
    public void committed(int payloadBytes) {
        log.committed(payloadBytes);
        checkLog();
    }

    /** Inside the gate: freezes the memtable when the log file is half as large as all logs may be. */
    private void checkLog() {
        long grown = log.takeGrowth();
        if (grown > 0) {
            stall.owe(grown);
            if (log.isFull()) {
                active.freeze();
            }
        }
    }

    /** Outside the gate: waits until a write is as durable as the store makes it, and pauses if the writer has to. */
    public void finish(long ticket) {
        if (log != null) {
            log.await(ticket);
        }
        if (stall.isOwing()) {
            stall.pay(log == null ? 0 : log.share(), store.tenant.awaitsFlush());
        }
    }
}
