package io.forebay.store.testing;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** Memory on the heap, so that a test that drops many environments leaves them to the collector; counts what is out. */
public final class HeapSlabs implements SlabAllocator {
    private final AtomicLong outstanding = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();

    @Override
    public ByteBuffer allocate(int bytes) {
        peak.accumulateAndGet(outstanding.addAndGet(bytes), Math::max);
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

    /** The most that was outstanding. */
    public long peak() {
        return peak.get();
    }
}
