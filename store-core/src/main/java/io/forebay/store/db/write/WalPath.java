package io.forebay.store.db.write;

import io.forebay.store.WriteBatch;
import io.forebay.store.db.state.ActiveMemtable;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.wal.WriteAheadLog;

/**
 * The store's side of the write-ahead log. A write is encoded inside the gate, right after the memtable took it. The
 * writer waits outside the gate until it is written or synced.
 *
 * <p>When a write that is in the memtable cannot be encoded, because there is no memory for that, the store is
 * poisoned: a log that goes on without the write would be wrong. All methods but {@link #await}, {@link #share} and
 * {@link #checkSize} are called inside the gate.
 */
final class WalPath {
    /** Bytes of a record besides key and value, about. */
    private static final int OVERHEAD = 24;

    private final WriteAheadLog log;
    private final Lifecycle lifecycle;
    private final long allBytes;
    private final long stepBytes;
    /** Bytes that went to the log since its size was last checked. */
    // Guarded by gate
    private long growth;

    /** @param allBytes bytes that all logs of the store may take */
    WalPath(WriteAheadLog log, Lifecycle lifecycle, long allBytes) {
        this.log = log;
        this.lifecycle = lifecycle;
        this.allBytes = allBytes;
        stepBytes = Math.min(ActiveMemtable.STEP_BYTES, allBytes / 16);
    }

    /** @return the ticket of the write, for {@link #await}; the same for the methods below */
    long put(long sequence, byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        try {
            long ticket = log.put(sequence, key, keyOffset, keyLength, value, valueOffset, valueLength);
            return encoded(ticket, keyLength + valueLength);
        } catch (RuntimeException | Error e) {
            lifecycle.poison(e);
            throw e;
        }
    }

    long delete(long sequence, byte[] key, int keyOffset, int keyLength) {
        try {
            return encoded(log.delete(sequence, key, keyOffset, keyLength), keyLength);
        } catch (RuntimeException | Error e) {
            lifecycle.poison(e);
            throw e;
        }
    }

    long merge(
            long sequence, byte[] key, int keyOffset, int keyLength, byte[] operand, int operandAt, int operandLength) {
        try {
            long ticket = log.merge(sequence, key, keyOffset, keyLength, operand, operandAt, operandLength);
            return encoded(ticket, keyLength + operandLength);
        } catch (RuntimeException | Error e) {
            lifecycle.poison(e);
            throw e;
        }
    }

    /** @param to null for no end */
    long deleteRange(long sequence, byte[] from, byte[] to) {
        try {
            return encoded(log.deleteRange(sequence, from, to), from.length + (to == null ? 0 : to.length));
        } catch (RuntimeException | Error e) {
            lifecycle.poison(e);
            throw e;
        }
    }

    /** As the others, but without a reaction to a failure: the caller knows how much of the batch is in the memtable. */
    long batch(long firstSequence, WriteBatch batch) {
        return encoded(log.batch(firstSequence, batch), batch.sizeInBytes());
    }

    /** Throws when the batch is too large for a log. Any thread, also outside the gate. */
    void checkSize(WriteBatch batch) {
        log.checkSize(batch);
    }

    /** Counts a commit in the growth of the log: payloads may be all that a store is given. */
    void committed(int payloadBytes) {
        growth += payloadBytes + OVERHEAD;
    }

    /** The growth of the log since the last call, or 0 while the growth is small. */
    long takeGrowth() {
        if (growth < stepBytes) {
            return 0;
        }
        long grown = growth;
        growth = 0;
        return grown;
    }

    /** True when the present log file is half as large as all logs may be. */
    boolean isFull() {
        return log.activeBytes() >= allBytes / 2;
    }

    /** Outside the gate: waits until a write is as durable as the store makes it. */
    void await(long ticket) {
        while (!log.await(ticket)) {
            lifecycle.checkKept();
            Thread.onSpinWait(); // the failure is about to be noted, or was just repaired
        }
    }

    /** Bytes of all logs, as a share of the most that they should have. */
    double share() {
        return (double) log.liveBytes() / allBytes;
    }

    private long encoded(long ticket, long bytes) {
        growth += bytes + OVERHEAD;
        return ticket;
    }
}
