package io.forebay.store.testing;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** Memory on the heap, so that a test that drops many environments leaves them to the collector; counts what is out. */
public final class HeapSlabs implements SlabAllocator {
    private final AtomicLong outstanding = new AtomicLong();

    @Override
    public ByteBuffer allocate(int bytes) {
        outstanding.addAndGet(bytes);
        return ByteBuffer.allocate(bytes);
    }

    @Override
    public void release(ByteBuffer buffer) {
        outstanding.addAndGet(-buffer.capacity());
    }

    /** Bytes allocated and not released. */
    public long outstanding() {
        return outstanding.get();
    }
}
