package io.forebay.store.db;

import io.forebay.store.ValueBuffer;
import io.forebay.store.key.PointLookup;

/** What a thread reuses from one point read to the next. */
final class ReadContext {
    private static final int KEPT_BYTES = 64 << 10;
    private static final ThreadLocal<ReadContext> OF_THREAD = ThreadLocal.withInitial(ReadContext::new);

    final PointLookup lookup = new PointLookup();
    private ValueBuffer buffer = new ValueBuffer();

    private ReadContext() {}

    static ReadContext ofThread() {
        return OF_THREAD.get();
    }

    /** A buffer for one value; not the one of a read before if a large value has made that one large. */
    ValueBuffer buffer() {
        if (buffer.array().length > KEPT_BYTES) {
            buffer = new ValueBuffer();
        }
        return buffer;
    }
}
