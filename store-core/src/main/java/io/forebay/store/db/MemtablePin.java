package io.forebay.store.db;

import io.forebay.store.key.InternalIterator;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The memtables that an iterator reads, held for as long as nobody else needs their memory: a background thread may take
 * them away whenever the iterator is not inside a call that reads them. The iterator notices at its next such call, and goes on
 * from the present read state.
 *
 * <p>One word says who has them: nobody (the iterator is idle), the iterator's thread, or no one any more. It is taken by
 * compare-and-set and given back by a release store, so what a call did to the cursors happens before they are taken away. Calls
 * that read files, or what the cursors have copied, do without.
 */
final class MemtablePin {
    private static final int IDLE = 0;
    private static final int INSIDE = 1;
    private static final int TAKEN = 2;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(MemtablePin.class, "word", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Of the oldest memtable. */
    final long firstInMemory;

    // null once they are let go
    private ReadState state;
    private InternalIterator[] cursors;

    @SuppressWarnings("unused") // through WORD
    private int word = INSIDE;

    /**
     * The caller is inside.
     *
     * @param state with a reference that passes over
     * @param cursors over memtables of the state; they may be closed by others, too
     */
    MemtablePin(ReadState state, InternalIterator[] cursors) {
        this.state = state;
        this.cursors = cursors;
        firstInMemory = state.firstInMemory();
    }

    /**
     * Enters a call that reads the memtables, to be followed by {@link #leave}.
     *
     * @return false when they were taken away, for good
     */
    boolean tryEnter() {
        if (WORD.compareAndSet(this, IDLE, INSIDE)) {
            return true;
        }
        checkTaken();
        return false;
    }

    /** False once the memtables are taken. */
    boolean isHeld() {
        return (int) WORD.getAcquire(this) != TAKEN;
    }

    /** When the word was neither idle nor is taken, a call is inside that is not over. */
    private void checkTaken() {
        if (isHeld()) {
            throw usedTwice();
        }
    }

    static IllegalStateException usedTwice() {
        return new IllegalStateException("An iterator is used by one thread at a time, and not by the merge function"
                + " that one of its calls runs");
    }

    void leave() {
        WORD.setRelease(this, IDLE);
    }

    /** Takes the memtables away. @return false when a call is under way, or somebody has taken them before */
    boolean tryTake() {
        if (!WORD.compareAndSet(this, IDLE, TAKEN)) {
            return false;
        }
        letGo();
        return true;
    }

    /** By the iterator's thread, which needs them no more. Idempotent. */
    void close() {
        if (!tryTake()) {
            checkTaken();
        }
    }

    private void letGo() {
        InternalIterator[] open = cursors;
        ReadState held = state;
        cursors = null;
        state = null;
        try {
            for (InternalIterator cursor : open) {
                cursor.close();
            }
        } finally {
            held.release();
        }
    }
}
