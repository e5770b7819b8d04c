package io.forebay.store.db;

/** How long to wait before a failed piece of work is tried again: from a tenth of a second to half a minute. */
final class Backoff {
    private static final long FIRST_NANOS = 100_000_000;
    private static final long LONGEST_NANOS = 30_000_000_000L;

    private long nanos = FIRST_NANOS;

    /** Nanoseconds; twice as many as the last time. */
    synchronized long next() {
        long now = nanos;
        nanos = Math.min(LONGEST_NANOS, nanos * 2);
        return now;
    }

    /** After a success. */
    synchronized void reset() {
        nanos = FIRST_NANOS;
    }
}
