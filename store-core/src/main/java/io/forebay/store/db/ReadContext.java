package io.forebay.store.db;

import io.forebay.store.ValueBuffer;
import io.forebay.store.key.PointLookup;

/**
 * What a thread reuses from one point read to the next, of all stores. A read has it for itself from {@link #begin} to {@link
 * #end}, and leaves nothing large in it: a thread may not read again for long.
 */
final class ReadContext {
    private static final int KEPT_BYTES = 64 << 10;
    private static final ThreadLocal<ReadContext> OF_THREAD = ThreadLocal.withInitial(ReadContext::new);

    final PointLookup lookup = new PointLookup();
    /** Null when there is none to reuse. */
    private ValueBuffer buffer;

    private boolean inUse;

    private ReadContext() {}

    /**
     * Begins a read; the caller ends it. What a read runs of users, a file store, a key provider or an allocator, may read on
     * the same thread: that read takes another context, which stays the thread's.
     */
    static ReadContext begin() {
        ReadContext context = OF_THREAD.get();
        if (context.inUse) {
            context = new ReadContext();
            OF_THREAD.set(context);
        }
        context.inUse = true;
        return context;
    }

    /** Without an allocation, for who has read something large may have no memory left. */
    void end() {
        inUse = false;
        lookup.end();
        if (buffer != null && buffer.array().length > KEPT_BYTES) {
            buffer = null;
        }
    }

    /** A buffer for one value; not the one of a value before if that has made it large. */
    ValueBuffer buffer() {
        if (buffer == null || buffer.array().length > KEPT_BYTES) {
            buffer = new ValueBuffer();
        }
        return buffer;
    }
}
