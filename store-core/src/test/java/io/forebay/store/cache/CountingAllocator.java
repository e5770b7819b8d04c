package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** Heap memory that knows how much of it is outstanding, and refuses to go over a limit. */
final class CountingAllocator implements SlabAllocator {
    final AtomicLong outstanding = new AtomicLong();
    final AtomicLong peak = new AtomicLong();
    private final long limit;

    CountingAllocator(long limit) {
        this.limit = limit;
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        long now = outstanding.addAndGet(bytes);
        if (now > limit) {
            throw new AssertionError(now + " bytes are outstanding, the budget is " + limit);
        }
        peak.accumulateAndGet(now, Math::max);
        return ByteBuffer.allocate(bytes);
    }

    @Override
    public void release(ByteBuffer buffer) {
        if (outstanding.addAndGet(-buffer.capacity()) < 0) {
            throw new AssertionError("more was released than allocated");
        }
    }
}
