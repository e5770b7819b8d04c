package io.forebay.store.db.state;

import io.forebay.store.Clock;

/**
 * Which thread opened an object that must be closed, and when. Costs a look at the clock; a stack trace only in an
 * environment that tracks leaks.
 *
 * @param what kind of the object for messages, like "iterator"
 * @param thread name of the thread that opened the object
 * @param nanos when it was opened, by the clock of the environment
 * @param trace where it was opened, or null
 */
public record Opened(String what, String thread, long nanos, Throwable trace) {
    private static final String ITERATOR = "iterator";
    /** Packages of an open store. In a stack trace they lie between the call of a user and this class. */
    private static final String OWN = "io.forebay.store.db.";

    public static Opened iterator(EngineResources shared) {
        return now(ITERATOR, shared);
    }

    boolean isIterator() {
        return what.equals(ITERATOR);
    }

    public static Opened now(String what, EngineResources shared) {
        Throwable trace = shared.leakTracking() ? new Throwable("Opened here") : null;
        return new Opened(what, Thread.currentThread().getName(), shared.clock().nanoTime(), trace);
    }

    public String describe(Clock clock) {
        return what + " that thread " + thread + " opened " + (clock.nanoTime() - nanos) / 1_000_000 + " ms ago"
                + where();
    }

    /** The place that called the store, if that is known. */
    private String where() {
        if (trace == null) {
            return "";
        }
        for (StackTraceElement frame : trace.getStackTrace()) {
            if (!frame.getClassName().startsWith(OWN)) {
                return ", at " + frame;
            }
        }
        return "";
    }
}
