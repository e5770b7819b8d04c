package io.forebay.flink.memory;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.Map;
import org.apache.flink.annotation.Internal;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;

/**
 * Allocates memory in the way in which Flink allocates its managed memory: outside the heap, and outside the limit of
 * direct memory, in which a TaskManager does not include managed memory. Never has more than its budget, idle slabs
 * included. Thread-safe. The owner of the environment closes the allocator after the environment.
 */
@Internal
final class ManagedSlabAllocator implements SlabAllocator, AutoCloseable {
    private static final byte[] ZEROS = new byte[SlabAllocator.SLAB_BYTES];

    private final long budget;
    private final Map<ByteBuffer, MemorySegment> inUse = new IdentityHashMap<>();
    private final ArrayDeque<MemorySegment> idle = new ArrayDeque<>();
    // Guarded by this
    private long held;
    private boolean closed;

    ManagedSlabAllocator(long budget) {
        this.budget = budget;
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        MemorySegment segment = take(bytes);
        ByteBuffer buffer = segment.getOffHeapBuffer();
        buffer.clear();
        for (int at = 0; at < bytes; at += ZEROS.length) {
            buffer.put(at, ZEROS, 0, Math.min(ZEROS.length, bytes - at));
        }
        synchronized (this) {
            inUse.put(buffer, segment);
        }
        return buffer;
    }

    @Override
    public synchronized void release(ByteBuffer buffer) {
        MemorySegment segment = inUse.remove(buffer);
        if (segment == null) {
            throw new IllegalArgumentException("This buffer was not taken here, or was given back before");
        }
        if (segment.size() == SlabAllocator.SLAB_BYTES && !closed) {
            idle.push(segment);
        } else {
            free(segment);
        }
    }

    /** Bytes that are allocated: in use and idle. */
    synchronized long heldBytes() {
        return held;
    }

    /** Frees idle slabs. Slabs that are in use are freed when they are released. Idempotent. */
    @Override
    public synchronized void close() {
        closed = true;
        while (!idle.isEmpty()) {
            free(idle.pop());
        }
    }

    private synchronized MemorySegment take(int bytes) {
        if (bytes == SlabAllocator.SLAB_BYTES && !idle.isEmpty()) {
            return idle.pop();
        }
        while (held + bytes > budget && !idle.isEmpty()) {
            free(idle.pop());
        }
        MemorySegment segment = MemorySegmentFactory.allocateOffHeapUnsafeMemory(bytes, this, () -> {});
        held += bytes;
        return segment;
    }

    private void free(MemorySegment segment) {
        held -= segment.size();
        segment.free();
    }
}
