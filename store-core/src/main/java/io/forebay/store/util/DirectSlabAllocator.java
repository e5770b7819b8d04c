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
 * outstanding, rounded up to one region, and never the budget, with all that they cost.
 *
 * <p>The JVM collects garbage and sleeps for half a second before it refuses a region. So when it has, it is not asked again
 * for each of the following slabs that there are none of, but for the second one, the fourth one and so on.
 *
 * <p>Other sizes than a slab are plain heap buffers: they are rare, and direct memory of odd sizes would only return to
 * the system at the garbage collector's leisure. They take half of the Java heap at the most; what is beyond is refused, as pressure: the
 * heap is for others to live on, who would fail without it. Thread-safe.
 */
public final class DirectSlabAllocator implements SlabAllocator {
    private static final int SLAB = Environment.SLAB_BYTES;
    private static final int MAX_REGION = 4 << 20;
    private static final int PAGE = 4096;
    private static final int MOST_TURNS_REFUSED = 1024;

    private final long budget;
    private final long mostOnHeap;
    private final int regionBytes;
    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
    private ByteBuffer region;
    private int regionAt;
    /** What all regions cost. */
    private long taken;
    /** Bytes of the heap buffers that are out. */
    private long onHeap;

    private MemoryBudgetException refusal;
    /** So many slabs are refused before the JVM is asked again. */
    private int turnsLeft;

    private int turns = 1;

    /** @param budget the most that all regions may cost; small budgets get small regions */
    public DirectSlabAllocator(long budget) {
        this(budget, Runtime.getRuntime().maxMemory() / 2);
    }

    DirectSlabAllocator(long budget, long mostOnHeap) {
        this.budget = budget;
        this.mostOnHeap = mostOnHeap;
        regionBytes = regionBytes(budget);
    }

    private static int regionBytes(long budget) {
        long eighth = budget / 8 / SLAB * SLAB;
        return (int) Math.max(SLAB, Math.min(MAX_REGION, eighth));
    }

    /** What of a budget may be outstanding: the rest is what regions cost beside their slabs. */
    public static long usable(long budget) {
        long regions = (budget + regionBytes(budget) - 1) / regionBytes(budget);
        return budget - regions * PAGE;
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        if (bytes != SLAB) {
            return allocateOnHeap(bytes);
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
        synchronized (free) {
            if (buffer.isDirect()) {
                free.addLast(buffer.clear());
            } else {
                onHeap -= buffer.capacity();
            }
        }
    }

    /** A single one is never refused: nothing that could be given back would help. */
    private ByteBuffer allocateOnHeap(int bytes) {
        synchronized (free) {
            if (onHeap > 0 && onHeap + bytes > mostOnHeap) {
                throw new MemoryBudgetException(
                        "Values longer than 16 KiB and blocks longer than 64 KiB lie on the Java heap,"
                                + " of which they take half at the most, " + mostOnHeap + " bytes; they have " + onHeap
                                + ", and " + bytes + " more were asked for. Raise -Xmx, or lower memtableBytes.");
            }
            onHeap += bytes;
        }
        ByteBuffer buffer = null;
        try {
            buffer = ByteBuffer.allocate(bytes);
            return buffer;
        } finally {
            if (buffer == null) {
                synchronized (free) {
                    onHeap -= bytes;
                }
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
        if (turnsLeft > 0) {
            turnsLeft--;
            throw refusal;
        }
        int bytes = (int) Math.min(regionBytes, (budget - taken - PAGE) / SLAB * SLAB);
        if (bytes <= 0) {
            throw new IllegalStateException("More than " + usable(budget) + " bytes of a budget of " + budget);
        }
        ByteBuffer fresh;
        try {
            // Page-aligned, so that a block in a slab touches no page and no cache line more than it must.
            fresh = ByteBuffer.allocateDirect(bytes + PAGE).alignedSlice(PAGE).slice(0, bytes);
        } catch (OutOfMemoryError e) {
            refusal = new MemoryBudgetException(
                    "The JVM refuses " + (bytes + PAGE) + " bytes of direct memory beyond the " + taken
                            + " that it has given so far, which the memory budget of " + budget
                            + " allows. Raise -XX:MaxDirectMemorySize or lower the budget of the environment.",
                    e);
            turnsLeft = turns;
            turns = Math.min(MOST_TURNS_REFUSED, 2 * turns);
            throw refusal;
        }
        turns = 1;
        taken += bytes + PAGE;
        return fresh;
    }

    private static void zero(ByteBuffer buffer) {
        for (int at = 0; at < SLAB; at += Long.BYTES) {
            buffer.putLong(at, 0L);
        }
    }
}
