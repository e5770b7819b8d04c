package io.forebay.store.db.state;

import io.forebay.store.iter.UserIterator;
import io.forebay.store.key.InternalIterator;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The memtables that an iterator reads. The iterator pins them as long as their memory is not needed elsewhere: a
 * background thread may take them away whenever the iterator is not inside a call that reads them. The iterator notices
 * that at its next such call, and goes on from the present read state.
 *
 * <pre>{@code
 *            tryEnter                    tryTake (any thread)
 *   INSIDE  <--------  IDLE  -------->  TAKEN
 *           -------->
 *             leave
 * }</pre>
 *
 * <p>One word says which thread may use the memtables: none (IDLE), the iterator's thread (INSIDE), or none any more
 * (TAKEN). The word is changed by compare-and-set and given back by a release store, so all that a call did to the
 * cursors happens before they are taken away. Calls that only read files, or only what the cursors have copied, do not
 * enter.
 */
public final class MemtablePin {
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

    /** First sequence number of the oldest memtable. */
    final long firstInMemory;

    // Guarded by word; null after the release
    private ReadState state;
    private InternalIterator[] cursors;
    private UserIterator iterator;

    // Atomic operations only
    @SuppressWarnings("unused") // through WORD
    private int word = INSIDE;

    /**
     * The caller is inside at first.
     *
     * @param state with a reference, which this object takes over
     * @param cursors over memtables of the state; the caller may close them as well
     * @param iterator the merge of these cursors and of older ones
     */
    public MemtablePin(ReadState state, InternalIterator[] cursors, UserIterator iterator) {
        this.state = state;
        this.cursors = cursors;
        this.iterator = iterator;
        firstInMemory = state.firstInMemory();
    }

    /**
     * Enters a call that reads the memtables; {@link #leave} ends it.
     *
     * @return false when the memtables were taken away, for good
     */
    public boolean tryEnter() {
        if (WORD.compareAndSet(this, IDLE, INSIDE)) {
            return true;
        }
        checkTaken();
        return false;
    }

    /** False once the memtables are taken. */
    boolean hasMemtables() {
        return (int) WORD.getAcquire(this) != TAKEN;
    }

    /** Throws unless the memtables are taken: then the word is INSIDE, because another call is under way. */
    private void checkTaken() {
        if (hasMemtables()) {
            throw usedTwice();
        }
    }

    static IllegalStateException usedTwice() {
        return new IllegalStateException("An iterator is used by one thread at a time, and not by the merge function"
                + " that one of its calls runs");
    }

    public void leave() {
        WORD.setRelease(this, IDLE);
    }

    /**
     * Takes the memtables away.
     *
     * @return false when a call is under way, or the memtables were taken before
     */
    public boolean tryTake() {
        if (!WORD.compareAndSet(this, IDLE, TAKEN)) {
            return false;
        }
        letGo();
        return true;
    }

    /** Called by the thread of the iterator when it needs the memtables no more. Idempotent. */
    public void close() {
        if (!tryTake()) {
            checkTaken();
        }
    }

    private void letGo() {
        InternalIterator[] open = cursors;
        ReadState last = state;
        UserIterator merge = iterator;
        cursors = null;
        state = null;
        iterator = null;
        try {
            merge.dropMemtables(open.length);
            for (InternalIterator cursor : open) {
                cursor.close();
            }
        } finally {
            last.release();
        }
    }
}
