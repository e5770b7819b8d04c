package io.forebay.store.util;

import io.forebay.store.Clock;

/** The clock of the JVM. */
public final class SystemClock implements Clock {
    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long currentTimeMillis() {
        return System.currentTimeMillis();
    }
}
