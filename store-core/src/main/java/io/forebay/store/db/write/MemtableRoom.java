package io.forebay.store.db.write;

import io.forebay.store.Clock;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.db.state.ActiveMemtable;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.MemoryArbiter;
import io.forebay.store.db.state.MemoryRequest;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.WriterGate;
import io.forebay.store.memtable.RoomPlan;
import io.forebay.store.util.Failures;
import java.util.function.BooleanSupplier;

/**
 * Makes room for a write in the active memtable. When memory is short, it has the largest memtable of the environment
 * flushed, and waits for the memory that the flush gives back. Called inside the {@link WriterGate}.
 *
 * <p>A single write leaves the gate while it waits, and an interrupt ends the wait. A write inside a batch stays inside
 * the gate, because no other thread may see half of the batch; an interrupt does not end its wait.
 */
public final class MemtableRoom {
    private final StoreContext store;
    private final ActiveMemtable active;
    private final WriterGate gate;
    private final Lifecycle lifecycle;
    private final Clock clock;
    private final WriteStall stall;

    MemtableRoom(StoreContext store, WriteStall stall) {
        this.store = store;
        this.stall = stall;
        active = store.active;
        gate = store.gate;
        lifecycle = store.lifecycle;
        clock = store.shared.clock();
    }

    /** Makes room for one entry. */
    void ensure(int keyLength, int valueLength, boolean inBatch) {
        if (!active.memtable().ensureRoom(keyLength, valueLength)) {
            checkFits(keyLength, valueLength, "");
            await(
                    () -> active.memtable().ensureRoom(keyLength, valueLength),
                    entry(keyLength, valueLength),
                    RoomPlan.bytes(keyLength, valueLength),
                    inBatch);
        }
    }

    /** Throws for an entry for which not even an empty memtable has room, whatever other stores give back. Any thread. */
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
     * Makes room for all entries of a plan, before any of them is written.
     *
     * @param what what needs the room, for the message
     */
    void ensure(RoomPlan plan, String what) {
        if (!active.memtable().ensureRoom(plan)) {
            await(() -> active.memtable().ensureRoom(plan), what, plan.bytes(), false);
        }
    }

    /** @param attempt puts a range delete into the active memtable, unless that needs memory first */
    void deleteRange(BooleanSupplier attempt, boolean inBatch) {
        if (!attempt.getAsBoolean()) {
            await(attempt, "a range delete", 0, inBatch);
        }
    }

    /**
     * Waits for memory and repeats the attempt until it succeeds.
     *
     * @param bytes memory that an empty memtable needs for the request, 0 for little
     * @throws MemoryBudgetException when no memory will come
     */
    private void await(BooleanSupplier attempt, String what, long bytes, boolean inBatch) {
        MemoryArbiter arbiter = store.shared.arbiter();
        long start = clock.nanoTime();
        MemoryArbiter.Ended ended = MemoryArbiter.Ended.CAME;
        arbiter.refused();
        try {
            MemoryRequest request =
                    new MemoryRequest(arbiter, store.tenant, what + " in store " + store.options.name(), bytes);
            while (!arbiter.tryAgain(attempt)) {
                request.failed(ended, active::freeze);
                if (request.freezeLarger(active.memtable().heldBytes()) != MemoryArbiter.Freeze.DONE) {
                    active.freeze();
                }
                ended = inBatch ? awaitInside(request) : awaitOutside(request);
                request.attempting();
            }
        } catch (MemoryBudgetException e) {
            lifecycle.checkFailure(); // a failure is the reason why there are no flushes
            throw e;
        } finally {
            stall.add(clock.nanoTime() - start);
        }
    }

    private MemoryArbiter.Ended awaitInside(MemoryRequest request) {
        gate.waiting(true);
        store.tenant.emptyHanded(active.isEmpty());
        MemoryArbiter.Ended ended;
        try {
            ended = store.shared.arbiter().await(request, false, lifecycle::checkOpen);
        } finally {
            store.tenant.emptyHanded(false);
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
     * Enters the gate again; the thread is inside also when this throws. The caller leaves the gate in any case, and
     * must not leave it in place of a second writer that is inside. So this thread waits for that writer, and throws
     * then.
     *
     * @param failure of the wait outside, or null
     */
    private void enterAgain(Throwable failure) {
        try {
            gate.enterWriter();
        } catch (IllegalStateException e) {
            gate.enterOther();
            if (failure != null) {
                Failures.suppress(e, failure);
            }
            throw e;
        }
    }
}
