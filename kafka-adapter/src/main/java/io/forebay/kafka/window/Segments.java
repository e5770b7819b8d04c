package io.forebay.kafka.window;

/**
 * How stream time is cut, and when rows are too old. All times are milliseconds. Immutable.
 *
 * <p>Rows vanish in <i>spans</i> of time, whose length is the segment interval of Kafka's own stores: a span is expired when
 * it lies wholly before {@code stream time - retention}. Then no row is put into it any more, and what is in it is deleted. A
 * <i>segment</i> is the prefix of a row that is sorted by its key: as long as a span, or shorter.
 *
 * <p>The stores of windows and sessions that are put out when they close are time-ordered, as Kafka's are, and show what
 * those show: a window one millisecond longer than other stores do, because with the shortest retention it closes by the
 * very record that ends its retention; and sessions that are asked for by their end for as long as they are there.
 *
 * @param retention how long rows are kept behind stream time
 * @param interval length of a segment
 * @param span length of a span
 * @param shownFor how far behind stream time a row may be to be shown
 * @param timeOrdered whether the rows are kept in the order of time as well
 */
record Segments(long retention, long interval, long span, long shownFor, boolean timeOrdered) {
    /** Kafka's record cache asks for each segment between the bounds of a read: shorter ones would make that slow. */
    private static final long MIN_INTERVAL = 60_000;

    /** A read by key seeks once for each segment with rows between its bounds. */
    private static final long MAX_SEGMENTS_IN_SPAN = 1_024;

    static Segments plain(long retention) {
        long span = span(retention);
        return new Segments(retention, span, span, retention - 1, false);
    }

    /**
     * For windows of equal size that are put out when they close. Kafka may put its record cache over them; then they are put
     * out in the order of the cache, by segment and then by key. A segment of one window keeps that close to the order of time.
     */
    static Segments closingWindows(long retention, long windowSize) {
        long span = span(retention);
        long shortest = Math.max(MIN_INTERVAL, span / MAX_SEGMENTS_IN_SPAN);
        long interval = Math.min(span, Math.max(shortest, windowSize));
        return new Segments(retention, interval, span, retention, true);
    }

    /** For sliding windows that are put out when they close, over which there is no cache. */
    static Segments closingSlidingWindows(long retention) {
        long span = span(retention);
        return new Segments(retention, span, span, retention, true);
    }

    /** For sessions that are put out when they close, over which there is no cache. */
    static Segments closingSessions(long retention) {
        long span = span(retention);
        return new Segments(retention, span, span, retention - 1, true);
    }

    private static long span(long retention) {
        return Math.max(retention / 2, MIN_INTERVAL);
    }

    long segmentOf(long time) {
        return time / interval;
    }

    /** The lowest time that is not expired at {@code streamTime}; at most 0 while nothing is. */
    long liveFrom(long streamTime) {
        return (streamTime - retention) / span * span;
    }

    /** The lowest time of a row that a read shows, but for sessions asked for by their end. */
    long visibleFrom(long streamTime) {
        return streamTime - shownFor;
    }
}
