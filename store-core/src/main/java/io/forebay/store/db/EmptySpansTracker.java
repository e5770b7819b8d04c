package io.forebay.store.db;

import io.forebay.store.iter.EmptySpans;

/**
 * The spans of keys that are known to be empty in the newest state of a store, see {@link EmptySpans}. They come from range
 * deletes and from iterators that had to walk over what is dead; a write of a key takes it out of its span. A queue, whose
 * head is deleted all the time, is so read without passing everything that was ever deleted from it.
 *
 * <p>Everything is called inside the {@link WriterGate}, so that an iterator that is opened there gets spans and sequence
 * number of one state.
 */
final class EmptySpansTracker {
    /** Spans are hints: long keys are not worth their memory. */
    private static final int LONGEST_KEY = 1024;

    private EmptySpans spans = EmptySpans.NONE;

    /** Those of the present state, for cursors of this state. */
    EmptySpans current() {
        return spans;
    }

    /** A key gets a value or an operand. */
    void written(byte[] key, int offset, int length) {
        if (!spans.isEmpty()) {
            spans = spans.without(key, offset, length);
        }
    }

    /**
     * As {@link #emptied}, by a range delete. It pushes no span out that a walk found: many small range deletes, as of maps that
     * are cleared, would be no more than copies of arrays, and the first walk over one of them reports it.
     */
    void rangeDeleted(byte[] from, byte[] to) {
        if (isWorthIt(from, to)) {
            spans = spans.withIfRoom(from, to);
        }
    }

    /**
     * Nothing lives in {@code [from, to)} any more.
     *
     * @param from kept
     * @param to kept; null: to the end
     */
    void emptied(byte[] from, byte[] to) {
        if (isWorthIt(from, to)) {
            spans = spans.with(from, to);
        }
    }

    private static boolean isWorthIt(byte[] from, byte[] to) {
        return from.length <= LONGEST_KEY && (to == null || to.length <= LONGEST_KEY);
    }

    /** Forgets those that no iterator has used since the last call. */
    void age() {
        spans = spans.used();
    }

    /** Forgets all: entries have come from elsewhere. */
    void clear() {
        spans = EmptySpans.NONE;
    }
}
