package io.forebay.store.db.state;

import io.forebay.store.iter.UserIterator;
import io.forebay.store.version.Version;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What an iterator pins of files: blocks, scan windows, and a reference to the version. The iterator keeps them while
 * the store is open. The close of the store takes them away from each iterator that is not inside a call; an iterator
 * that is inside a call releases them when it leaves the call.
 *
 * <p><b>Why nothing is taken away under a call.</b> A call first notes that it is inside, then checks whether the store
 * is closed. A close first marks the store as closed, then checks which iterators are inside:
 *
 * <pre>
 *   call                          close
 *   1. inside = true              1. mode = CLOSED
 *   2. closed? then leave         2. stack trace of the iterator's thread
 *                                 3. inside? then the call releases, else the close does
 * </pre>
 *
 * So that one of the two sees the other, each needs a full fence between its first and its second step. Moves of scans
 * must not pay for a fence, so the close pays for both: it takes a stack trace of the iterator's thread, for which the
 * JVM stops that thread between two of its steps; all stores before the stop are visible then, and no load after the
 * stop has started. After that an iterator that the close finds idle will see that the store is closed before it
 * touches anything, and an iterator that it finds inside will see it when it leaves. Only a call by another thread than
 * the last one has a fence of its own, so that the close knows whose stack trace to take.
 */
public final class FilePin {
    private static final VarHandle INSIDE;
    private static final VarHandle USER;
    private static final VarHandle TAKEN;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            INSIDE = lookup.findVarHandle(FilePin.class, "inside", boolean.class);
            USER = lookup.findVarHandle(FilePin.class, "user", Thread.class);
            TAKEN = lookup.findVarHandle(FilePin.class, "taken", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Whether a call is under way. */
    // Written by the iterator's thread, read with acquire
    private boolean inside = true;

    // Volatile: written by the iterator's thread
    private Thread user = Thread.currentThread();

    // Atomic operations only; plainly by a call that found the store open
    private boolean taken;

    // Guarded by inside
    private UserIterator iterator;
    private Version version;

    /** Takes over the cursors, and a reference to the version that they read. Called inside. */
    public void set(UserIterator newIterator, Version newVersion) {
        iterator = newIterator;
        version = newVersion;
    }

    /** Enters a call that reads files or changes the parts of this pin. The caller then checks the state of the store. */
    public void enter() {
        checkIdle();
        Thread current = Thread.currentThread();
        if (user != current) {
            USER.setVolatile(this, current);
            VarHandle.fullFence();
        }
        INSIDE.setOpaque(this, true);
    }

    /** Ends a call. The caller then checks the state of the store, and calls {@link #tryClose} if the store is closed. */
    public void leave() {
        INSIDE.setRelease(this, false);
    }

    /** The thread whose stack trace has to be taken before {@link #tryTake}. */
    public Thread user() {
        return (Thread) USER.getVolatile(this);
    }

    /**
     * Called by the close of the store.
     *
     * @return false when a call is under way, which releases the files at its end
     */
    public boolean tryTake() {
        if ((boolean) INSIDE.getAcquire(this)) {
            return false;
        }
        letGoOnce();
        return true;
    }

    /** Throws when a call is under way: calls must not nest. */
    public void checkIdle() {
        if (inside) {
            throw MemtablePin.usedTwice();
        }
    }

    /**
     * Releases the files and ends the call. Called once, inside, by the thread of the iterator, which found the store open after it
     * had entered: then a close of the store leaves the files to this call, and no compare-and-set is needed.
     */
    public void closeInside() {
        try {
            if (!taken) {
                taken = true;
                letGo();
            }
        } finally {
            leave();
        }
    }

    /** Called by the thread of the iterator when it needs the files no more; does nothing inside a call. Idempotent. */
    public void tryClose() {
        if (!inside) {
            letGoOnce();
        }
    }

    private void letGoOnce() {
        if (TAKEN.compareAndSet(this, false, true)) {
            letGo();
        }
    }

    private void letGo() {
        try {
            iterator.letGo();
        } finally {
            version.release();
        }
    }
}
