package io.forebay.store.wal;

import io.forebay.store.FileStore;
import io.forebay.store.WriteBatch;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.util.Failures;
import java.io.IOException;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The write-ahead log of one open store: takes writes in the order of their sequence numbers, and writes them to files
 * in commit groups.
 *
 * <pre>{@code
 *   inside the gate     put, delete, merge, ...   CommitGroups encodes the entry; gives a ticket
 *   outside of it       await(ticket)
 *                         the leader:   take the groups -> append each as one record -> sync -> raise the tickets
 *                         others:       wait until their ticket is reached, or until they can lead
 *
 *   tickets     ... 7  8  9 | 10 11 12 | 13 14
 *                 synced    | written  | encoded
 * }</pre>
 *
 * <p>So a write has two halves. The first half encodes it in memory and does no I/O; it follows the order of the
 * writes. The second half, {@link #await}, comes when other threads may write already. The first thread that gets there
 * is the leader: it appends everything that was encoded so far as one record for each group, and syncs if needed. The
 * other threads, whose writes were in these groups, find that nothing is left to do. While one sync is under way, the
 * next group fills.
 *
 * <p>Thread-safe. No lock is held during I/O: the flag {@code leading} says that a thread leads, and other threads wait
 * until it has ended. After a failure nothing is written any more, until {@link #restart}.
 *
 * <p>It does not decide when a log file ends ({@link #rotate}) or is deleted ({@link #deleteBelow}); the freeze of a
 * memtable and the installation of a flush do.
 */
public final class WriteAheadLog {
    /** The longest record, and so the longest batch. */
    public static final int MAX_RECORD_BYTES = WalFormat.MAX_PAYLOAD;

    private final boolean synced;
    private final int recordBytes;
    private final Consumer<Throwable> onFailure;
    private final CommitGroups groups;
    private final WalFiles files;

    /** The lock of {@code leading}. */
    private final Object io = new Object();
    /**
     * True while a thread works on the files. The lock is not held meanwhile, so that threads whose writes are done can
     * leave.
     */
    // Guarded by io
    private boolean leading;

    /** For the newest commit that is written and not synced; null for none. */
    // Guarded by leading
    private Runnable onCommitDurable;

    // Written under leading, read without
    private volatile long writtenTicket;
    private volatile long syncedTicket;
    private volatile Throwable failure;

    /** The file is a new one, which follows a failed one, and nothing was written to it. */
    // Guarded by leading
    private boolean renewed;

    private WriteAheadLog(WalFiles files, boolean synced, int recordBytes, Consumer<Throwable> onFailure) {
        this.files = files;
        this.synced = synced;
        this.recordBytes = recordBytes;
        this.onFailure = onFailure;
        groups = new CommitGroups(recordBytes);
    }

    /**
     * Starts the first log file of a store that is being opened; it is durable on return.
     *
     * @param id id of all log files until the store is closed, never used before
     * @param number above the numbers of all log files that exist
     * @param nextSequence sequence number of the next write
     * @param synced whether {@link #await} waits for a sync
     * @param recordBytes longest record: {@link #MAX_RECORD_BYTES}, less in tests
     * @param onFailure called with the first cause when a log cannot be written, while no write of the log is under way
     */
    public static WriteAheadLog start(
            FileStore files,
            Encryption encryption,
            long id,
            long number,
            long nextSequence,
            boolean synced,
            int recordBytes,
            Consumer<Throwable> onFailure)
            throws IOException {
        WalFiles first = new WalFiles(files, encryption, id, number, nextSequence);
        return new WriteAheadLog(first, synced, recordBytes, onFailure);
    }

    // ---- the first half: one thread at a time, sequence numbers rise; each gives a ticket

    public long put(long sequence, byte[] key, int keyAt, int keyLength, byte[] value, int valueAt, int valueLength) {
        return groups.put(WalFormat.PUT, sequence, key, keyAt, keyLength, value, valueAt, valueLength);
    }

    public long delete(long sequence, byte[] key, int keyAt, int keyLength) {
        return groups.delete(sequence, key, keyAt, keyLength);
    }

    public long merge(
            long sequence, byte[] key, int keyAt, int keyLength, byte[] operand, int operandAt, int operandLength) {
        return groups.put(WalFormat.MERGE, sequence, key, keyAt, keyLength, operand, operandAt, operandLength);
    }

    /** @param to null for no end */
    public long deleteRange(long sequence, byte[] from, byte[] to) {
        return groups.deleteRange(sequence, from, to);
    }

    /**
     * Throws when the batch is too long for a record: it must be refused before any of its operations is applied. Any
     * thread.
     *
     * @throws IllegalArgumentException with its size and the limit
     */
    public void checkSize(WriteBatch batch) {
        long needed = CommitGroup.bytesFor(batch);
        if (needed > recordBytes) {
            throw new IllegalArgumentException("A write batch of " + batch.sizeInBytes() + " bytes in " + batch.count()
                    + " operations takes " + needed
                    + " bytes of a write-ahead log, where a batch is one record of at most "
                    + recordBytes + " bytes; write it in parts");
        }
    }

    /**
     * @param firstSequence sequence number of the first write of the batch, which has at least one write and has passed
     *     {@link #checkSize}
     */
    public long batch(long firstSequence, WriteBatch batch) {
        return groups.batch(firstSequence, batch);
    }

    /**
     * @param onDurable run once, soon after the commit or a later one is synced, unless the later commit takes its
     *     place
     */
    public long commit(long sequence, byte[] payload, Runnable onDurable) {
        return groups.commit(sequence, payload, onDurable);
    }

    /** Later writes go to a new log file. */
    public void rotate() {
        groups.rotate();
    }

    /** The ticket of the newest write. Any thread. */
    public long lastTicket() {
        return groups.lastTicket();
    }

    // ---- the second half: any thread

    /**
     * Returns when the write with this ticket is as durable as this log makes it.
     *
     * @return false when the write may be lost, because a log could not be written
     */
    public boolean await(long ticket) {
        return reach(ticket, synced);
    }

    /** As {@link #await}, until the write survives power loss. */
    public boolean awaitSynced(long ticket) {
        return reach(ticket, true);
    }

    private boolean reach(long ticket, boolean sync) {
        if (isReached(ticket, sync)) {
            return true;
        }
        synchronized (io) {
            awaitLead(ticket, sync);
            if (isReached(ticket, sync)) {
                return true;
            }
            if (failure != null) {
                return false;
            }
            leading = true;
        }
        Throwable cause;
        try {
            cause = write(sync);
        } finally {
            endLead();
        }
        if (cause != null) {
            onFailure.accept(cause);
        }
        return cause == null;
    }

    private boolean isReached(long ticket, boolean sync) {
        return (sync ? syncedTicket : writtenTicket) >= ticket;
    }

    /**
     * With the lock {@code io}: waits until no thread leads, or the ticket is reached. An interrupt does not end the
     * wait; its flag is set again.
     */
    private void awaitLead(long ticket, boolean sync) {
        boolean interrupted = false;
        while (leading && !isReached(ticket, sync)) {
            try {
                io.wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void lead() {
        synchronized (io) {
            awaitLead(Long.MAX_VALUE, true);
            leading = true;
        }
    }

    private void endLead() {
        synchronized (io) {
            leading = false;
            io.notifyAll();
        }
    }

    /** @return the failure, or null */
    private Throwable write(boolean sync) {
        try {
            for (CommitGroup group = groups.take(); group != null; group = groups.take()) {
                if (group.startsLog) {
                    sync(); // before the next log file exists
                    files.startNext(group.firstSequence);
                }
                files.append(group);
                if (group.onCommitDurable != null) {
                    onCommitDurable = group.onCommitDurable;
                }
                writtenTicket = group.ticket;
                groups.giveBack(group);
            }
            if (sync) {
                synchronized (io) {
                    io.notifyAll(); // threads that wait only for the write need not wait for the sync
                }
                sync();
            }
            return null;
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
            return e;
        }
    }

    private void sync() throws IOException {
        files.sync();
        // before the threads that wait for the commit go on
        if (onCommitDurable != null) {
            onCommitDurable.run();
            onCommitDurable = null;
        }
        syncedTicket = writtenTicket;
    }

    /** True when a log could not be written, until {@link #restart}. */
    public boolean hasFailed() {
        return failure != null;
    }

    /**
     * Starts another log file after a failure, when all writes so far are in files that the manifest keeps, and no
     * other thread writes. The failed file is not used any more. The new file is durable on return. Until {@link
     * #restart} nothing is written to it, and {@link #hasFailed} stays true. Does nothing when an earlier attempt has
     * got so far.
     *
     * @param nextSequence sequence number of the next write; the manifest keeps all writes before it
     */
    public void beginAnother(long nextSequence) throws IOException {
        lead();
        try {
            if (renewed && files.firstSequence() == nextSequence) {
                return;
            }
            files.replaceFailed(nextSequence);
            renewed = true;
        } finally {
            endLead();
        }
    }

    /** Takes writes again, when the manifest needs the log file of {@link #beginAnother} and none before it. */
    public void restart() {
        lead();
        try {
            long last = groups.clear();
            writtenTicket = last;
            syncedTicket = last;
            onCommitDurable = null;
            renewed = false;
            failure = null;
        } finally {
            endLead();
        }
    }

    /**
     * Syncs everything unless there was a failure before, and closes the file.
     *
     * @return false when there was a failure, maybe in another thread just now: writes may be lost
     */
    public boolean close() throws IOException {
        lead();
        try {
            boolean whole = failure == null;
            Throwable cause = whole ? write(true) : null;
            failure = new IOException("The write-ahead log is closed");
            try {
                files.close();
            } catch (IOException | RuntimeException e) {
                if (cause != null) {
                    Failures.suppress(cause, e);
                } else {
                    cause = e;
                }
            }
            if (cause != null) {
                throw new IOException("Closing write-ahead log " + files.name() + " failed", cause);
            }
            return whole;
        } finally {
            endLead();
        }
    }

    /** Closes the file as it is: writes that were not written or synced so far will not be. */
    public void abandon() throws IOException {
        lead();
        try {
            failure = new IOException("The write-ahead log was abandoned");
            files.close();
        } finally {
            endLead();
        }
    }

    // ---- the logs there are: any thread

    /** Id of all log files of this log. */
    public long id() {
        return files.id();
    }

    /** Number of the oldest log file that is needed when all writes up to {@code kept} are in files. */
    public long firstNeeded(long kept) {
        return files.live().firstNeeded(kept);
    }

    /** Deletes the log files below {@code number}, which the durable manifest does not need any more. */
    public void deleteBelow(long number) {
        files.live().deleteBelow(number);
    }

    /** Bytes of the log files that were not deleted. */
    public long liveBytes() {
        return files.live().bytes();
    }

    /** Bytes of the log file that is being written; 0 when the next write starts a new one. */
    public long activeBytes() {
        return groups.isRotated() ? 0 : files.live().newestBytes();
    }

    /** Ids of the master keys of the log files that were not deleted. */
    public Set<String> keyIds() {
        return files.live().keyIds();
    }

    public long bytesWritten() {
        return files.bytesWritten();
    }

    public long syncs() {
        return files.syncs();
    }
}
