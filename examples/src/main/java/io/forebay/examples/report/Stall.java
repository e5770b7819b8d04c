package io.forebay.examples.report;

import java.util.concurrent.TimeUnit;

/** Ends a wait in which nothing moves any more: a demo that hangs says less than one that fails. One thread. */
public final class Stall {
    /** Enough for a machine that is busy with other work. */
    public static final long PATIENCE_SECONDS = 300;

    private final String what;
    private long last = Long.MIN_VALUE;
    private long since;

    /** @param what of the message, up to the time */
    public Stall(String what) {
        this.what = what;
    }

    /** @throws IllegalStateException when {@code progress} has been the same for {@link #PATIENCE_SECONDS} */
    public void check(long progress) {
        long now = System.nanoTime();
        if (progress != last) {
            last = progress;
            since = now;
        } else if (now - since > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
            throw new IllegalStateException(what + " for " + PATIENCE_SECONDS + " s, the last at " + progress);
        }
    }
}
