package io.forebay.store.iter;

/**
 * The states that stay readable cut the sequence numbers into stripes: stripe i lies above the i oldest ones. Of the
 * versions of a key in one stripe nobody can see any but the newest.
 */
final class Stripes {
    private final long[] states;
    /** Bounds of the last answer, because neighbours mostly lie in the same stripe: above {@code low}, up to {@code high}. */
    private long low = 0;

    private long high = -1;
    private int last;

    /** @param states ascending, distinct */
    Stripes(long[] states) {
        this.states = states.clone();
        for (int i = 1; i < states.length; i++) {
            if (states[i - 1] >= states[i]) {
                throw new IllegalArgumentException("States are not ascending: " + states[i - 1] + ", " + states[i]);
            }
        }
    }

    int of(long sequence) {
        if (sequence > low && sequence <= high) {
            return last;
        }
        int from = 0;
        int to = states.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (states[middle] < sequence) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        low = from == 0 ? Long.MIN_VALUE : states[from - 1];
        high = from == states.length ? Long.MAX_VALUE : states[from];
        last = from;
        return from;
    }

    /** The oldest state, {@link Long#MAX_VALUE} for none. */
    long oldest() {
        return states.length == 0 ? Long.MAX_VALUE : states[0];
    }

    /** The newest state, -1 for none. */
    long newest() {
        return states.length == 0 ? -1 : states[states.length - 1];
    }
}
