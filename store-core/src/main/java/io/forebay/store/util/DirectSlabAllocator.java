package io.forebay.store.util;

import io.forebay.store.Environment;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * The default memory of an environment: direct buffers, cut from regions of a few megabytes so that the JVM's bookkeeping
 * for direct memory is paid once a region and not once a slab. Regions are kept until the allocator is garbage; slabs
 * that come back are handed out again before a new region is taken, so that the regions never exceed the most that was
 * outstanding, rounded up to one region.
 *
 * <p>Other sizes than a slab are plain heap buffers: they are rare, and direct memory of odd sizes would only return to
 * the system at the garbage collector's leisure. Thread-safe.
 */
public final class DirectSlabAllocator implements SlabAllocator {
    private static final int SLAB = Environment.SLAB_BYTES;
    private static final int MAX_REGION = 4 << 20;
    private static final int PAGE = 4096;

    private final int regionBytes;
    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
    private ByteBuffer region;
    private int regionAt;

    /** @param budget most bytes that will be outstanding; small budgets get small regions */
    public DirectSlabAllocator(long budget) {
        long eighth = budget / 8 / SLAB * SLAB;
        regionBytes = (int) Math.max(SLAB, Math.min(MAX_REGION, eighth));
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        if (bytes != SLAB) {
            return ByteBuffer.allocate(bytes);
        }
        ByteBuffer reused;
        synchronized (free) {
            reused = free.pollLast();
            if (reused == null) {
                return fresh();
            }
        }
        zero(reused);
        return reused;
    }

    @Override
    public void release(ByteBuffer buffer) {
        if (buffer.isDirect()) {
            synchronized (free) {
                free.addLast(buffer.clear());
            }
        }
    }

    private ByteBuffer fresh() {
        if (region == null || regionAt == region.capacity()) {
            region = newRegion();
            regionAt = 0;
        }
        ByteBuffer slab = region.slice(regionAt, SLAB);
        regionAt += SLAB;
        return slab;
    }

    private ByteBuffer newRegion() {
        try {
            // Page-aligned, so that a block in a slab touches no page and no cache line more than it must.
            return ByteBuffer.allocateDirect(regionBytes + PAGE)
                    .alignedSlice(PAGE)
                    .slice(0, regionBytes);
        } catch (OutOfMemoryError e) {
            throw new MemoryBudgetException(
                    "The JVM refuses " + regionBytes + " bytes of direct memory, which the memory budget allows. Raise"
                            + " -XX:MaxDirectMemorySize or lower the budget of the environment.",
                    e);
        }
    }

    private static void zero(ByteBuffer buffer) {
        for (int at = 0; at < SLAB; at += Long.BYTES) {
            buffer.putLong(at, 0L);
        }
    }
}
