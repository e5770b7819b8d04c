package io.forebay.store;

import io.forebay.store.db.state.EngineLimits;

/** Makes limits small that are too large to be reached by a test, for tests of other packages. */
public final class TestLimits {
    private TestLimits() {}

    /** Files end when their range deletes take so many bytes of the heap: 1 for one in each file. */
    public static Environment.Builder tombstoneBytes(Environment.Builder builder, long bytes) {
        EngineLimits usual = EngineLimits.DEFAULT;
        return builder.limits(new EngineLimits(usual.valueBytes(), usual.foldBytes(), usual.logRecordBytes(), bytes));
    }
}
