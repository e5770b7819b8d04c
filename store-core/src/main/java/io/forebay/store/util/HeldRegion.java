package io.forebay.store.util;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts who holds a part of one region for longer than a moment, so that it has no room for a long buffer. Three eighths of
 * the memory may be held so. Thread-safe, without a lock.
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
    /** Of all regions with holders, and for a moment of one that is about to have some, or had. */
    private final AtomicLong heldBytes;

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
