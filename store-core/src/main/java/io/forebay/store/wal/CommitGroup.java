package io.forebay.store.wal;

import io.forebay.store.WriteBatch;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.util.Varint;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A commit group: entries of several threads that become one record of the log. They are encoded in place: room for the
 * head of the record is left before them. Used by one thread at a time.
 *
 * <pre>{@code
 *   bytes   [ room for the head | entry | entry | ...      | room for the end ]
 *           0                   RESERVED                   size
 * }</pre>
 */
final class CommitGroup implements WriteBatch.Handler {
    /** Room for the head of a record and for the two numbers before the entries. */
    static final int RESERVED = WalFormat.PAYLOAD_AT + 2 * Varint.MAX_LONG_BYTES + 3;
    /** Room after the entries that is always left. */
    private static final int TRAILER = FileCipher.TAG_BYTES + 1;

    private static final int FIRST_CAPACITY = 4 << 10;

    byte[] bytes = new byte[FIRST_CAPACITY];
    int size = RESERVED;
    /** Sequence number of the first write. */
    long firstSequence;
    /** The sequence number after that of the last write. */
    long nextSequence;
    /** Ticket of the last entry; the log counts tickets. */
    long ticket;
    /** True when this is the first group of a new log file. */
    boolean startsLog;
    /** Run when the newest commit in the group is durable; null when there is no commit. */
    Runnable onCommitDurable;

    private final int most;
    private ByteBuffer buffer = ByteBuffer.wrap(bytes);

    /** @param most longest record, in bytes */
    CommitGroup(int most) {
        this.most = most;
    }

    /** Bytes of a group with nothing but this batch. */
    static long bytesFor(WriteBatch batch) {
        return RESERVED + roomFor(batch) + TRAILER;
    }

    private static long roomFor(WriteBatch batch) {
        return batch.sizeInBytes() + 2L * batch.count() + 16;
    }

    /** Whether the group has room for the batch as well. */
    boolean hasRoomFor(WriteBatch batch) {
        return size + roomFor(batch) + TRAILER <= most;
    }

    void begin(long sequence, boolean first) {
        size = RESERVED;
        firstSequence = sequence;
        nextSequence = sequence;
        startsLog = first;
        onCommitDurable = null;
    }

    boolean isEmpty() {
        return size == RESERVED;
    }

    void put(int kind, byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        ensure(1 + 2 * Varint.MAX_INT_BYTES + (long) keyLength + valueLength);
        bytes[size++] = (byte) kind;
        add(key, keyOffset, keyLength);
        add(value, valueOffset, valueLength);
        nextSequence++;
    }

    void delete(byte[] key, int keyOffset, int keyLength) {
        ensure(1 + Varint.MAX_INT_BYTES + (long) keyLength);
        bytes[size++] = WalFormat.DELETE;
        add(key, keyOffset, keyLength);
        nextSequence++;
    }

    /** @param toLength -1 for no end */
    void deleteRange(byte[] from, int fromOffset, int fromLength, byte[] to, int toOffset, int toLength) {
        ensure(1 + 2 * Varint.MAX_INT_BYTES + (long) fromLength + Math.max(0, toLength));
        bytes[size++] = WalFormat.DELETE_RANGE;
        add(from, fromOffset, fromLength);
        size = Varint.putInt(bytes, size, toLength + 1);
        if (toLength > 0) {
            System.arraycopy(to, toOffset, bytes, size, toLength);
            size += toLength;
        }
        nextSequence++;
    }

    void batch(WriteBatch batch) {
        ensure(roomFor(batch));
        bytes[size++] = WalFormat.BATCH;
        size = Varint.putInt(bytes, size, batch.count());
        batch.forEach(this);
    }

    @Override
    public void operation(byte kind, byte[] from, int keyAt, int keyLength, int valueAt, int valueLength) {
        switch (kind) {
            case WriteBatch.PUT -> put(WalFormat.PUT, from, keyAt, keyLength, from, valueAt, valueLength);
            case WriteBatch.MERGE -> put(WalFormat.MERGE, from, keyAt, keyLength, from, valueAt, valueLength);
            case WriteBatch.DELETE -> delete(from, keyAt, keyLength);
            default -> deleteRange(from, keyAt, keyLength, from, valueAt, valueLength);
        }
    }

    void commit(byte[] payload, Runnable onDurable) {
        ensure(1 + Varint.MAX_INT_BYTES + (long) payload.length);
        bytes[size++] = WalFormat.COMMIT;
        add(payload, 0, payload.length);
        nextSequence++;
        onCommitDurable = onDurable;
    }

    /** The bytes to append to the file. */
    ByteBuffer buffer(int from, int to) {
        return buffer.limit(to).position(from);
    }

    private void add(byte[] from, int offset, int length) {
        size = Varint.putInt(bytes, size, length);
        System.arraycopy(from, offset, bytes, size, length);
        size += length;
    }

    private void ensure(long room) {
        long needed = size + room + TRAILER;
        if (needed > bytes.length) {
            if (needed > most) {
                throw new IllegalArgumentException("A write of " + room
                        + " bytes does not fit into a record of a write-ahead log, which has at most " + most);
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(most, Math.max(needed, bytes.length * 2L)));
            buffer = ByteBuffer.wrap(bytes);
        }
    }
}
