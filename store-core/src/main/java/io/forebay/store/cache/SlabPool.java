package io.forebay.store.cache;

import io.forebay.store.Clock;
import io.forebay.store.SlabAllocator;
import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Slab;
import io.forebay.store.util.SlabPlace;
import io.forebay.store.util.SystemClock;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Hands out memory under one hard budget, and never more than that: a request that does not fit, even after the cache gave
 * memory back, gets null or false, and its caller waits, flushes or fails. Thread-safe. Slabs are taken rarely (every 64 KiB),
 * so one lock is enough.
 *
 * <pre>
 *   tryTake(use) --&gt; tryReserve: is there room in the budget, or do the cache and the readers of SSTs give some back?
 *                --&gt; HostAllocator: does the allocator give a buffer, or give one after the cache gave some back?
 *   tryReserve(use, bytes)       for memory on the heap: the first half only
 * </pre>
 *
 * <p>It does not wait for memory, and decides nothing among its users but who gives back first: the cache down to an eighth of
 * the budget, then the readers.
 */
public final class SlabPool {
    /** What memory is used for. */
    public enum Use {
        MEMTABLE,
        CACHE,
        /** What readers of SSTs keep in memory besides cached blocks. */
        SST_READER,
        /** The order and the range deletes of memtables, which are on the heap. */
        MEMTABLE_HEAP,
        /** Windows of scans. */
        METADATA,
        /**
         * What background jobs have until they end, and can go on without: windows, one for each of their runs, and the tails of the
         * files that they write. So all of it together has a ceiling.
         */
        READ_AHEAD
    }

    private static final int USES = Use.values().length;
    /** {@link Use#READ_AHEAD} has at most the budget divided by this. */
    private static final int READ_AHEAD_SHARE = 16;

    private static final int PAGE = 4096;
    /** So often the cache is asked to give memory back for one slab, because other threads may take what it gave. */
    private static final int REFUSALS = 8;

    private final HostAllocator host;
    private final long budget;
    private final long cacheFloor;
    private final long memtableCeiling;

    // Set before use
    private volatile Reclaimer cache = bytes -> 0;
    private volatile Reclaimer cacheStretch = cache;
    private volatile Reclaimer readers = bytes -> 0;
    /** Bytes for each use; also the lock for its elements and the fields below. */
    private final long[] usedBy = new long[USES];

    // Guarded by usedBy
    private long used;
    private long peak;
    /** All bytes of {@link Use#READ_AHEAD} that were ever given back. */
    private long readAheadReturned;

    /**
     * @param allocator gives slabs of {@link SlabAllocator#SLAB_BYTES} and larger buffers
     * @param budget bytes
     */
    public SlabPool(SlabAllocator allocator, long budget) {
        this(allocator, budget, budget, new SystemClock());
    }

    /**
     * @param memtableCeiling the most bytes that memtables get. The rest is room for readers of SSTs, without which nothing
     *     that was flushed could be read
     */
    public SlabPool(SlabAllocator allocator, long budget, long memtableCeiling, Clock clock) {
        this.host = new HostAllocator(allocator, budget, clock);
        this.budget = budget;
        this.cacheFloor = budget / 8;
        this.memtableCeiling = memtableCeiling;
    }

    /**
     * The length of a buffer, other than a slab, with at least {@code bytes}: whole pages, because memory costs whole pages.
     */
    public static int wholePages(int bytes) {
        return (bytes + PAGE - 1) & -PAGE;
    }

    /** A zeroed slab of {@link SlabAllocator#SLAB_BYTES}, or null when the budget has no room for it or the allocator refuses. */
    public Slab tryTake(Use use) {
        return tryTakeLarge(use, SlabAllocator.SLAB_BYTES);
    }

    /**
     * A zeroed slab of exactly {@code bytes}, or null when the budget has no room for it. When the allocator refuses the
     * memory, or has it only in pieces that are too short, this counts as no room: the cache gives memory back for it, all it
     * has if necessary.
     */
    public Slab tryTakeLarge(Use use, int bytes) {
        return use == Use.CACHE ? tryTakeOptional(use, bytes) : take(use, bytes, false);
    }

