package io.forebay.store.util;

import java.util.concurrent.CancellationException;

/**
 * Tells a piece of work to end early, without a result. Any thread cancels it, once; the work checks it. Thread-safe: one
 * atomic field.
 */
public final class Cancellation {
    private volatile boolean cancelled;

    public void cancel() {
        cancelled = true;
    }

    public boolean isCancelled() {
        return cancelled;
    }

    /** Throws when the work is cancelled. The work calls this every few microseconds. */
    public void check() {
        if (cancelled) {
            throw new CancellationException("The work was cancelled");
        }
    }
}
