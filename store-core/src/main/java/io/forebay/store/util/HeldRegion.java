package io.forebay.store.util;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the holds in one region: parts of it that cursors keep pinned for any time, so that the region has no room for a long
 * buffer. Regions with holds may have three eighths of the memory. Thread-safe, without a lock.
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

    /** So many parts may be held beside in regions that are not long: they are in as much memory as those that are counted. */
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

    /** Made for one buffer that is longer than regions usually are: a few of these may be most of the memory. */
    public boolean isLong() {
        return isLong;
    }

    /** @return false when nobody holds anything of this region yet, and too many others are held */
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
