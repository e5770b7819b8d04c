package io.forebay.store.util;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the holds in one region of memory: the slabs that cursors may keep where they are for any time.
 *
 * <pre>
 *   region 1   | hold |      | hold |      |     counts with all its bytes
 *   region 2   |      |      |      |      |     does not count: evictions can make room for a long buffer
 *   region 3   |      | hold |      |      |     counts with all its bytes
 *
 *   heldBytes = region 1 + region 3, at most three eighths of the budget
 * </pre>
 *
 * <p>One hold is enough to leave no room for a buffer as long as the region. So regions with holds are limited, and not
 * the holds in them: where a region has a hold, more are granted. Then long buffers fit in the other regions.
 *
 * <p>This class does not limit how many bytes are held; {@code cache.BlockHolds} does for blocks of the cache. Thread-safe,
 * without a lock.
 */
public final class HeldRegion {
    private static final int EIGHTH = 8;
    private static final int MOST_EIGHTHS = 3;
    private static final VarHandle HOLDERS;

    static {
        try {
            HOLDERS = MethodHandles.lookup().findVarHandle(HeldRegion.class, "holders", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int bytes;
    private final boolean isLong;
    private final long most;
    /** Bytes of all regions with holds; for a moment also of a region whose first hold is being added or was not granted. */
    private final AtomicLong heldBytes;

    // Atomic operations only
    private volatile int holders;

    /**
     * How many slabs, each in a region that is not long, may be held without a call of {@link #tryHold}. If each lies in a
     * region of its own, these regions have three eighths of the budget, as much as those that are counted.
     */
    public static int uncounted(long budget) {
        return (int) Math.min(Integer.MAX_VALUE, most(budget) / RegionSource.regionBytes(budget));
    }

    HeldRegion(int bytes, long budget, AtomicLong heldBytes) {
        this.bytes = bytes;
        this.isLong = bytes > RegionSource.regionBytes(budget);
        this.most = most(budget);
        this.heldBytes = heldBytes;
    }

    private static long most(long budget) {
        return budget / EIGHTH * MOST_EIGHTHS;
    }

    /** True for a region that was made for a buffer longer than the usual region. A few of these may be most of the memory. */
    public boolean isLong() {
        return isLong;
    }

    /** Adds a hold. @return false when it would be the first one here, and the regions with holds are too large already */
    public boolean tryHold() {
        while (true) {
            int before = holders;
            if (before == 0 && heldBytes.addAndGet(bytes) > most) {
                heldBytes.addAndGet(-bytes);
                return false;
            }
            if (HOLDERS.compareAndSet(this, before, before + 1)) {
                return true;
            }
            if (before == 0) {
                heldBytes.addAndGet(-bytes);
            }
        }
    }

    /** Ends one {@link #tryHold} that was granted. */
    public void endHold() {
        if ((int) HOLDERS.getAndAdd(this, -1) == 1) {
            heldBytes.addAndGet(-bytes);
        }
    }
}
