package io.forebay.store.iter;

import java.util.Arrays;

/**
 * Tracks the keys over which a cursor has met nothing but dead entries since its last seek or its last live entry. It reports
 * long walks, so that the next cursor need not repeat them. Allocates memory only for a report. Used by one thread.
 */
final class EmptyWalk {
    /** A walk over fewer dead keys is not reported. */
    private static final int WORTH_TELLING = 16;

    /** Null when nothing is reported. */
    private final EmptySpans.Listener listener;

    private static final byte[] NOTHING = {};

    /** The key where the walk started: inclusive forward, exclusive in reverse. An array of the caller, or {@link #own}. */
    private byte[] edge = NOTHING;

    private int edgeOffset;
    private int edgeLength;
    private byte[] own = NOTHING;
    private boolean edgeKnown;
    /** True when a reverse walk started after all keys. */
    private boolean fromTheEnd;

    private int passed;

    EmptyWalk(EmptySpans.Listener listener) {
        this.listener = listener;
    }

    /** Starts a walk at the target of a seek. The caller does not change the key until the walk has ended. */
    void start(byte[] key, int offset, int length) {
        start();
        edge = key;
        edgeOffset = offset;
        edgeLength = length;
        edgeKnown = true;
    }

    void startAfterAll() {
        start();
        edgeKnown = true;
        fromTheEnd = true;
    }

    /** Starts a walk right after a live entry. */
    void start() {
        passed = 0;
        edgeKnown = false;
        fromTheEnd = false;
    }

    /** Notes that a forward walk has passed a dead key. */
    void passForward(byte[] key, int length) {
        passed++;
        if (!edgeKnown && listener != null) {
            copyEdge(key, length, length);
        }
    }

    /** Notes that a reverse walk has passed a dead key. */
    void passBackward(byte[] key, int length) {
        passed++;
        if (!edgeKnown && listener != null) {
            copyEdge(key, length, length + 1);
            own[length] = 0;
        }
    }

    private void copyEdge(byte[] key, int length, int withSpace) {
        if (own.length < withSpace) {
            own = new byte[Math.max(withSpace, 64)];
        }
        System.arraycopy(key, 0, own, 0, length);
        edge = own;
        edgeOffset = 0;
        edgeLength = withSpace;
        edgeKnown = true;
    }

    /** True when a dead key was passed. */
    boolean isUnderWay() {
        return passed > 0;
    }

    /**
     * True when the walk is long enough for a report; {@code more} is the number of passed entries that were not noted one by
     * one.
     */
    boolean isLong(int more) {
        return listener != null && edgeKnown && passed + more >= WORTH_TELLING;
    }

    /** Reports a forward walk that ends before {@code to}; null: after all keys. The array is kept. */
    void endForward(byte[] to) {
        report(copyOfEdge(), to);
    }

    /** Reports a reverse walk that ends at {@code from}, inclusive. The array is kept. */
    void endBackward(byte[] from) {
        report(from, fromTheEnd ? null : copyOfEdge());
    }

    private byte[] copyOfEdge() {
        return Arrays.copyOfRange(edge, edgeOffset, edgeOffset + edgeLength);
    }

    private void report(byte[] from, byte[] to) {
        passed = 0;
        if (to == null || Arrays.compareUnsigned(from, to) < 0) {
            listener.foundEmpty(from, to);
        }
    }
}
