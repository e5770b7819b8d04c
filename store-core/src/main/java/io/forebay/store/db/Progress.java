package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.StoreException;
import io.forebay.store.util.Callbacks;
import java.util.function.BooleanSupplier;

/**
 * Where threads wait until background work has brought a state about. Conditions read volatile state only and may throw;
 * they are asked again after every {@link #signal}.
 */
final class Progress {
    private final BackgroundExecutor executor;

    Progress(BackgroundExecutor executor) {
        this.executor = executor;
    }

    /** Waits for {@code done}; an interrupt ends the wait with a {@link StoreException} and keeps the flag. */
    void await(String what, BooleanSupplier done) {
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
            throw new StoreException("Interrupted while waiting for " + what + "; it goes on in the background.", e);
        }
    }

    /** Waits for {@code done}, through interrupts, whose flag is set again at the end. */
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

    /** Lets waiting threads look again. */
    synchronized void signal() {
        notifyAll();
    }
}
