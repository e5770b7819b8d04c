package io.forebay.store.db.background;

/** How long to wait before failed work is repeated: from a tenth of a second to half a minute. */
final class Backoff {
    private static final long FIRST_NANOS = 100_000_000;
    private static final long LONGEST_NANOS = 30_000_000_000L;

    // Guarded by this
    private long nanos = FIRST_NANOS;

    /** The time to wait in nanoseconds; twice as long as the last time. */
    synchronized long next() {
        long now = nanos;
        nanos = Math.min(LONGEST_NANOS, nanos * 2);
        return now;
    }

    /** Starts again with the shortest time, after a success. */
    synchronized void reset() {
        nanos = FIRST_NANOS;
    }
}
