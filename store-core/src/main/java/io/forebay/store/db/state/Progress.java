package io.forebay.store.db.state;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.StoreException;
import io.forebay.store.util.Callbacks;
import java.util.function.BooleanSupplier;

/**
 * Threads wait here for a condition that background work brings about. Conditions read volatile state only, and may
 * throw. They are checked again after every {@link #signal}.
 */
public final class Progress {
    private final BackgroundExecutor executor;

    Progress(BackgroundExecutor executor) {
        this.executor = executor;
    }

    /** Waits for {@code done}. An interrupt ends the wait with a {@link StoreException}; its flag stays set. */
    public void await(String what, BooleanSupplier done) {
        Callbacks.checkNone("A method that waits for " + what);
        try {
            while (!done.getAsBoolean()) {
                if (!executor.help()) {
                    synchronized (this) {
                        if (!done.getAsBoolean()) {
                            wait();
                        }
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("Interrupted while waiting for " + what + ", which goes on in the background", e);
        }
    }

    /** Waits for {@code done}. An interrupt does not end the wait; its flag is set again at the end. */
    void awaitUninterruptibly(BooleanSupplier done) {
        boolean interrupted = Thread.interrupted();
        try {
            while (!done.getAsBoolean()) {
                if (!executor.help()) {
                    synchronized (this) {
                        try {
                            if (!done.getAsBoolean()) {
                                wait();
                            }
                        } catch (InterruptedException e) {
                            interrupted = true;
                        }
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Has waiting threads check their conditions again. */
    public synchronized void signal() {
        notifyAll();
    }
}
