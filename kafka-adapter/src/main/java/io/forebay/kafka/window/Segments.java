package io.forebay.kafka.window;

/** How stream time is cut into segments. */
final class Segments {
    private static final long MIN_INTERVAL = 60_000;

    private Segments() {}

    /** Milliseconds of a segment for a retention in milliseconds; Kafka's rule, so that at most four segments live. */
    static long interval(long retention) {
        return Math.max(retention / 2, MIN_INTERVAL);
    }
}
