package io.forebay.store.db;

import io.forebay.store.Clock;

/**
 * Who opened something that must be closed, and when. Costs a look at the clock, and a stack trace only where an
 * environment was built to track leaks.
 *
 * @param what for messages, like "iterator"
 * @param thread name of the thread that opened it
 * @param nanos when, by the clock of the environment
 * @param trace where, or null
 */
record Opened(String what, String thread, long nanos, Throwable trace) {
    private static final String ITERATOR = "iterator";
    private static final String OWN = Opened.class.getPackageName() + ".";

    static Opened iterator(EngineResources shared) {
        return now(ITERATOR, shared);
    }

    boolean isIterator() {
        return what.equals(ITERATOR);
    }

    static Opened now(String what, EngineResources shared) {
        Throwable trace = shared.leakTracking() ? new Throwable("Opened here") : null;
        return new Opened(what, Thread.currentThread().getName(), shared.clock().nanoTime(), trace);
    }

    String describe(Clock clock) {
        return what + " that thread " + thread + " opened " + (clock.nanoTime() - nanos) / 1_000_000 + " ms ago"
                + where();
    }

    /** The place that called the store, where that is known. */
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
