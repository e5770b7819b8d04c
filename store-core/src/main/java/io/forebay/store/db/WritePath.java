package io.forebay.store.db;

import io.forebay.store.Clock;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.WriteBatch;
import io.forebay.store.key.KeyHash;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.memtable.RoomPlan;
import io.forebay.store.wal.WriteAheadLog;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * The way of a write: gate, room in the memtable, sequence number, memtable, publication. Also the place where the active
 * memtable is frozen, because only here its end is known.
 *
 * <p>Two sequence numbers run apart only inside a batch: {@code assigned} counts the writes that are in the memtable,
 * {@code published} those that readers may see. All fields but {@code published} and the counters are touched inside the
 * gate only.
 */
final class WritePath implements MemoryArbiter.Tenant {
    /** After most writes without a log. */
    private static final long NOTHING_DUE = -1;
    /** A pause, and no ticket of a log. */
    private static final long PAUSE_DUE = 0;

    private static final VarHandle PUBLISHED;

    static {
        try {
            PUBLISHED = MethodHandles.lookup().findVarHandle(WritePath.class, "published", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final StoreContext store;
    private final WriterGate gate;
    private final Lifecycle lifecycle;
    private final SnapshotList snapshots;
    private final EmptySpansTracker emptySpans;
    private final WriteDebt debt;
    private final Clock clock;
    private final Runnable onFreeze;
    private final long freezeBytes;
    private final BatchApplier batches;

    private Memtable memtable;
    private long assigned;
    private long published;
    /** True from the first change of the memtable until it is published. */
    private boolean touching;

    /**
     * Not 0 while a large batch is applied: the sequence number of its first operation. Meanwhile the published state does not
     * change, and nothing that it shows is overwritten, so that it can be read and claimed beside the batch. Written
     * inside the gate, and back without a call: there may be no stack left for one.
     */
    volatile long stacking;

    private long checkBytes;

    /** Null without one. Set before the first write of the user. */
    private LogPath log;

    private long sequenceAtOpen;
    /** Sequence numbers that no write has: those of ingested files and, in a log, of commits. */
    private long outside;

    private long bytesWritten;
    /**
     * True while the writer waits for memory inside the gate and has nothing to freeze. Two of them must not take each other
     * for somebody who will give memory back.
     */
    private volatile boolean emptyHanded;

    /** @param onFreeze starts the flush of what was frozen; called inside the gate */
    WritePath(StoreContext store, Pacing pacing, Runnable onFreeze) {
        this.store = store;
        debt = new WriteDebt(pacing);
        this.onFreeze = onFreeze;
        gate = store.gate;
        lifecycle = store.lifecycle;
        snapshots = store.snapshots;
        emptySpans = store.emptySpans;
        clock = store.shared.clock();
        freezeBytes =
                Math.min(store.options.memtableBytes(), store.shared.pool().budget() / 4);
        batches = new BatchApplier(this, store);
        assigned = store.versions.lastSequence();
        sequenceAtOpen = assigned;
        published = assigned;
        memtable = store.states.active().memtable;
        nextCheck();
    }

    /** The last write that readers may see. Any thread. */
    long published() {
        return (long) PUBLISHED.getAcquire(this);
    }

    void put(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        EntryLimits.check(key, keyOffset, keyLength, value, valueOffset, valueLength);
        long hash = KeyHash.of(key, keyOffset, keyLength);
        long due;
        gate.enterWriter();
        try {
            lifecycle.checkWritable();
            Memtable table = room(keyLength, valueLength, false);
            long sequence = assigned + 1;
            emptySpans.written(key, keyOffset, keyLength);
            touching = true;
            table.put(hash, key, keyOffset, keyLength, value, valueOffset, valueLength, sequence, snapshots.pinned());
            due = log == null
                    ? wrote(table, sequence, keyLength + valueLength)
                    : wroteLogged(
                            table,
                            sequence,
                            keyLength + valueLength,
                            log.put(sequence, key, keyOffset, keyLength, value, valueOffset, valueLength));
        } catch (RuntimeException | Error e) {
            failedWhileTouching(e);
            throw e;
        } finally {
            gate.leave();
        }
        if (due != NOTHING_DUE) {
            finish(due);
        }
    }

    void delete(byte[] key, int keyOffset, int keyLength) {
        Objects.checkFromIndexSize(keyOffset, keyLength, key.length);
        EntryLimits.checkLengths(keyLength, 0);
        long hash = KeyHash.of(key, keyOffset, keyLength);
        long due;
        gate.enterWriter();
        try {
            lifecycle.checkWritable();
            Memtable table = room(keyLength, 0, false);
            long sequence = assigned + 1;
            touching = true;
            table.delete(hash, key, keyOffset, keyLength, sequence, snapshots.pinned());
            due = log == null
                    ? wrote(table, sequence, keyLength)
                    : wroteLogged(table, sequence, keyLength, log.delete(sequence, key, keyOffset, keyLength));
        } catch (RuntimeException | Error e) {
            failedWhileTouching(e);
            throw e;
        } finally {
            gate.leave();
        }
        if (due != NOTHING_DUE) {
            finish(due);
        }
    }

    void merge(byte[] key, int keyOffset, int keyLength, byte[] operand, int operandOffset, int operandLength) {
        EntryLimits.check(key, keyOffset, keyLength, operand, operandOffset, operandLength);
        checkMergeable();
        long hash = KeyHash.of(key, keyOffset, keyLength);
        long due;
        gate.enterWriter();
        try {
            lifecycle.checkWritable();
            Memtable table = room(keyLength, operandLength, false);
            long sequence = assigned + 1;
            emptySpans.written(key, keyOffset, keyLength);
            touching = true;
            table.merge(
                    hash,
                    key,
                    keyOffset,
                    keyLength,
                    operand,
                    operandOffset,
                    operandLength,
                    sequence,
                    snapshots.pinned());
            due = log == null
                    ? wrote(table, sequence, keyLength + operandLength)
                    : wroteLogged(
                            table,
                            sequence,
                            keyLength + operandLength,
                            log.merge(sequence, key, keyOffset, keyLength, operand, operandOffset, operandLength));
        } catch (RuntimeException | Error e) {
            failedWhileTouching(e);
            throw e;
        } finally {
            gate.leave();
        }
        if (due != NOTHING_DUE) {
            finish(due);
        }
    }

    void deleteRange(byte[] from, byte[] to) {
        EntryLimits.checkLengths(from.length, 0);
        if (to != null) {
            EntryLimits.checkLengths(to.length, 0);
            if (Arrays.compareUnsigned(from, to) >= 0) {
                lifecycle.checkWritable();
                return;
            }
        }
        int toLength = to == null ? 0 : to.length;
        byte[] ownFrom = from.clone();
        byte[] ownTo = to == null ? null : to.clone();
        long due;
        gate.enterWriter();
        try {
            lifecycle.checkWritable();
            if (!tryDeleteRange(ownFrom, ownTo, snapshots.pinned())) {
                waitForRoom(() -> tryDeleteRange(ownFrom, ownTo, snapshots.pinned()), "a range delete", 0, false);
            }
            long sequence = assigned + 1;
            due = log == null
                    ? wrote(memtable, sequence, from.length + toLength)
                    : wroteLogged(
                            memtable, sequence, from.length + toLength, log.deleteRange(sequence, ownFrom, ownTo));
            emptySpans.rangeDeleted(ownFrom, ownTo);
        } catch (RuntimeException | Error e) {
            failedWhileTouching(e);
            throw e;
        } finally {
            gate.leave();
        }
        if (due != NOTHING_DUE) {
            finish(due);
        }
    }

    private boolean tryDeleteRange(byte[] from, byte[] to, long pinned) {
        touching = true;
        boolean done = memtable.deleteRange(from, to, assigned + 1, pinned);
        touching = done;
        return done;
    }

    /**
     * When the JVM runs out of heap or stack between the first change of the memtable and the publication, a version may be
     * half written, or have the sequence number of the write after it.
     */
    private void failedWhileTouching(Throwable failure) {
        if (touching) {
            lifecycle.unwritable = true; // without a call: there may be no stack left for one
            lifecycle.unreadable = true;
            touching = false;
            lifecycle.tear(failure);
        }
    }

    void write(WriteBatch batch) {
        batches.check(batch);
        if (log != null) {
            log.checkSize(batch);
        }
        long ticket;
        gate.enterWriter();
        try {
            lifecycle.checkWritable();
            ticket = batches.apply(batch);
        } finally {
            gate.leave();
        }
        finish(ticket);
    }

    /** As of {@link #stacking}. Any thread. */
    long largeBatch() {
        return stacking;
    }

    /** Whether the batch that {@link #largeBatch} has told of is still under way, and was all the time since. Any thread. */
    boolean isUnderWay(long batch) {
        VarHandle.fullFence(); // what was read before was read while it was under way
        return stacking == batch;
    }

    // ---- for batches, inside the gate

    /**
     * Makes room for the whole batch; waits for it outside the gate if need be.
     *
     * @return false when an empty memtable would have to take more than {@code most} bytes for it, or nobody can give so much
     *     back
     */
    boolean roomFor(WriteBatch batch, long most) {
        RoomPlan plan = RoomPlan.of(batch);
        if (plan.bytes() > most) {
            return false;
        }
        try {
            roomFor(plan, "a write batch of " + batch.sizeInBytes() + " bytes");
            return true;
        } catch (MemoryBudgetException e) {
            return false; // nothing was changed; in pieces there may be enough, else this comes again
        }
    }

    /** Makes room for any one operation of the batch: one that finds none fails before anything of the batch is applied. */
    void roomForLargest(WriteBatch batch) {
        roomFor(RoomPlan.ofLargest(batch), "the largest operation of a write batch");
    }

    private void roomFor(RoomPlan plan, String what) {
        if (!memtable.ensureRoom(plan)) {
            waitForRoom(() -> memtable.ensureRoom(plan), what, plan.bytes(), false);
        }
    }

    /** Applies one operation of a batch that has room, without publishing it. */
    void applyUnpublished(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        apply(kind, bytes, keyAt, keyLength, valueAt, valueLength, snapshots.pinned());
    }

    private void apply(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength, long pinned) {
        long sequence = assigned + 1;
        if (kind == WriteBatch.PUT || kind == WriteBatch.MERGE) {
            emptySpans.written(bytes, keyAt, keyLength);
        }
        touching = true;
        switch (kind) {
            case WriteBatch.PUT -> {
                long hash = KeyHash.of(bytes, keyAt, keyLength);
                memtable.put(hash, bytes, keyAt, keyLength, bytes, valueAt, valueLength, sequence, pinned);
            }
            case WriteBatch.DELETE -> {
                long hash = KeyHash.of(bytes, keyAt, keyLength);
                memtable.delete(hash, bytes, keyAt, keyLength, sequence, pinned);
            }
            case WriteBatch.MERGE -> {
                long hash = KeyHash.of(bytes, keyAt, keyLength);
                memtable.merge(hash, bytes, keyAt, keyLength, bytes, valueAt, valueLength, sequence, pinned);
            }
            default -> {
                byte[] from = Arrays.copyOfRange(bytes, keyAt, keyAt + keyLength);
                byte[] to = valueLength < 0 ? null : Arrays.copyOfRange(bytes, valueAt, valueAt + valueLength);
                if (stacking == 0) { // ending the memtable here would hide what the batch has overwritten
                    memtable.deleteRangeWithRoom(from, to, sequence, pinned);
                } else if (!tryDeleteRange(from, to, pinned)) {
                    waitForRoom(() -> tryDeleteRange(from, to, pinned), "a range delete", 0, true);
                }
                assigned = sequence; // first, so that a failure of the next line is known to have left something behind
                emptySpans.rangeDeleted(from, to);
            }
        }
        assigned = sequence;
        bytesWritten += keyLength + Math.max(0, valueLength);
    }

    /**
     * As {@link #applyUnpublished}, of a batch that is too large to have room as a whole: memtables may end within it, and it
     * may fail midway. So it overwrites nothing that readers see.
     *
     * <p>A full memtable is frozen before the next operation, not behind the last one: that one is frozen when the batch is
     * published, and then keeps all of it.
     */
    void applyLarge(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        lifecycle.checkOpen();
        if (memtable.bytes() >= freezeBytes) {
            freeze();
        }
        if (kind != WriteBatch.DELETE_RANGE) {
            room(keyLength, valueLength, true);
        }
        apply(kind, bytes, keyAt, keyLength, valueAt, valueLength, Math.max(snapshots.pinned(), published));
    }

    /** Hands a batch that was applied to the log, if there is one. @return its ticket, 0 without a log */
    long logBatch(long firstSequence, WriteBatch batch) {
        return log == null || batch.isEmpty() ? 0 : log.batch(firstSequence, batch);
    }

    /** Lets readers see everything assigned so far. */
    void publish() {
        PUBLISHED.setRelease(this, assigned);
        touching = false;
        if (log != null) {
            checkLog();
        }
        if (memtable.bytes() >= checkBytes) {
            grew(memtable);
        }
    }

    /**
     * Notes that the state at {@code sequence} has nothing in {@code [from, to)}, if it still is the present one and nobody
     * is inside the gate. Any thread.
     */
    void foundEmpty(byte[] from, byte[] to, long sequence) {
        if (published() == sequence && gate.tryEnterOther()) {
            try {
                if (published() == sequence) {
                    emptySpans.emptied(from, to);
                }
            } finally {
                gate.leave();
            }
        }
    }

    // ---- freezing, inside the gate

    /** Freezes the active memtable unless no write went to it. @return false in that case */
    boolean freeze() {
        TrackedMemtable active = store.states.active();
        if (active.firstSequence > assigned) {
            return false;
        }
        assert !touching || stacking > 0 : "A batch that overwrites what is published must not be cut";
        TrackedMemtable fresh = store.newMemtable(assigned + 1);
        try {
            store.states.freeze(fresh, assigned, published, store.commits.last());
            memtable = fresh.memtable;
            emptySpans.age();
            if (log != null) {
                log.rotate();
            }
            nextCheck();
        } catch (RuntimeException | Error e) {
            lifecycle.unwritable = true; // without a call: there may be no stack left for one
            lifecycle.breakDown(e); // nobody knows which memtable is the active one
            throw e;
        }
        onFreeze.run();
        return true;
    }

    /** True when a commit should end the memtable here: it is nearly full. */
    boolean isNearlyFull() {
        return memtable.bytes() >= freezeBytes / 4 * 3;
    }

    /** Publishes the next sequence number, which belongs to something outside of the memtable; that one must be empty. */
    void publishOutside() {
        assigned++;
        outside++;
        emptySpans.clear();
        store.states.restart(assigned + 1);
        PUBLISHED.setRelease(this, assigned);
    }

    /** Publishes the next sequence number, which belongs to a commit. @return the number */
    long publishCommit() {
        assigned++;
        outside++;
        PUBLISHED.setRelease(this, assigned);
        return assigned;
    }

    /** Whether the memtable has a change that is not published; says so once. */
    boolean takeTouching() {
        boolean was = touching;
        touching = false;
        return was;
    }

    /** The last write in the memtable, published or not. */
    long assigned() {
        return assigned;
    }

    // ---- for the arbiter

    @Override
    public long activeBytes() {
        return store.states.activeBytes();
    }

    @Override
    public boolean awaitsFlush() {
        if (lifecycle.isClosed()) { // its end gives back all that it has, flushed or not
            return !lifecycle.hasEnded() && (store.states.frozenCount() > 0 || store.states.activeBytes() > 0);
        }
        return store.states.frozenCount() > 0 && lifecycle.failure() == null;
    }

    @Override
    public MemoryArbiter.Freeze tryFreeze() {
        if (!lifecycle.mayRunJobs()) {
            return MemoryArbiter.Freeze.NOTHING; // no flush would come
        }
        if (!gate.tryEnterOther()) {
            return emptyHanded ? MemoryArbiter.Freeze.NOTHING : MemoryArbiter.Freeze.BUSY;
        }
        try {
            return !lifecycle.isClosed() && freeze() ? MemoryArbiter.Freeze.DONE : MemoryArbiter.Freeze.NOTHING;
        } finally {
            gate.leave();
        }
    }

    @Override
    public long activeSince() {
        return store.states.activeSince();
    }

    @Override
    public boolean hasGivenBack(long since) {
        if (lifecycle.isClosed()) {
            return !awaitsFlush() && store.states.hasGivenBack(since);
        }
        // What waits for a flush that will not come is not waited for; what readers have of before is.
        boolean kept = lifecycle.failure() != null;
        return store.states.hasGivenBack(kept ? Math.min(since, store.states.firstInMemory()) : since);
    }

    @Override
    public int harmlessStates() {
        return store.states.harmlessStates();
    }

    @Override
    public long keptBytes() {
        return lifecycle.failure() == null || lifecycle.isClosed() ? 0 : store.states.heldBytes();
    }

    @Override
    public String keptMemory() {
        Lifecycle.Failure failure = lifecycle.failure();
        long bytes = keptBytes();
        return failure == null || bytes == 0
                ? null
                : "Store " + store.options.name() + " keeps " + bytes + " bytes of memtables, because it is read-only: "
                        + failure.cause().getMessage() + ".";
    }

    @Override
    public String busyStore() {
        return gate.isTaken() && !emptyHanded && lifecycle.failure() == null ? store.options.name() : null;
    }

    @Override
    public int takeIdleMemtables() {
        return store.takeIdleMemtables();
    }

    @Override
    public Opened oldestIterator() {
        return snapshots.oldestIterator();
    }

    // ---- counters, any thread

    long operations() {
        return published() - sequenceAtOpen - outside;
    }

    long bytesWritten() {
        return bytesWritten;
    }

    long stallNanos() {
        return debt.stallNanos();
    }

    // ---- the log

    /**
     * The store is open: writes count from now on, and go to the log.
     *
     * @param writeAhead null for none
     */
    void begin(WriteAheadLog writeAhead) {
        sequenceAtOpen = assigned;
        outside = 0;
        bytesWritten = 0;
        log = writeAhead == null ? null : new LogPath(writeAhead, lifecycle, store.options.walBytes());
    }

    /** Outside the gate: waits until a write is as durable as the store makes it, and pays for it. */
    void finish(long ticket) {
        if (log != null) {
            log.await(ticket);
        }
        if (debt.isOwed()) {
            debt.pay(log == null ? 0 : log.share(), awaitsFlush());
        }
    }

    private long wroteLogged(Memtable table, long sequence, int bytes, long ticket) {
        wrote(table, sequence, bytes);
        checkLog();
        return ticket;
    }

    /** Inside the gate: a commit went to the log. */
    void committed(int payloadBytes) {
        log.committed(payloadBytes);
        checkLog();
    }

    /** Inside the gate: freezes when the log is half as large as all logs may be. */
    private void checkLog() {
        long grown = log.takeGrowth();
        if (grown > 0) {
            debt.add(grown);
            if (log.isFull()) {
                freeze();
            }
        }
    }

    private Memtable room(int keyLength, int valueLength, boolean inBatch) {
        if (!memtable.ensureRoom(keyLength, valueLength)) {
            checkFits(keyLength, valueLength, "");
            waitForRoom(
                    () -> memtable.ensureRoom(keyLength, valueLength),
                    entry(keyLength, valueLength),
                    RoomPlan.bytes(keyLength, valueLength),
                    inBatch);
        }
        return memtable;
    }

    /** Throws for an entry that not even an empty memtable could take, whatever others give back. */
    void checkFits(int keyLength, int valueLength, String where) {
        long most = store.shared.pool().memtableCeiling();
        // What a memtable needs beside the bytes is counted only where it may matter.
        if ((long) keyLength + valueLength > most / 4) {
            long bytes = RoomPlan.bytes(keyLength, valueLength);
            if (bytes > most) {
                String request = entry(keyLength, valueLength) + where + " in store " + store.options.name();
                throw store.shared.arbiter().report().tooLarge(request, bytes);
            }
        }
    }

    private static String entry(int keyLength, int valueLength) {
        return "an entry with a key of " + keyLength + " and a value of " + valueLength + " bytes";
    }

    /**
     * There is no memory: has the largest memtable flushed, and waits, until {@code attempt} succeeds. Outside a batch the
     * gate is left meanwhile. A batch keeps it, because nobody may see half of it, and is not ended by an interrupt.
     *
     * @param bytes what an empty memtable needs for it, 0 for little
     */
    private void waitForRoom(BooleanSupplier attempt, String what, long bytes, boolean inBatch) {
        MemoryArbiter arbiter = store.shared.arbiter();
        long start = clock.nanoTime();
        MemoryArbiter.Ended ended = MemoryArbiter.Ended.CAME;
        arbiter.refused();
        try {
            MemoryRequest request = new MemoryRequest(arbiter, this, what + " in store " + store.options.name(), bytes);
            while (!arbiter.tryAgain(attempt)) {
                request.failed(ended, this::freeze);
                if (request.freezeLarger(memtable.heldBytes()) != MemoryArbiter.Freeze.DONE) {
                    freeze();
                }
                ended = inBatch ? awaitInside(request) : awaitOutside(request);
                request.attempting();
            }
        } catch (MemoryBudgetException e) {
            lifecycle.checkFailure(); // flushes do not come because of it
            throw e;
        } finally {
            debt.addStall(clock.nanoTime() - start);
        }
    }

    private MemoryArbiter.Ended awaitInside(MemoryRequest request) {
        gate.waiting(true);
        emptyHanded = store.states.active().firstSequence > assigned;
        MemoryArbiter.Ended ended;
        try {
            ended = store.shared.arbiter().await(request, false, lifecycle::checkOpen);
        } finally {
            emptyHanded = false;
            gate.waiting(false);
        }
        lifecycle.checkFailure();
        return ended;
    }

    private MemoryArbiter.Ended awaitOutside(MemoryRequest request) {
        gate.leave();
        MemoryArbiter.Ended ended;
        try {
            ended = store.shared.arbiter().await(request, true, lifecycle::checkOpen);
        } catch (RuntimeException | Error e) {
            enterAgain(e);
            throw e;
        }
        enterAgain(null);
        lifecycle.checkWritable();
        return ended;
    }

    /**
     * Inside the gate afterwards, also when it throws: whoever began this write leaves the gate in any case, and must
     * not leave it for a second writer who is inside. So the thread waits for that one, and is told then.
     *
     * @param failure of the wait outside, or null
     */
    private void enterAgain(Throwable failure) {
        try {
            gate.enterWriter();
        } catch (IllegalStateException e) {
            gate.enterOther();
            if (failure != null) {
                e.addSuppressed(failure);
            }
            throw e;
        }
    }

    private long wrote(Memtable table, long sequence, int bytes) {
        assigned = sequence;
        PUBLISHED.setRelease(this, sequence);
        touching = false;
        bytesWritten += bytes;
        if (table.bytes() < checkBytes) {
            return NOTHING_DUE;
        }
        grew(table);
        return PAUSE_DUE;
    }

    private void grew(Memtable table) {
        if (log == null) {
            debt.add(Math.min(freezeBytes, Pacing.STEP_BYTES));
        }
        if (table.bytes() >= freezeBytes || store.shared.arbiter().shouldFreeze(this)) {
            freeze();
        } else {
            nextCheck();
        }
    }

    private void nextCheck() {
        checkBytes = Math.min(freezeBytes, memtable.bytes() + Pacing.STEP_BYTES);
    }

    void checkMergeable() {
        if (store.options.mergeFunction() == null) {
            throw new IllegalStateException("Store " + store.options.name()
                    + " was opened without a merge function; set StoreOptions.mergeFunction");
        }
    }
}
