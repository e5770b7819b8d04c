package io.forebay.store.db;

import io.forebay.store.iter.UserIterator;
import io.forebay.store.version.Version;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What an iterator holds of files: pinned blocks, windows of scans, a reference to the version. It stays while the store is open;
 * the close of the store takes it away from whoever is not inside a call, and whoever is lets go himself as he leaves.
 *
 * <p><b>Why nothing is taken from under a call.</b> A call first notes that it is inside, then looks whether the store is closed; a
 * close first says so, then looks for who is inside. For one of them to see the other each needs a full fence between its two
 * steps. Moves of scans are to pay none, so the close pays for both: it takes the stack trace of the iterator's thread, for which
 * the JVM stops that thread between two of its steps, with all stores before seen, and no load behind begun. After that, what the
 * close finds idle will see that the store is closed before it touches anything, and what it finds inside will see it on the way
 * out. Only a call by another thread than the last one has a fence of its own, so that the close knows which thread to ask.
 */
final class FilePin {
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
    private boolean inside = true;

    private Thread user = Thread.currentThread();

    @SuppressWarnings("unused") // through TAKEN
    private boolean taken;

    // Set inside only.
    private UserIterator iterator;
    private Version version;

    /** Takes over the cursors, and a reference to the version that they read; inside. */
    void hold(UserIterator newIterator, Version newVersion) {
        iterator = newIterator;
        version = newVersion;
    }

    /** Enters a call that reads files or changes what is held, to be followed by a look at the state of the store. */
    void enter() {
        checkIdle();
        Thread current = Thread.currentThread();
        if (user != current) {
            USER.setVolatile(this, current);
            VarHandle.fullFence();
        }
        INSIDE.setOpaque(this, true);
    }

    /** Ends a call; to be followed by a look at the state of the store, and {@link #tryClose} if that is closed. */
    void leave() {
        INSIDE.setRelease(this, false);
    }

    /** The thread whose stores must have been seen before {@link #tryTake}. */
    Thread user() {
        return (Thread) USER.getVolatile(this);
    }

    /** By the close of the store. @return false when a call is under way, which lets go at its end */
    boolean tryTake() {
        if ((boolean) INSIDE.getAcquire(this)) {
            return false;
        }
        letGoOnce();
        return true;
    }

    /** Refuses what comes inside of a call. */
    void checkIdle() {
        if (inside) {
            throw MemtablePin.usedTwice();
        }
    }

    /** By the iterator's thread, which needs nothing of it any more; does nothing inside of a call. Idempotent. */
    void tryClose() {
        if (!inside) {
            letGoOnce();
        }
    }

    private void letGoOnce() {
        if (TAKEN.compareAndSet(this, false, true)) {
            try {
                iterator.letGo();
            } finally {
                version.release();
            }
        }
    }
}
