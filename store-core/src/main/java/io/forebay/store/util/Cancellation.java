package io.forebay.store.util;

import java.util.concurrent.CancellationException;

/** Whether a piece of work should end early, without a result: set once, by any thread, and looked at by the work itself. */
public final class Cancellation {
    private volatile boolean cancelled;

    public void cancel() {
        cancelled = true;
    }

    public boolean isCancelled() {
        return cancelled;
    }

    /** Called by the work every few microseconds. */
    public void check() {
        if (cancelled) {
            throw new CancellationException("Nobody wants the result any more");
        }
    }
}