    /**
     * As {@link #tryTakeLarge}, for a slab that the caller can do without. When the allocator refuses, the cache gives nothing
     * back, and the allocator is not asked again before it has given or got something, or some time has passed; for a JVM
     * collects garbage and sleeps before it refuses.
     */
    public Slab tryTakeOptional(Use use, int bytes) {
        return host.mayAskForOptional() ? take(use, bytes, true) : null;
    }

    private Slab take(Use use, int bytes, boolean optional) {
        for (int attempt = 0; attempt < REFUSALS; attempt++) {
            if (!tryReserve(use, bytes)) {
                return null;
            }
            Slab slab = ask(use, bytes);
            // The allocator has again what the cache gives back, without memory of the host.
            if (slab != null || optional || cacheStretch.reclaim(bytes) == 0) {
                return slab;
            }
        }
        return null;
    }

    /**
     * Asks the allocator for memory for which room in the budget is reserved. Ends the reservation when the allocator refuses.
     * @return null when the allocator refuses
     */
    private Slab ask(Use use, int bytes) {
        ByteBuffer buffer = null;
        Slab slab = null;
        try {
            buffer = host.tryAllocate(bytes);
            slab = buffer == null ? null : new Slab(buffer);
        } finally {
            if (slab == null) {
                unreserve(use, bytes);
                if (buffer != null) {
                    host.release(buffer);
                }
            }
        }
        return slab;
    }

    /** Why the allocator last refused memory; null when it never did. */
    public Throwable refusal() {
        return host.refusal();
    }

    /**
     * An exception with the length that was last asked for and not found in one piece; null when something was handed out
     * since.
     */
    public Throwable fragmentation() {
        return host.fragmentation();
    }

    /**
     * The slabs of the cache that must be evicted for one buffer of that length; empty when the allocator does not tell, or too
     * much cannot be evicted.
     */
    List<CacheSlab> obstacles(CacheSlabs slabs, int bytes) {
        return host.obstacles(slabs, bytes);
    }

    /** The count of the holds in the region of the slab; null when the allocator has no regions. */
    public HeldRegion holders(Slab slab) {
        return host.holders(slab);
    }

    /** Where the slab lies in its region; null when it lies in none, or not at a multiple of its length. */
    SlabPlace place(Slab slab) {
        return host.place(slab);
    }

    /** The budget, or the part of it that the allocator gives at present, in bytes. */
    public long capacity() {
        return host.capacity();
    }

    /** Gives back a slab that was taken for {@code use}; no thread may touch it after this call. */
    public void give(Use use, Slab slab) {
        host.release(slab.buffer());
        unreserve(use, slab.capacity());
    }

