package io.forebay.store.wal;

import io.forebay.store.WriteBatch;
import java.util.ArrayDeque;

/**
 * The commit groups of one log that are not written yet. Writes are encoded into the group that is filling, in the order
 * of their sequence numbers, and get tickets; the leader takes the groups, oldest first.
 *
 * <pre>{@code
 *   put, delete, merge, ...          take                giveBack
 *            |                        |                     |
 *            v        is full, or     v                     v
 *         filling  --------------->  full  --> the leader --> spares: filled again
 *                     rotate, take
 * }</pre>
 *
 * <p>It does no I/O and waits for nothing; {@link WriteAheadLog} does. Thread-safe. One thread at a time encodes.
 */
final class CommitGroups {
    /** A group that is longer than this takes no more entries. */
    private static final int GROUP_BYTES = 1 << 20;
    /** So many groups are kept for reuse, unless a large write has made them too long. */
    private static final int SPARES = 2;

    private final int recordBytes;
    private final ArrayDeque<CommitGroup> full = new ArrayDeque<>();
    private final ArrayDeque<CommitGroup> spares = new ArrayDeque<>();

    // Guarded by this
    private CommitGroup filling;
    /** The next write starts a new log file. */
    private boolean rotate;
    /** The ticket of the newest write. */
    private long tickets;

    /** @param recordBytes the longest record */
    CommitGroups(int recordBytes) {
        this.recordBytes = recordBytes;
        filling = new CommitGroup(recordBytes);
    }

    /** @return the ticket of the write; the same for the methods below */
    synchronized long put(
            int kind, long sequence, byte[] key, int keyAt, int keyLength, byte[] value, int valueAt, int valueLength) {
        CommitGroup group = group(sequence);
        group.put(kind, key, keyAt, keyLength, value, valueAt, valueLength);
        return added(group);
    }

    synchronized long delete(long sequence, byte[] key, int keyAt, int keyLength) {
        CommitGroup group = group(sequence);
        group.delete(key, keyAt, keyLength);
        return added(group);
    }

    /** @param to null for no end */
    synchronized long deleteRange(long sequence, byte[] from, byte[] to) {
        CommitGroup group = group(sequence);
        group.deleteRange(from, 0, from.length, to, 0, to == null ? -1 : to.length);
        return added(group);
    }

    /** @param batch fits into a record, and has at least one write */
    synchronized long batch(long firstSequence, WriteBatch batch) {
        if (!filling.isEmpty() && !filling.hasRoomFor(batch)) {
            closeGroup();
        }
        CommitGroup group = group(firstSequence);
        group.batch(batch);
        return added(group);
    }

    synchronized long commit(long sequence, byte[] payload, Runnable onDurable) {
        CommitGroup group = group(sequence);
        group.commit(payload, onDurable);
        return added(group);
    }

    /** Later writes go to a new log file. */
    synchronized void rotate() {
        closeGroup();
        rotate = true;
    }

    /** True when the next write starts a new log file. */
    synchronized boolean isRotated() {
        return rotate;
    }

    /** The ticket of the newest write. */
    synchronized long lastTicket() {
        return tickets;
    }

    private CommitGroup group(long sequence) {
        CommitGroup group = filling;
        if (!group.isEmpty() && (group.nextSequence != sequence || group.size >= GROUP_BYTES)) {
            closeGroup();
            group = filling;
        }
        if (group.isEmpty()) {
            group.begin(sequence, rotate);
        }
        return group;
    }

    private long added(CommitGroup group) {
        rotate = false;
        return group.ticket = ++tickets;
    }

    private void closeGroup() {
        if (!filling.isEmpty()) {
            full.add(filling);
            CommitGroup spare = spares.poll();
            filling = spare != null ? spare : new CommitGroup(recordBytes);
        }
    }

    /** The oldest group, which takes no more writes; null when there is none. */
    synchronized CommitGroup take() {
        if (full.isEmpty()) {
            closeGroup();
        }
        return full.poll();
    }

    /** Takes back a group that was written. */
    synchronized void giveBack(CommitGroup group) {
        if (spares.size() < SPARES && group.bytes.length <= 2 * GROUP_BYTES) {
            group.begin(0, false);
            spares.add(group);
        }
    }

    /** Drops all groups. @return the ticket of the last write that was dropped, or is written */
    synchronized long clear() {
        full.clear();
        filling.begin(0, false);
        rotate = false;
        return tickets;
    }
}
