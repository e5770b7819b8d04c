package io.forebay.store.wal;

import io.forebay.store.FileStore;
import io.forebay.store.WriteBatch;
import io.forebay.store.crypto.Encryption;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The write-ahead log of one open store: takes writes in the order of their sequence numbers, and brings them to files in
 * groups.
 *
 * <p>Writing has two halves. The first one encodes a write in memory and gives its ticket; it belongs to the order of the
 * writes and does no I/O. The second one, {@link #await}, comes when others may write already: whoever gets there first
 * appends everything that was encoded so far as one record, and syncs it if need be; the others, whose writes went with it,
 * find that nothing is left to do. So while one sync is under way the next group gathers.
 *
 * <p>Thread-safe. No lock is held during I/O: one thread at a time leads, the others wait until it is done. After
 * a failure nothing is written any more, until {@link #restart}.
 */
public final class WriteAheadLog {
    /** A group is closed when it is larger. */
    private static final int GROUP_BYTES = 1 << 20;
    /** No record is larger, and no batch that is to be one. */
    public static final int MAX_RECORD_BYTES = WalFormat.MAX_PAYLOAD;
    /** Groups that are kept for reuse, unless a large write has made them too big. */
    private static final int SPARES = 2;

    private final FileStore files;
    private final Encryption encryption;
    private final long id;
    private final boolean synced;
    private final int recordBytes;
    private final Consumer<Throwable> onFailure;
    private final LiveLogs live;

    private final Object segments = new Object();
    // Guarded by segments.
    private final ArrayDeque<WalSegment> full = new ArrayDeque<>();
    private final ArrayDeque<WalSegment> spares = new ArrayDeque<>();
    private WalSegment filling;
    private boolean rotate;
    private long tickets;

    private final Object io = new Object();
    /** Somebody works on the files. Guarded by io, which is not held meanwhile: those whose writes went along can leave. */
    private boolean leading;
    // Changed by the leader.
    private WalFile file;
    private Runnable onCommitDurable;
    private volatile long writtenTicket;
    private volatile long syncedTicket;
    private volatile Throwable failure;
    /** The file is a new one, behind one that failed, and nothing was written to it. */
    private boolean renewed;

    private volatile long syncs;
    private volatile long bytesWritten;

    private WriteAheadLog(
            FileStore files,
            Encryption encryption,
            long id,
            boolean synced,
            int recordBytes,
            WalFile file,
            Consumer<Throwable> onFailure) {
        this.files = files;
        this.encryption = encryption;
        this.id = id;
        this.synced = synced;
        this.recordBytes = recordBytes;
        filling = new WalSegment(recordBytes);
        this.file = file;
        this.onFailure = onFailure;
        live = new LiveLogs(files);
        live.add(file);
        syncs = 1;
        bytesWritten = file.bytes();
    }

    /**
     * Starts the first log of a store that is being opened; it is durable on return.
     *
     * @param id of all logs until the store is closed, never used before
     * @param number above that of every log there is
     * @param nextSequence of the next write
     * @param synced whether {@link #await} waits for a sync
     * @param recordBytes of a record at most: {@link #MAX_RECORD_BYTES}, less in tests
     * @param onFailure told the first cause when a log cannot be written; called with no write under way
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
        WalFile first = WalFile.create(files, encryption, id, number, nextSequence);
        return new WriteAheadLog(files, encryption, id, synced, recordBytes, first, onFailure);
    }

    // ---- the first half: one thread at a time, sequence numbers rise; each gives a ticket

    public long put(long sequence, byte[] key, int keyAt, int keyLength, byte[] value, int valueAt, int valueLength) {
        synchronized (segments) {
            WalSegment segment = segment(sequence);
            segment.put(WalFormat.PUT, key, keyAt, keyLength, value, valueAt, valueLength);
            return added(segment);
        }
    }

    public long delete(long sequence, byte[] key, int keyAt, int keyLength) {
        synchronized (segments) {
            WalSegment segment = segment(sequence);
            segment.delete(key, keyAt, keyLength);
            return added(segment);
        }
    }

    public long merge(
            long sequence, byte[] key, int keyAt, int keyLength, byte[] operand, int operandAt, int operandLength) {
        synchronized (segments) {
            WalSegment segment = segment(sequence);
            segment.put(WalFormat.MERGE, key, keyAt, keyLength, operand, operandAt, operandLength);
            return added(segment);
        }
    }

    /** @param to null for no end */
    public long deleteRange(long sequence, byte[] from, byte[] to) {
        synchronized (segments) {
            WalSegment segment = segment(sequence);
            segment.deleteRange(from, 0, from.length, to, 0, to == null ? -1 : to.length);
            return added(segment);
        }
    }

    /**
     * Throws when the batch is too large for a record: it must be refused before anything of it is applied. Any thread.
     *
     * @throws IllegalArgumentException says its size and the limit
     */
    public void checkSize(WriteBatch batch) {
        long needed = WalSegment.bytesFor(batch);
        if (needed > recordBytes) {
            throw new IllegalArgumentException("A write batch of " + batch.sizeInBytes() + " bytes in " + batch.count()
                    + " operations takes " + needed
                    + " bytes of a write-ahead log, where a batch is one record of at most "
                    + recordBytes + " bytes; write it in parts");
        }
    }

    /** @param firstSequence of the first write of the batch, which has one at least and passed {@link #checkSize} */
    public long batch(long firstSequence, WriteBatch batch) {
        synchronized (segments) {
            if (!filling.isEmpty() && !filling.hasRoomFor(batch)) {
                closeSegment();
            }
            WalSegment segment = segment(firstSequence);
            segment.batch(batch);
            return added(segment);
        }
    }

    /** @param onDurable run once, soon after the commit or a later one is synced, unless that one takes its place */
    public long commit(long sequence, byte[] payload, Runnable onDurable) {
        synchronized (segments) {
            WalSegment segment = segment(sequence);
            segment.commit(payload, onDurable);
            return added(segment);
        }
    }

    /** What comes from now on goes to a new log. */
    public void rotate() {
        synchronized (segments) {
            closeSegment();
            rotate = true;
        }
    }

    /** The ticket of the newest write. Any thread. */
    public long lastTicket() {
        synchronized (segments) {
            return tickets;
        }
    }

    private WalSegment segment(long sequence) {
        WalSegment segment = filling;
        if (!segment.isEmpty() && (segment.nextSequence != sequence || segment.size >= GROUP_BYTES)) {
            closeSegment();
            segment = filling;
        }
        if (segment.isEmpty()) {
            segment.begin(sequence, rotate);
        }
        return segment;
    }

    private long added(WalSegment segment) {
        rotate = false;
        return segment.ticket = ++tickets;
    }

    private void closeSegment() {
        if (!filling.isEmpty()) {
            full.add(filling);
            WalSegment spare = spares.poll();
            filling = spare != null ? spare : new WalSegment(recordBytes);
        }
    }

    private WalSegment take() {
        synchronized (segments) {
            if (full.isEmpty()) {
                closeSegment();
            }
            return full.poll();
        }
    }

    private void giveBack(WalSegment segment) {
        synchronized (segments) {
            if (spares.size() < SPARES && segment.bytes.length <= 2 * GROUP_BYTES) {
                segment.begin(0, false);
                spares.add(segment);
            }
        }
    }

    // ---- the second half: any thread

    /**
     * Returns when the write of {@code ticket} is as safe as this log makes it.
     *
     * @return false when it may be lost, because a log could not be written
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

    /** Under the lock of io: waits until nobody leads, or the ticket is reached; through interrupts, whose flag is kept. */
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

    /** @return what went wrong, or null */
    private Throwable write(boolean sync) {
        try {
            for (WalSegment segment = take(); segment != null; segment = take()) {
                if (segment.startsLog) {
                    startNext(segment.firstSequence);
                }
                long before = file.bytes();
                file.append(segment);
                bytesWritten += file.bytes() - before;
                if (segment.onCommitDurable != null) {
                    onCommitDurable = segment.onCommitDurable;
                }
                live.grown(file.bytes());
                writtenTicket = segment.ticket;
                giveBack(segment);
            }
            if (sync) {
                synchronized (io) {
                    io.notifyAll(); // who waits for a write only need not wait for the sync
                }
                syncFile();
            }
            return null;
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
            return e;
        }
    }

    /** All of a log is durable before the next one is made. */
    private void startNext(long firstSequence) throws IOException {
        syncFile();
        file.close();
        file = WalFile.create(files, encryption, id, file.number() + 1, firstSequence);
        syncs++;
        bytesWritten += file.bytes();
        live.add(file);
    }

    private void syncFile() throws IOException {
        if (!file.isSynced()) {
            file.sync();
            syncs++;
        }
        // before those who wait for the commit go on
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
     * After a failure, when all writes so far are in files that the manifest keeps, and no other thread writes: leaves the log that
     * failed for good, and begins another one, which is durable on return. Until {@link #restart} nothing is written to it, and
     * this still counts as failed. Does nothing when an attempt before came as far.
     *
     * @param nextSequence of the next write; the manifest keeps all before it
     */
    public void beginAnother(long nextSequence) throws IOException {
        lead();
        try {
            if (renewed && file.firstSequence() == nextSequence) {
                return;
            }
            file.close();
            long number = file.number() + 1;
            files.delete(WalFormat.name(number)); // what an attempt before this one may have left
            file = WalFile.create(files, encryption, id, number, nextSequence);
            renewed = true;
            live.add(file);
            bytesWritten += file.bytes();
            syncs++;
        } finally {
            endLead();
        }
    }

    /** Takes writes again, now that the manifest needs the log of {@link #beginAnother} and none before it. */
    public void restart() {
        lead();
        try {
            synchronized (segments) {
                full.clear();
                filling.begin(0, false);
                rotate = false;
                writtenTicket = tickets;
                syncedTicket = tickets;
            }
            onCommitDurable = null;
            renewed = false;
            failure = null;
        } finally {
            endLead();
        }
    }

    /**
     * Syncs everything unless something failed before, and closes the file.
     *
     * @return false when something had failed, maybe in another thread just now: what was written may be lost
     */
    public boolean close() throws IOException {
        lead();
        try {
            boolean whole = failure == null;
            Throwable cause = whole ? write(true) : null;
            failure = new IOException("The write-ahead log is closed");
            try {
                file.close();
            } catch (IOException e) {
                if (cause != null) {
                    cause.addSuppressed(e);
                } else {
                    cause = e;
                }
            }
            if (cause != null) {
                throw new IOException("Closing write-ahead log " + WalFormat.name(file.number()) + " failed", cause);
            }
            return whole;
        } finally {
            endLead();
        }
    }

    /** Closes the file as it is: what was not written or synced so far will not be. */
    public void abandon() throws IOException {
        lead();
        try {
            failure = new IOException("The write-ahead log was abandoned");
            file.close();
        } finally {
            endLead();
        }
    }

    // ---- the logs there are: any thread

    /** Id of all its logs. */
    public long id() {
        return id;
    }

    /** Number of the oldest log that is needed when all writes up to {@code kept} are in files. */
    public long firstNeeded(long kept) {
        return live.firstNeeded(kept);
    }

    /** Deletes the logs below {@code number}, which a durable manifest does not need any more. */
    public void deleteBelow(long number) {
        live.deleteBelow(number);
    }

    /** Bytes of the logs that were not deleted. */
    public long liveBytes() {
        return live.bytes();
    }

    /** Bytes of the log that is being written; 0 when the next write begins a new one. */
    public long activeBytes() {
        synchronized (segments) {
            return rotate ? 0 : live.newestBytes();
        }
    }

    /** Ids of the master keys of the logs that were not deleted. */
    public Set<String> keyIds() {
        return live.keyIds();
    }

    public long bytesWritten() {
        return bytesWritten;
    }

    public long syncs() {
        return syncs;
    }
}