    /**
     * Accounts for memory that does not come from this pool, such as objects on the heap.
     *
     * @return false when the budget has no room for it
     */
    public boolean tryReserve(Use use, long bytes) {
        while (true) {
            long missing;
            synchronized (usedBy) {
                if (usedBy[use.ordinal()] + bytes > ceiling(use)) {
                    return false;
                }
                missing = used + bytes - budget;
                if (missing <= 0) {
                    used += bytes;
                    usedBy[use.ordinal()] += bytes;
                    peak = Math.max(peak, used);
                    return true;
                }
                // Nothing is evicted when it would not be enough.
                if (use == Use.CACHE || missing > spareCache() + usedBy[Use.SST_READER.ordinal()]) {
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
            if (use == Use.READ_AHEAD) {
                readAheadReturned += bytes;
            }
        }
    }

    private long ceiling(Use use) {
        return switch (use) {
            case MEMTABLE -> memtableCeiling;
            case READ_AHEAD -> budget / READ_AHEAD_SHARE;
            case CACHE, SST_READER, MEMTABLE_HEAP, METADATA -> Long.MAX_VALUE;
        };
    }

    /** All bytes of {@link Use#READ_AHEAD} that were ever given back: grows whenever a background job gives memory back. */
    public long readAheadReturned() {
        synchronized (usedBy) {
            return readAheadReturned;
        }
    }

    /**
     * True when background jobs have memory out, and a memtable could get {@code bytes} once they have given it back, as far as
     * the {@link #capacity} goes.
     */
    public boolean comesWithReadAhead(long bytes) {
        long capacity = capacity();
        synchronized (usedBy) {
            long readAhead = usedBy[Use.READ_AHEAD.ordinal()];
            long room = capacity - used + readAhead + spareCache() + usedBy[Use.SST_READER.ordinal()];
            return readAhead > 0 && bytes <= room && usedBy[Use.MEMTABLE.ordinal()] + bytes <= memtableCeiling;
        }
    }

    /**
     * The cache gives memory back first, down to its floor, and then the readers of SSTs: without the reader of its file no
     * block can be found.
     */
    private long reclaim(long bytes) {
        long spare;
        synchronized (usedBy) {
            spare = spareCache();
        }
        long freed = spare == 0 ? 0 : cache.reclaim(Math.min(bytes, spare));
        return freed < bytes ? freed + readers.reclaim(bytes - freed) : freed;
    }

    private long spareCache() {
        return Math.max(0, usedBy[Use.CACHE.ordinal()] - cacheFloor);
    }

    /**
     * Evicts readers of SSTs to make room for the cache, as long as the cache has less than its floor.
     *
     * @return false when nothing was given back
     */
    boolean makeRoomForCache(int bytes) {
        long missing;
        synchronized (usedBy) {
            missing = used + bytes - budget;
            if (missing <= 0) {
                return true;
            }
            if (usedBy[Use.CACHE.ordinal()] + bytes > cacheFloor || usedBy[Use.SST_READER.ordinal()] == 0) {
                return false;
            }
        }
        return readers.reclaim(missing) > 0;
    }

    /**
     * Sets the reclaimer for memory used as {@link Use#CACHE}, which is called when another use needs memory. The cache keeps
     * an eighth of the budget.
     */
    public void cacheReclaimer(Reclaimer reclaimer) {
        cacheReclaimer(reclaimer, reclaimer);
    }

    /** @param stretch as {@code reclaimer}, for memory in one piece of that length */
    void cacheReclaimer(Reclaimer reclaimer, Reclaimer stretch) {
        cache = reclaimer;
        cacheStretch = stretch;
    }

    /** Sets the reclaimer for memory used as {@link Use#SST_READER}, which is called when the cache has no more to give. */
    public void readerReclaimer(Reclaimer reclaimer) {
        readers = reclaimer;
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

    /** Bytes of all that flushes give back: {@link Use#MEMTABLE} and {@link Use#MEMTABLE_HEAP}. */
    public long flushableBytes() {
        synchronized (usedBy) {
            return usedBy[Use.MEMTABLE.ordinal()] + usedBy[Use.MEMTABLE_HEAP.ordinal()];
        }
    }

    /**
     * True when one more slab would leave as much free as memtables have: they grow again after each flush, and what the cache takes
     * meanwhile it would have to give back.
     */
    boolean hasRoomBesideMemtables() {
        synchronized (usedBy) {
            long memtables = usedBy[Use.MEMTABLE.ordinal()] + usedBy[Use.MEMTABLE_HEAP.ordinal()];
            return used + memtables + SlabAllocator.SLAB_BYTES <= budget;
        }
    }

    /** Bytes of all that is neither {@link Use#MEMTABLE} nor {@link Use#CACHE}. */
    public long metadataBytes() {
        synchronized (usedBy) {
            return used - usedBy[Use.MEMTABLE.ordinal()] - usedBy[Use.CACHE.ordinal()];
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

    /** The most bytes that memtables get. */
    public long memtableCeiling() {
        return memtableCeiling;
    }
}
