package io.forebay.store;

import io.forebay.store.db.state.EngineLimits;

/**
 * Makes limits small that are too large to be reached by a test, and sets what users may not set yet. In this package, because the builders
 * keep that from everybody else; no test is.
 */
public final class TestLimits {
    private TestLimits() {}

    /** @return {@code builder} */
    public static Environment.Builder limits(Environment.Builder builder, EngineLimits limits) {
        return builder.limits(limits);
    }

    /** Values of {@code threshold} bytes or more are written to value files; 0 for none. @return {@code builder} */
    public static StoreOptions.Builder valueFiles(StoreOptions.Builder builder, int threshold) {
        return builder.withValueFiles(threshold);
    }

    /** Files end when their range deletes take so many bytes of the heap: 1 for one in each file. */
    public static Environment.Builder tombstoneBytes(Environment.Builder builder, long bytes) {
        EngineLimits usual = EngineLimits.DEFAULT;
        return builder.limits(new EngineLimits(usual.valueBytes(), usual.foldBytes(), usual.logRecordBytes(), bytes));
    }
}
