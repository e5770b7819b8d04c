package io.forebay.kafka.window;

/**
 * How stream time is cut, and when rows are too old. All times are milliseconds. Immutable.
 *
 * <p>A <i>segment</i> is a span of time, as long as those of Kafka's own stores, and the prefix of a row that is sorted by its
 * key. Rows vanish by segments: one is expired when it lies wholly before {@code stream time - retention}. Then no row is put
 * into it any more, and what is in it is deleted.
 *
 * <p>The stores of windows and sessions that are put out when they close are time-ordered, as Kafka's are, and show what
 * those show: a window one millisecond longer than other stores do, because with the shortest retention it closes by the
 * very record that ends its retention; and sessions that are asked for by their end for as long as they are there.
 *
 * @param retention how long rows are kept behind stream time
 * @param interval length of a segment
 * @param shownFor how far behind stream time a row may be to be shown
 * @param timeOrdered whether the rows are kept in the order of time as well
 * @param indexed whether a read of a range of keys comes by segment and key, and not in the order of time
 */
record Segments(long retention, long interval, long shownFor, boolean timeOrdered, boolean indexed) {
    private static final long MIN_INTERVAL = 60_000;

    static Segments plain(long retention) {
        return new Segments(retention, interval(retention), retention - 1, false, true);
    }

    /** For windows that are put out when they close. */
    static Segments closingWindows(long retention, boolean indexed) {
        return new Segments(retention, interval(retention), retention, true, indexed);
    }

    /** For sessions that are put out when they close. */
    static Segments closingSessions(long retention) {
        return new Segments(retention, interval(retention), retention - 1, true, true);
    }

    private static long interval(long retention) {
        return Math.max(retention / 2, MIN_INTERVAL);
    }

    long segmentOf(long time) {
        return time / interval;
    }

    /** The lowest time that is not expired at {@code streamTime}; at most 0 while nothing is. */
    long liveFrom(long streamTime) {
        return (streamTime - retention) / interval * interval;
    }

    /** The lowest time of a row that a read shows, but for sessions asked for by their end. */
    long visibleFrom(long streamTime) {
        return streamTime - shownFor;
    }
}
