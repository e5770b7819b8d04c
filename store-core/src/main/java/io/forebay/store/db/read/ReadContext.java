package io.forebay.store.db.read;

import io.forebay.store.ValueBuffer;
import io.forebay.store.key.PointLookup;
import java.lang.ref.WeakReference;

/**
 * Objects that a thread reuses from one point read to the next, of all stores. Used by one thread: a read has the
 * context for itself from {@link #begin} to {@link #end}. It leaves nothing large in the context, because the thread
 * may not read again for a long time.
 */
final class ReadContext {
    private static final int KEPT_BYTES = 64 << 10;
    /** Weak: a thread that outlives the engine must not keep its classes. */
    private static final ThreadLocal<WeakReference<ReadContext>> OF_THREAD = new ThreadLocal<>();

    final PointLookup lookup = new PointLookup();
    /** Null when there is no buffer to reuse. */
    private ValueBuffer buffer;

    private boolean inUse;

    private ReadContext() {}

    /**
     * Starts a read; the caller ends it. A read may run code of users (a file store, a key provider or an allocator)
     * that reads on the same thread: that read takes another context, which stays the context of the thread.
     */
    static ReadContext begin() {
        WeakReference<ReadContext> reference = OF_THREAD.get();
        ReadContext context = reference == null ? null : reference.get();
        if (context == null || context.inUse) {
            context = new ReadContext();
            OF_THREAD.set(new WeakReference<>(context));
        }
        context.inUse = true;
        return context;
    }

    /** Ends the read, without an allocation: after a read of something large there may be no memory left. */
    void end() {
        inUse = false;
        lookup.end();
        if (buffer != null && buffer.array().length > KEPT_BYTES) {
            buffer = null;
        }
    }

    /** A buffer for one value. It is a new one if an earlier value has made the old one large. */
    ValueBuffer buffer() {
        if (buffer == null || buffer.array().length > KEPT_BYTES) {
            buffer = new ValueBuffer();
        }
        return buffer;
    }
}
