package io.forebay.store.iter;

import java.util.Arrays;

/**
 * Where a cursor has met nothing but dead entries since its last seek or live entry; long walks are reported, so that the next
 * cursor need not repeat them. Allocates only to report. Used by one thread.
 */
final class EmptyWalk {
    /** Shorter walks are not worth a report. */
    private static final int WORTH_TELLING = 16;

    /** Null: nobody is interested. */
    private final EmptySpans.Listener listener;

    private static final byte[] NOTHING = {};

    /** Where the walk began: inclusive forward, exclusive in reverse. Somebody else's, or {@link #own}. */
    private byte[] edge = NOTHING;

    private int edgeOffset;
    private int edgeLength;
    private byte[] own = NOTHING;
    private boolean edgeKnown;
    /** In reverse: it began behind all keys. */
    private boolean fromTheEnd;

    private int passed;

    EmptyWalk(EmptySpans.Listener listener) {
        this.listener = listener;
    }

    /** A walk begins at a place where the cursor was sought; the key stays as it is until the walk has ended. */
    void begin(byte[] key, int offset, int length) {
        begin();
        edge = key;
        edgeOffset = offset;
        edgeLength = length;
        edgeKnown = true;
    }

    void beginBehindAll() {
        begin();
        edgeKnown = true;
        fromTheEnd = true;
    }

    /** A walk begins right behind a live entry. */
    void begin() {
        passed = 0;
        edgeKnown = false;
        fromTheEnd = false;
    }

    /** Passes a dead key, forward. */
    void passForward(byte[] key, int length) {
        passed++;
        if (!edgeKnown && listener != null) {
            copyEdge(key, length, length);
        }
    }

    /** Passes a dead key, in reverse. */
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

    /** True when the walk was long, where {@code more} entries were passed that nobody told. */
    boolean isLong(int more) {
        return listener != null && edgeKnown && passed + more >= WORTH_TELLING;
    }

    /** A forward walk has come to its end at {@code to}, exclusive, which is kept; null: behind all keys. */
    void endForward(byte[] to) {
        report(copyOfEdge(), to);
    }

    /** A reverse walk has come to its end at {@code from}, inclusive, which is kept. */
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
