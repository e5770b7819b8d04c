package io.forebay.store.db.state;

import io.forebay.store.memtable.Memtable;
import io.forebay.store.wal.WriteAheadLog;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The memtable that takes the writes of a store, and the sequence numbers of these writes.
 *
 * <pre>
 *   touch()            the memtable is about to change; gives the next sequence number
 *   (change)           Memtable.put, delete, merge, deleteRange
 *   publish(n)         assigned = published = n: readers see the write
 *
 *   inside a batch:    touch, change, assign(n); touch, change, assign(n + 1); ... publishAssigned()
 *
 *                      published             assigned
 *                          |                     |
 *       ... n-3  n-2  n-1  n  | n+1  n+2  n+3  n+4 |     writes in the memtable
 *           seen by readers   | the batch, unseen  |
 * </pre>
 *
 * <p>The two numbers differ only inside a batch: <em>assigned</em> counts the writes that are in the memtable,
 * <em>published</em> those that readers may see.
 *
 * <p>This class also freezes the memtable, because only here its last write is known. It does so when the memtable is
 * full, when a commit, a checkpoint or a flush asks for it, or when the {@link MemoryArbiter} needs memory for another
 * store ({@link MemtableTenant}). It does not flush: {@link #onFreeze} starts that. It does not wait for memory either;
 * callers do.
 *
 * <p>Methods are called inside the {@link WriterGate} unless they say otherwise.
 */
public final class ActiveMemtable {
    /**
     * After so many bytes of growth the store checks whether the memtable is full, and whether the writer has to pause.
     */
    public static final int STEP_BYTES = 64 << 10;

    /** Memtables are frozen at up to so much less than their full size, each store at another one. */
    private static final double PHASE_SHARE = 0.25;

    private static final VarHandle PUBLISHED;

    static {
        try {
            PUBLISHED = MethodHandles.lookup().findVarHandle(ActiveMemtable.class, "published", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final StoreContext store;
    private final WriterGate gate;
    private final Lifecycle lifecycle;
    private final EmptySpansTracker emptySpans;
    private final long freezeBytes;

    // Set before use
    private Runnable onFreeze;

    // Guarded by gate
    private Memtable memtable;
    private long assigned;

    // Written by the writer, read with acquire
    private long published;

    /** True from the first change of the memtable until the change is published. */
    // Guarded by gate
    private boolean touching;

    /**
     * Not 0 while a large batch is applied: the sequence number of its first operation. Meanwhile the published state
     * does not change, and nothing that it shows is overwritten, so it can be read and claimed beside the batch. It is
     * set back without a call, because there may be no stack left for a call.
     */
    // Written under gate, read without
    public volatile long largeBatchStart;

    /** Size of the memtable at which {@link #grown} is due. */
    // Guarded by gate
    private long checkBytes;

    // Racy: written under gate; statistics may see an older value
    private long sequenceAtOpen;
    /** Number of sequence numbers that no write has: those of ingested files and, with a log, of commits. */
    private long outside;

    // Racy: written under gate; statistics may see an older value
    private long bytesWritten;

    /** Starts with the memtable of the present read state, before the first write. */
    ActiveMemtable(StoreContext store) {
        this.store = store;
        gate = store.gate;
        lifecycle = store.lifecycle;
        emptySpans = store.emptySpans;
        long most = Math.min(store.options.memtableBytes(), store.shared.pool().budget() / 4);
        freezeBytes = most - (long) (most * PHASE_SHARE * store.phase);
        assigned = store.versions.lastSequence();
        sequenceAtOpen = assigned;
        published = assigned;
        memtable = store.states.active().memtable;
        nextCheck();
    }

    /** @param start starts the flush of what was frozen; called inside the gate. Set before the first write */
    public void onFreeze(Runnable start) {
        onFreeze = start;
    }

    /** The store is open: statistics count writes from now on. */
    public void startCounting() {
        sequenceAtOpen = assigned;
        outside = 0;
        bytesWritten = 0;
    }

    // ---- one write

    public Memtable memtable() {
        return memtable;
    }

    /**
     * Notes that the memtable is about to be changed.
     *
     * @return the sequence number of the change
     */
    public long touch() {
        touching = true;
        return assigned + 1;
    }

    /**
     * Lets readers see the write with this sequence number.
     *
     * @param bytes of key and value
     * @return true when {@link #grown} is due
     */
    public boolean publish(long sequence, int bytes) {
        assigned = sequence;
        PUBLISHED.setRelease(this, sequence);
        touching = false;
        bytesWritten += bytes;
        return isGrown();
    }

    /** Counts a write that is in the memtable, and that readers are to see later. */
    public void assign(long sequence, int bytes) {
        assigned = sequence;
        bytesWritten += bytes;
    }

    /** Lets readers see everything that was assigned so far. */
    public void publishAssigned() {
        PUBLISHED.setRelease(this, assigned);
        touching = false;
    }

    /** True when {@link #grown} is due. */
    public boolean isGrown() {
        return memtable.bytes() >= checkBytes;
    }

    /** The growth of the memtable, about, from one time that {@link #grown} is due to the next. */
    public long growthBytes() {
        return Math.min(freezeBytes, STEP_BYTES);
    }

    /**
     * Puts a range delete into the memtable, with the next sequence number.
     *
     * @param to null for no end
     * @param pinned the pinned sequence, as for other writes
     * @return false, with nothing changed, when the range delete needs memory first
     */
    public boolean tryDeleteRange(byte[] from, byte[] to, long pinned) {
        boolean done = memtable.deleteRange(from, to, touch(), pinned);
        touching = done;
        return done;
    }

    /**
     * A write has failed. When the JVM ran out of heap or stack between the first change of the memtable and the
     * publication, a version of a key may be half written, or may have the sequence number that the next write gets:
     * then the store is poisoned.
     */
    public void failed(Throwable failure) {
        if (touching) {
            lifecycle.unwritable = true; // without a call: there may be no stack left for one
            lifecycle.unreadable = true;
            touching = false;
            lifecycle.poison(failure);
        }
    }

    /** Whether the memtable has a change that is not published. Resets that. */
    public boolean takeTouching() {
        boolean was = touching;
        touching = false;
        return was;
    }

    /** Freezes the memtable when it is full, or when memory is short and it takes a large part of it. */
    public void grown() {
        if (isFull() || store.shared.arbiter().shouldFreeze(store.tenant)) {
            freeze();
        } else {
            nextCheck();
        }
    }

    private void nextCheck() {
        checkBytes = Math.min(freezeBytes, memtable.bytes() + STEP_BYTES);
    }

    // ---- sequence numbers

    /** The last write that readers may see. Any thread, outside the gate as well. */
    public long published() {
        return (long) PUBLISHED.getAcquire(this);
    }

    /** The last write in the memtable, published or not. */
    public long assigned() {
        return assigned;
    }

    /**
     * Publishes the next sequence number, for files that were not written through the memtable. The memtable must be
     * empty.
     */
    public void publishOutside() {
        assigned++;
        outside++;
        emptySpans.clear();
        store.states.restart(assigned + 1);
        PUBLISHED.setRelease(this, assigned);
    }

    /**
     * Publishes the next sequence number, for a commit.
     *
     * @return the number
     */
    public long publishCommit() {
        assigned++;
        outside++;
        PUBLISHED.setRelease(this, assigned);
        return assigned;
    }

    /**
     * Notes that the state at {@code sequence} has nothing in {@code [from, to)}, if that is still the present state
     * and no thread is inside the gate. Any thread, outside the gate.
     */
    public void foundEmpty(byte[] from, byte[] to, long sequence) {
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

    /** The value of {@link #largeBatchStart}. Any thread. */
    public long largeBatch() {
        return largeBatchStart;
    }

    /**
     * Whether the batch that {@link #largeBatch} has returned is still under way, and was so all the time since. Any
     * thread.
     */
    public boolean isUnderWay(long batch) {
        VarHandle.fullFence(); // all reads before this line were made while the batch was under way
        return largeBatchStart == batch;
    }

    // ---- freezing

    /**
     * Freezes the memtable unless no write went to it.
     *
     * @return false when no write went to it
     */
    public boolean freeze() {
        TrackedMemtable active = store.states.active();
        if (active.firstSequence > assigned) {
            return false;
        }
        assert !touching || largeBatchStart > 0 : "A batch that overwrites what is published must not be cut";
        TrackedMemtable fresh = store.newMemtable(assigned + 1);
        try {
            store.states.freeze(fresh, assigned, published, store.commits.last());
            memtable = fresh.memtable;
            emptySpans.age();
            WriteAheadLog log = store.log();
            if (log != null) {
                log.rotate();
            }
            nextCheck();
        } catch (RuntimeException | Error e) {
            lifecycle.unwritable = true; // without a call: there may be no stack left for one
            lifecycle.breakDown(e); // it is not known which memtable is the active one
            throw e;
        }
        onFreeze.run();
        return true;
    }

    public boolean isFull() {
        return memtable.bytes() >= freezeBytes;
    }

    /** True when a commit should freeze the memtable, which is nearly full. */
    public boolean isNearlyFull() {
        return memtable.bytes() >= freezeBytes / 4 * 3;
    }

    /** True while no write went to the memtable. */
    public boolean isEmpty() {
        return store.states.active().firstSequence > assigned;
    }

    // ---- counters, any thread

    public long operations() {
        return published() - sequenceAtOpen - outside;
    }

    public long bytesWritten() {
        return bytesWritten;
    }
}
