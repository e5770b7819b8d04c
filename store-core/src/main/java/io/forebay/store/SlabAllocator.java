package io.forebay.store;

import java.nio.ByteBuffer;

/**
 * Where an environment gets its memory. A host that owns off-heap memory (a Flink TaskManager) plugs in its own.
 * Thread-safe. The environment asks for {@link Environment#SLAB_BYTES} at a time, and for multiples of 4 KiB for single
 * values or blocks that are larger; it never has more than its budget outstanding.
 *
 * <p>Called with locks of the engine held, by writers, readers and background work: it must call no store and no environment
 * (one that would wait gets {@link IllegalStateException}), and not block for long. {@link #release} must not throw.
 */
public interface SlabAllocator {
    /**
     * A zeroed buffer of exactly {@code bytes}: position 0, limit and capacity {@code bytes}, 8-byte aligned. One that cannot be
     * had now is refused by an {@link OutOfMemoryError} or a {@link RuntimeException}: then the environment makes do with what it
     * has, caches less and flushes earlier, and asks again later. A write that cannot do without fails with a {@link
     * MemoryBudgetException} of that cause.
     */
    ByteBuffer allocate(int bytes);

    /** Takes back a buffer from {@link #allocate}; nobody touches it any more. */
    void release(ByteBuffer buffer);
}
