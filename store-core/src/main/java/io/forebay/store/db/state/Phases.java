package io.forebay.store.db.state;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Gives each store of an environment a place between 0 and 1, so that what all of them would do at the same moment is spread
 * evenly, however many there are: each place lies in the largest gap that those before have left (multiples of the golden ratio).
 * The first store that is opened has the place 0, so one that is alone from the start does as its options say. Thread-safe.
 */
public final class Phases {
    private static final long STEP = 0x9E3779B97F4A7C15L; // 2^64 divided by the golden ratio

    private final AtomicLong next = new AtomicLong();

    /** From 0 to below 1. */
    double next() {
        return (next.getAndAdd(STEP) >>> 11) * 0x1.0p-53;
    }
}
