package io.forebay.store;

import java.nio.ByteBuffer;

/**
 * Gives an environment its memory. A host that owns off-heap memory, like a Flink TaskManager, can plug in its own.
 * Thread-safe. The environment asks for {@link #SLAB_BYTES} at a time, and for other multiples of 4 KiB, smaller or larger,
 * for single values, blocks and buffers. It never holds more than its budget.
 *
 * <p>Writers, readers and background work call the allocator with locks of the engine held. So the allocator must call
 * no store and no environment (a call that would wait throws {@link IllegalStateException}), and must not block for
 * long. {@link #release} must not throw.
 */
public interface SlabAllocator {
    /** Bytes of a slab, the unit in which memory is taken: 64 KiB. */
    int SLAB_BYTES = 64 << 10;

    /**
     * A zeroed buffer of exactly {@code bytes}: position 0, limit and capacity {@code bytes}, 8-byte aligned. To refuse
     * a request, throw an {@link OutOfMemoryError} or a {@link RuntimeException}: then the environment uses only the
     * memory that it has, caches less and flushes earlier, and asks again later. A write that needs the refused memory
     * fails with a {@link MemoryBudgetException} that has what was thrown as its cause.
     */
    ByteBuffer allocate(int bytes);

    /** Takes back a buffer of {@link #allocate}. The environment does not use the buffer any more. */
    void release(ByteBuffer buffer);
}
