package io.forebay.store.db;

import io.forebay.store.util.Callbacks;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * Who may touch the write side of a store: one int, taken by compare-and-set and given back by a release store.
 *
 * <p>The writer takes it for the length of one operation or batch. Other threads take it for a moment to freeze the
 * memtable or to fix a sequence number; the writer waits for them, and they wait for the writer. A second writer that
 * meets the first one inside is a bug of the caller and is answered with {@link IllegalStateException}, unless writers take
 * turns: then it waits. Not reentrant.
 */
final class WriterGate {
    private static final int FREE = 0;
    private static final int WRITER = 1;
    private static final int OTHER = 2;
    private static final int SPINS = 256;
    private static final int YIELDS = 64;
    private static final long PARK_NANOS = 20_000;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(WriterGate.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through STATE
    private int state;

    private final boolean takingTurns;
    private volatile boolean waiting;

    /** @param takingTurns whether several writers wait for each other */
    WriterGate(boolean takingTurns) {
        this.takingTurns = takingTurns;
    }

    /** Enters as the writer. */
    void enterWriter() {
        if (!STATE.compareAndSet(this, FREE, WRITER)) {
            enterWriterSlowly();
        }
    }

    /** Enters as anybody else; waits while the writer is inside. */
    void enterOther() {
        for (int round = 0; !STATE.compareAndSet(this, FREE, OTHER); round++) {
            checkCaller(round);
            pause(round);
        }
    }

    /** Enters as anybody else unless the gate stays taken for a few microseconds. */
    boolean tryEnterOther() {
        for (int round = 0; round < SPINS; round++) {
            if (STATE.compareAndSet(this, FREE, OTHER)) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    /** True while somebody is inside. Only a hint. */
    boolean isTaken() {
        return (int) STATE.getAcquire(this) != FREE;
    }

    /** Leaves; everything done inside happens before the next entry. */
    void leave() {
        STATE.setRelease(this, FREE);
    }

    private void enterWriterSlowly() {
        for (int round = 0; ; round++) {
            int seen = (int) STATE.getAcquire(this);
            checkCaller(round);
            if (seen == WRITER && !takingTurns) {
                throw new IllegalStateException("Two threads write to one store at the same time (this one is "
                        + Thread.currentThread().getName() + "). A store has one writer at a time: hand the role over"
                        + " with a happens-before edge, or use one store per writer.");
            }
            if (seen == FREE && STATE.compareAndSet(this, FREE, WRITER)) {
                return;
            }
            pause(round);
        }
    }

    /**
     * As {@link #enterOther}, for what users call, maybe from background work: that is not to wait for a writer who waits for
     * background work.
     */
    void enterReader() {
        for (int round = 0; !STATE.compareAndSet(this, FREE, OTHER); round++) {
            checkCaller(round);
            if (waiting) {
                Callbacks.checkNone("A method that waits for the writer");
            }
            pause(round);
        }
    }

    /**
     * As {@link #enterReader}, for one who can do without the gate when the writer waits inside for memory: that may need what
     * runs the caller, or what it holds.
     *
     * @return false in that case
     */
    boolean tryEnterReader() {
        for (int round = 0; !STATE.compareAndSet(this, FREE, OTHER); round++) {
            checkCaller(round);
            if (waiting) {
                return false;
            }
            pause(round);
        }
        return true;
    }

    /** Inside: whether the writer waits there for memory. */
    void waiting(boolean value) {
        waiting = value;
    }

    /** One who is inside would wait for himself. */
    private void checkCaller(int round) {
        if (round == 0) {
            Callbacks.checkNotHeld(this);
        }
    }

    private static void pause(int round) {
        if (round < SPINS) {
            Thread.onSpinWait();
        } else if (round < SPINS + YIELDS) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(PARK_NANOS);
        }
    }
}
