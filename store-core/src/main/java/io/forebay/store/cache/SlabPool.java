package io.forebay.store.cache;

import io.forebay.store.Environment;
import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Slab;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Hands out memory under one hard budget. Nothing is handed out beyond it, ever: a request that does not fit even after
 * the cache was squeezed gets null or false, and its caller waits, flushes or fails. Thread-safe; slabs are taken rarely
 * (every 64 KiB), so one lock does.
 */
public final class SlabPool {
    /** Who holds memory. */
    public enum Use {
        MEMTABLE,
        CACHE,
        METADATA
    }

    private static final int USES = Use.values().length;

    private final SlabAllocator allocator;
    private final long budget;
    private final long cacheFloor;
    private final long memtableCeiling;

    private final List<Reclaimer> reclaimers = new CopyOnWriteArrayList<>();
    private final long[] usedBy = new long[USES];
    private long used;
    private long peak;
    /** The allocator failed, and has given nothing and got nothing back since. */
    private volatile boolean refused;

    /**
     * @param allocator is asked for slabs of {@link Environment#SLAB_BYTES} and for larger buffers
     * @param budget bytes
     */
    public SlabPool(SlabAllocator allocator, long budget) {
        this(allocator, budget, budget);
    }

    /**
     * @param memtableCeiling bytes that memtables get at the most: they leave room for the metadata of files, without which
     *     nothing that was flushed can be read
     */
    public SlabPool(SlabAllocator allocator, long budget, long memtableCeiling) {
        this.allocator = allocator;
        this.budget = budget;
        this.cacheFloor = budget / 8;
        this.memtableCeiling = memtableCeiling;
    }

    /** A zeroed slab of {@link Environment#SLAB_BYTES}, or null when the budget has no room for it. */
    public Slab tryTake(Use use) {
        return tryTakeLarge(use, Environment.SLAB_BYTES);
    }

    /** A zeroed slab of exactly {@code bytes}, or null when the budget has no room for it. */
    public Slab tryTakeLarge(Use use, int bytes) {
        return take(use, bytes, false);
    }

    /**
     * As {@link #tryTakeLarge}, for a slab that the caller can do without: null as well when the allocator fails, and
     * without asking it again before it gave or got something. For a JVM collects garbage and sleeps before it refuses;
     * and whoever needs memory does ask, and is told why there is none.
     */
    public Slab tryTakeOptional(Use use, int bytes) {
        return refused ? null : take(use, bytes, true);
    }

    private Slab take(Use use, int bytes, boolean optional) {
        if (!tryReserve(use, bytes)) {
            return null;
        }
        Slab slab = null;
        try {
            slab = new Slab(allocator.allocate(bytes));
        } catch (RuntimeException | OutOfMemoryError e) {
            if (!optional) {
                throw e;
            }
        } finally {
            refused = slab == null;
            if (slab == null) {
                unreserve(use, bytes);
            }
        }
        return slab;
    }

    /** Gives back a slab that was taken for {@code use}; nobody touches it any more. */
    public void give(Use use, Slab slab) {
        int bytes = slab.capacity();
        allocator.release(slab.buffer());
        refused = false;
        unreserve(use, bytes);
    }

    /**
     * Accounts for memory that does not come from this pool (objects on the heap).
     *
     * @return false when the budget has no room for it
     */
    public boolean tryReserve(Use use, long bytes) {
        while (true) {
            long missing;
            synchronized (usedBy) {
                if (use == Use.MEMTABLE && usedBy[use.ordinal()] + bytes > memtableCeiling) {
                    return false;
                }
                missing = used + bytes - budget;
                if (missing <= 0) {
                    used += bytes;
                    usedBy[use.ordinal()] += bytes;
                    peak = Math.max(peak, used);
                    return true;
                }
                // What cannot help is not evicted.
                if (use == Use.CACHE || missing > usedBy[Use.CACHE.ordinal()] - cacheFloor) {
                    return false;
                }
            }
            if (reclaim(missing) == 0) {
                return false;
            }
        }
    }

    /** Ends {@link #tryReserve}. */
    public void unreserve(Use use, long bytes) {
        synchronized (usedBy) {
            if (bytes > usedBy[use.ordinal()]) {
                throw new IllegalStateException(
                        bytes + " bytes are given back by " + use + ", which has " + usedBy[use.ordinal()]);
            }
            used -= bytes;
            usedBy[use.ordinal()] -= bytes;
        }
    }

    private long reclaim(long bytes) {
        long freed = 0;
        for (Reclaimer reclaimer : reclaimers) {
            if (freed < bytes) {
                freed += reclaimer.reclaim(bytes - freed);
            }
        }
        return freed;
    }

    /**
     * Adds somebody to ask for memory held as {@link Use#CACHE} when a memtable or metadata needs it. The cache is squeezed
     * to an eighth of the budget and no further.
     */
    public void onPressure(Reclaimer reclaimer) {
        reclaimers.add(reclaimer);
    }

    /** Bytes handed out. */
    public long used() {
        synchronized (usedBy) {
            return used;
        }
    }

    public long used(Use use) {
        synchronized (usedBy) {
            return usedBy[use.ordinal()];
        }
    }

    /** The most that {@link #used()} has been. */
    public long peak() {
        synchronized (usedBy) {
            return peak;
        }
    }

    public long budget() {
        return budget;
    }
}
