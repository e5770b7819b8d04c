package io.forebay.store.io;

import io.forebay.store.Clock;

/**
 * How long pages of mapped files that were in memory are taken to be there, in ticks of a quarter of a second. At first, and since
 * one was found to have left, a tick; twice as long whenever many were found in memory one after the other, up to sixteen seconds. To
 * ask costs about a microsecond, so where memory is not short nearly no read asks, and where it is, most do. Thread-safe.
 */
public final class PageClock {
    /** Of a tick: 2^28 ns. */
    private static final int SHIFT = 28;

    private static final int LONGEST = 64;
    private static final int MANY = 256;

    private final Clock clock;
    // Racy: hints, of which any value is right
    private int ticks = 1;
    private int found;

    PageClock(Clock clock) {
        this.clock = clock;
    }

    /** The number of the present tick; the caller cuts it as he likes. */
    public int tick() {
        return (int) (clock.nanoTime() >>> SHIFT);
    }

    /** For so many ticks pages that were in memory are taken to be there. */
    public int ticks() {
        return ticks;
    }

    /** Tells that pages were asked for which should be in memory. */
    public void asked(boolean inMemory) {
        if (!inMemory) {
            ticks = 1;
            found = 0;
        } else if (++found >= MANY) {
            ticks = Math.min(LONGEST, 2 * ticks);
            found = 0;
        }
    }
}
