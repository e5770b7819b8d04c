package io.forebay.store.testing;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory that shows its use after it was given back: a released buffer is filled with a pattern and kept for a while. Whoever
 * reads it finds the pattern and not what he wrote; whoever writes to it is caught when the buffer is looked at again, before it
 * is handed out another time, and at the end. Counts what is out. Thread-safe.
 */
public final class PoisonSlabs implements SlabAllocator {
    /** As a length it is wild, as a kind unknown, and in text it is none. */
    private static final byte POISON = (byte) 0xDB;

    private static final int QUARANTINED = 64;

    private final ArrayDeque<ByteBuffer> quarantine = new ArrayDeque<>();
    private final AtomicLong outstanding = new AtomicLong();
    private final AtomicLong released = new AtomicLong();

    @Override
    public ByteBuffer allocate(int bytes) {
        outstanding.addAndGet(bytes);
        ByteBuffer reused = null;
        synchronized (quarantine) {
            if (quarantine.size() > QUARANTINED && quarantine.peekFirst().capacity() == bytes) {
                reused = quarantine.pollFirst();
            }
        }
        if (reused == null) {
            return ByteBuffer.allocate(bytes);
        }
        requirePoison(reused);
        fill(reused, (byte) 0);
        return reused;
    }

    @Override
    public void release(ByteBuffer buffer) {
        fill(buffer, POISON);
        outstanding.addAndGet(-buffer.capacity());
        released.incrementAndGet();
        synchronized (quarantine) {
            quarantine.addLast(buffer.clear());
            if (quarantine.size() > 2 * QUARANTINED) {
                requirePoison(quarantine.pollFirst());
            }
        }
    }

    /** Bytes allocated and not released. */
    public long outstanding() {
        return outstanding.get();
    }

    /** Buffers released so far. */
    public long released() {
        return released.get();
    }

    /** @throws AssertionError when a released buffer was written to */
    public void check() {
        synchronized (quarantine) {
            quarantine.forEach(PoisonSlabs::requirePoison);
        }
    }

    /** Fills a buffer of another kind of memory that must not be read any more. */
    static void poison(ByteBuffer buffer) {
        fill(buffer, POISON);
    }

    private static void fill(ByteBuffer buffer, byte value) {
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.put(i, value);
        }
    }

    private static void requirePoison(ByteBuffer buffer) {
        for (int i = 0; i < buffer.capacity(); i++) {
            if (buffer.get(i) != POISON) {
                throw new AssertionError("A slab was written to at " + i + " after it had been given back");
            }
        }
    }
}
