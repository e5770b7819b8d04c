package io.forebay.store.db.state;

import io.forebay.store.util.Callbacks;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * The lock of the write side of a store: one int, taken by compare-and-set and given back by a release store.
 *
 * <p>The writer takes it for one operation or one batch. Other threads take it for a short time, to freeze the memtable
 * or to fix a sequence number. The writer waits for them, and they wait for the writer. A second writer that meets the
 * first one inside is a bug of the caller, and gets {@link IllegalStateException}, unless writers take turns: then it
 * waits. Not reentrant.
 */
public final class WriterGate {
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

    // Volatile for the end of the stack only, see leave(); otherwise through STATE
    private volatile int state;

    private final boolean takingTurns;
    // Written under gate, read without
    private volatile boolean waiting;

    /** @param takingTurns whether several writers wait for each other */
    WriterGate(boolean takingTurns) {
        this.takingTurns = takingTurns;
    }

    /** Enters as the writer. */
    public void enterWriter() {
        if (!STATE.compareAndSet(this, FREE, WRITER)) {
            enterWriterSlowly();
        }
    }

    /** Enters as a thread that is not the writer; waits while the writer is inside. */
    public void enterOther() {
        for (int round = 0; !STATE.compareAndSet(this, FREE, OTHER); round++) {
            checkCaller(round);
            pause(round);
        }
    }

    /** Enters as a thread that is not the writer, unless the gate stays taken for a few microseconds. */
    public boolean tryEnterOther() {
        for (int round = 0; round < SPINS; round++) {
            if (STATE.compareAndSet(this, FREE, OTHER)) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    /** True while a thread is inside. Only a hint. */
    boolean isTaken() {
        return (int) STATE.getAcquire(this) != FREE;
    }

    /** Leaves; everything done inside happens before the next entry. */
    public void leave() {
        try {
            STATE.setRelease(this, FREE);
        } catch (StackOverflowError e) {
            state = FREE; // needs no frame, where the calls below setRelease need more than those that entered
        }
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
            if (waiting) {
                Callbacks.checkNone("A method that waits for the writer");
            }
            pause(round);
        }
    }

    /**
     * As {@link #enterOther}, for methods that users call, maybe from code that background work runs. Such code must
     * not wait for a writer that itself waits for background work; it gets {@link IllegalStateException} then.
     */
    public void enterReader() {
        for (int round = 0; !STATE.compareAndSet(this, FREE, OTHER); round++) {
            checkCaller(round);
            if (waiting) {
                Callbacks.checkNone("A method that waits for the writer");
            }
            pause(round);
        }
    }

    /**
     * As {@link #enterReader}, for a caller that has another way when the writer waits inside for memory. That writer
     * may need the thread of the caller, or memory that the caller has.
     *
     * @return false in that case
     */
    public boolean tryEnterReader() {
        for (int round = 0; !STATE.compareAndSet(this, FREE, OTHER); round++) {
            checkCaller(round);
            if (waiting) {
                return false;
            }
            pause(round);
        }
        return true;
    }

    /** Called inside: notes whether the writer waits there for memory. */
    public void waiting(boolean value) {
        waiting = value;
    }

    /** Throws when this thread is inside already: it would wait for itself. */
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
