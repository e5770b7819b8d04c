package io.forebay.store.db;

import io.forebay.store.WriteBatch;
import io.forebay.store.wal.WriteAheadLog;

/**
 * The way of a write to the log: encoded inside the gate, right after the memtable took it, and waited for outside.
 *
 * <p>A write that is in the memtable and cannot be encoded, because there is no memory for it, tears the store: no log
 * that goes on without it would be right. All but {@link #await}, {@link #share} and {@link #checkSize} is called
 * inside the gate only.
 */
final class LogPath {
    /** What a record takes besides key and value, about. */
    private static final int OVERHEAD = 24;

    private final WriteAheadLog log;
    private final Lifecycle lifecycle;
    private final long allBytes;
    private final long stepBytes;
    /** Bytes that went to the log since its size was looked at. */
    private long growth;

    /** @param allBytes what all logs of the store may take */
    LogPath(WriteAheadLog log, Lifecycle lifecycle, long allBytes) {
        this.log = log;
        this.lifecycle = lifecycle;
        this.allBytes = allBytes;
        stepBytes = Math.min(Pacing.STEP_BYTES, allBytes / 16);
    }

    /** @return the ticket of the write, for {@link #await}; so do all that follow */
    long put(long sequence, byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        try {
            long ticket = log.put(sequence, key, keyOffset, keyLength, value, valueOffset, valueLength);
            return encoded(ticket, keyLength + valueLength);
        } catch (RuntimeException | Error e) {
            lifecycle.tear(e);
            throw e;
        }
    }

    long delete(long sequence, byte[] key, int keyOffset, int keyLength) {
        try {
            return encoded(log.delete(sequence, key, keyOffset, keyLength), keyLength);
        } catch (RuntimeException | Error e) {
            lifecycle.tear(e);
            throw e;
        }
    }

    long merge(
            long sequence, byte[] key, int keyOffset, int keyLength, byte[] operand, int operandAt, int operandLength) {
        try {
            long ticket = log.merge(sequence, key, keyOffset, keyLength, operand, operandAt, operandLength);
            return encoded(ticket, keyLength + operandLength);
        } catch (RuntimeException | Error e) {
            lifecycle.tear(e);
            throw e;
        }
    }

    /** @param to null for no end */
    long deleteRange(long sequence, byte[] from, byte[] to) {
        try {
            return encoded(log.deleteRange(sequence, from, to), from.length + (to == null ? 0 : to.length));
        } catch (RuntimeException | Error e) {
            lifecycle.tear(e);
            throw e;
        }
    }

    /** As the others, but what fails is the caller's to judge: it knows how much of the batch is in the memtable. */
    long batch(long firstSequence, WriteBatch batch) {
        return encoded(log.batch(firstSequence, batch), batch.sizeInBytes());
    }

    /** Throws when the batch cannot be written to a log. Also outside the gate. */
    void checkSize(WriteBatch batch) {
        log.checkSize(batch);
    }

    /** Commits count as well: payloads may be all that a store gets. */
    void committed(int payloadBytes) {
        growth += payloadBytes + OVERHEAD;
    }

    /** What comes from now on goes to a new log. */
    void rotate() {
        log.rotate();
    }

    /** What the log grew by since the last time, 0 while that is little. */
    long takeGrowth() {
        if (growth < stepBytes) {
            return 0;
        }
        long grown = growth;
        growth = 0;
        return grown;
    }

    /** True when the log is half as large as all logs may be. */
    boolean isFull() {
        return log.activeBytes() >= allBytes / 2;
    }

    /** Outside the gate: waits until a write is as durable as the store makes it. */
    void await(long ticket) {
        while (!log.await(ticket)) {
            lifecycle.checkKept();
            Thread.onSpinWait(); // the cause is about to be told, or was repaired just now
        }
    }

    /** Bytes of all logs as a share of what they should be at most. */
    double share() {
        return (double) log.liveBytes() / allBytes;
    }

    private long encoded(long ticket, long bytes) {
        growth += bytes + OVERHEAD;
        return ticket;
    }
}
