package io.forebay.kafka.window;

/**
 * How stream time is cut into segments, and when rows are too old. All times are milliseconds. Immutable.
 *
 * <p>Rows vanish in <i>spans</i> of time of the length that Kafka's own stores use as their segment interval: a span is
 * expired when it lies wholly before {@code stream time - retention}. Then no row is put into it any more, and what is in it
 * is deleted. A segment, the prefix of a row, is a span or an even part of one.
 *
 * <p>A store whose rows are read when their window closes, to emit the final result, gets parts, so that such a read, which
 * has bounds of time but none of the key, touches little else than the rows it wants. It shows rows whose retention is over,
 * too, and an expired span is kept for the length of one more: with the shortest retention, a window closes by the
 * very put that ends its retention, and is read only after that put.
 */
record Segments(long retention, long interval, long span, boolean closingReads) {
    private static final long MIN_SPAN = 60_000;
    private static final long MIN_PART = 1_000;
    private static final long MAX_PARTS = 1_024;
    private static final long SESSION_PARTS = 8;

    /** One segment a span; at most four spans live. */
    static Segments plain(long retention) {
        long span = span(retention);
        return new Segments(retention, span, span, false);
    }

    /** Parts of about one window. */
    static Segments closingWindows(long retention, long windowSize) {
        long parts = span(retention) / Math.max(MIN_PART, windowSize);
        return parts(retention, Math.min(MAX_PARTS, parts));
    }

    /** Sessions are found by key within their gap, which is not known here: few enough parts for that. */
    static Segments closingSessions(long retention) {
        return parts(retention, SESSION_PARTS);
    }

    private static Segments parts(long retention, long count) {
        long parts = Math.max(1, count);
        long interval = (span(retention) + parts - 1) / parts;
        return new Segments(retention, interval, interval * parts, true);
    }

    private static long span(long retention) {
        return Math.max(retention / 2, MIN_SPAN);
    }

    long segmentOf(long time) {
        return time / interval;
    }

    /** The lowest segment that is not expired at {@code streamTime}; at most 0 while nothing is. */
    long firstLive(long streamTime) {
        long firstSpan = (streamTime - retention) / span - (closingReads ? 1 : 0);
        return firstSpan * (span / interval);
    }

    /** The lowest time of a row that a read shows, unless it is one for closed windows. */
    long visibleFrom(long streamTime) {
        return streamTime - retention + 1;
    }
}
