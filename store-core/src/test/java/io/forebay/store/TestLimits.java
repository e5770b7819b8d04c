package io.forebay.store;

import io.forebay.store.db.state.EngineLimits;

/**
 * Makes limits small that are too large to be reached by a test. In this package, because {@link Environment.Builder} keeps its
 * limits from everybody else; no test is.
 */
public final class TestLimits {
    private TestLimits() {}

    /** @return {@code builder} */
    public static Environment.Builder limits(Environment.Builder builder, EngineLimits limits) {
        return builder.limits(limits);
    }

    /** Files end when their range deletes take so many bytes of the heap: 1 for one in each file. */
    public static Environment.Builder tombstoneBytes(Environment.Builder builder, long bytes) {
        EngineLimits usual = EngineLimits.DEFAULT;
        return builder.limits(new EngineLimits(usual.valueBytes(), usual.foldBytes(), usual.logRecordBytes(), bytes));
    }
}
