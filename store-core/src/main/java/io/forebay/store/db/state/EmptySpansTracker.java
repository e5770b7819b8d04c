package io.forebay.store.db.state;

import io.forebay.store.iter.EmptySpans;

/**
 * The spans of keys that are known to be empty in the newest state of a store, see {@link EmptySpans}. They come from
 * range deletes, and from iterators that walked over dead entries. A write of a key removes the key from its span. So a
 * reader of a queue, whose head is deleted all the time, need not walk over everything that was ever deleted from it.
 *
 * <p>All methods are called inside the {@link WriterGate}, so an iterator that is opened there gets the spans and the
 * sequence number of one state.
 */
public final class EmptySpansTracker {
    /** Spans are only hints: spans with longer keys are not worth their memory. */
    private static final int LONGEST_KEY = 1024;

    // Guarded by gate
    private EmptySpans spans = EmptySpans.NONE;

    /** The spans of the present state, for cursors over this state. */
    public EmptySpans current() {
        return spans;
    }

    /** Notes that a key gets a value or an operand. */
    public void written(byte[] key, int offset, int length) {
        if (!spans.isEmpty()) {
            spans = spans.without(key, offset, length);
        }
    }

    /**
     * As {@link #emptied}, for a range delete. Such a span does not displace one that an iterator has found: many small
     * range deletes, like those of maps that are cleared, would cost copies of arrays and nothing else. The first
     * iterator that walks over such a range reports it.
     */
    public void rangeDeleted(byte[] from, byte[] to) {
        if (isWorthIt(from, to)) {
            spans = spans.withIfRoom(from, to);
        }
    }

    /**
     * Notes that there is no live entry in {@code [from, to)}.
     *
     * @param from not copied
     * @param to not copied; null for no end
     */
    void emptied(byte[] from, byte[] to) {
        if (isWorthIt(from, to)) {
            spans = spans.with(from, to);
        }
    }

    private static boolean isWorthIt(byte[] from, byte[] to) {
        return from.length <= LONGEST_KEY && (to == null || to.length <= LONGEST_KEY);
    }

    /** Drops spans that no iterator has used since the last call. */
    void age() {
        spans = spans.used();
    }

    /** Drops all spans, because entries have come from elsewhere. */
    public void clear() {
        spans = EmptySpans.NONE;
    }
}
