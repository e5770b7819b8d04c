package io.forebay.store;

/** Time. Injected, so that tests can set it. Thread-safe. */
public interface Clock {
    /** Monotonic nanoseconds, for intervals. */
    long nanoTime();

    /** Milliseconds since the epoch, for creation times. */
    long currentTimeMillis();
}
