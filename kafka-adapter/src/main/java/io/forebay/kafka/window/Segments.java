package io.forebay.kafka.window;

/**
 * How stream time is divided into segments, and when rows are too old. All times are milliseconds. Immutable.
 *
 * <p>A <i>segment</i> is a span of time, as long as a segment of Kafka's own stores; its number is the prefix of the rows
 * in the order of keys. Rows are deleted by segment: a segment is expired when it lies wholly before {@code stream time -
 * retention}. Then no row is put into it any more, and its rows are deleted.
 *
 * <p>Stores of windows and sessions that are emitted when they close are time-ordered, and show the same rows as Kafka's
 * stores for this purpose. They show a window one millisecond longer than other stores do, because with the shortest
 * retention the record that closes a window is the one that ends its retention. They show sessions that are asked for by
 * their end for as long as the sessions are in the store.
 *
 * @param retention how far stream time may be ahead of a row before the row may be deleted
 * @param interval length of a segment
 * @param shownFor how far stream time may be ahead of a row that is shown
 * @param timeOrdered true when the rows are also kept in the order of time
 * @param indexed true when a read of a range of keys returns rows by segment and key, false for the order of time
 */
record Segments(long retention, long interval, long shownFor, boolean timeOrdered, boolean indexed) {
    private static final long MIN_INTERVAL = 60_000;

    static Segments plain(long retention) {
        return new Segments(retention, interval(retention), retention - 1, false, true);
    }

    /** For windows that are emitted when they close. */
    static Segments closingWindows(long retention, boolean indexed) {
        return new Segments(retention, interval(retention), retention, true, indexed);
    }

    /** For sessions that are emitted when they close. */
    static Segments closingSessions(long retention) {
        return new Segments(retention, interval(retention), retention - 1, true, true);
    }

    private static long interval(long retention) {
        return Math.max(retention / 2, MIN_INTERVAL);
    }

    long segmentOf(long time) {
        return time / interval;
    }

    /** The lowest time that is not expired at {@code streamTime}; at most 0 while nothing is expired. */
    long liveFrom(long streamTime) {
        return (streamTime - retention) / interval * interval;
    }

    /** The lowest time of a row that a read shows. Reads of sessions by their end do not use it. */
    long visibleFrom(long streamTime) {
        return streamTime - shownFor;
    }
}
