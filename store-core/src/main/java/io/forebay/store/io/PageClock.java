package io.forebay.store.io;

import io.forebay.store.Clock;

/**
 * What is known of the memory behind mapped files: how long pages that were in memory are taken to be there, and whether memory is
 * short. In ticks of a quarter of a second. At first, and since one was found to have left, an answer holds a tick; twice as long
 * whenever many were found in memory one after the other, up to sixteen seconds. When more than a few of those that are asked for have left,
 * memory is short, and for sixteen seconds nothing is to be read in place: each load might bring the whole read-ahead of the device
 * with it, and push out what others need. To ask costs about a microsecond, so where memory is not short nearly no read asks.
 * Thread-safe.
 */
public final class PageClock {
    /** Of a tick: 2^28 ns. */
    private static final int SHIFT = 28;

    private static final int LONGEST = 64;
    private static final int MANY = 256;
    /** What one that has left weighs against one that was found: more than 3 % of them, and memory is short. */
    private static final int WEIGHT = 32;

    private final Clock clock;
    // Racy: hints, of which any value is right
    private int ticks = 1;
    private int found;
    private int left;
    private int shortUntil;

    PageClock(Clock clock) {
        this.clock = clock;
        this.shortUntil = tick();
    }

    /** The number of the present tick; the caller cuts it as he likes. */
    public int tick() {
        return (int) (clock.nanoTime() >>> SHIFT);
    }

    /** Whether nothing is to be read in place at this tick. */
    public boolean isShort(int tick) {
        return tick - shortUntil < 0;
    }

    /** For so many ticks pages that were in memory are taken to be there. */
    public int ticks() {
        return ticks;
    }

    /** Tells that pages were asked for which should be in memory. */
    public void asked(boolean inMemory) {
        if (inMemory) {
            left = Math.max(0, left - 1);
            if (++found >= MANY) {
                ticks = Math.min(LONGEST, 2 * ticks);
                found = 0;
            }
            return;
        }
        ticks = 1;
        found = 0;
        left += WEIGHT;
        if (left >= MANY) {
            left = 0;
            shortUntil = tick() + LONGEST;
        }
    }
}
