package io.forebay.store.cache;

import io.forebay.store.Clock;
import io.forebay.store.Environment;
import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.util.FragmentedMemoryException;
import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Slab;
import io.forebay.store.util.SystemClock;
import java.nio.ByteBuffer;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
        /** What readers of files keep in memory. */
        TABLE,
        /** The order of memtables, and windows of scans. */
        METADATA
    }

    private static final String ALLOCATOR = "a slab allocator";
    private static final int USES = Use.values().length;
    private static final int PAGE = 4096;
    /** So often the cache is squeezed for one slab; others may snatch what it gave. */
    private static final int REFUSALS = 8;
    /** After a refusal nothing is asked for that can be done without, for so long; longer after each further one. */
    private static final long FIRST_PAUSE_NANOS = 1_000_000_000L;

    private static final long LONGEST_PAUSE_NANOS = 64_000_000_000L;
    /** Between two warnings of an allocator that refuses. */
    private static final long WARN_NANOS = 60_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(SlabPool.class);

    private final SlabAllocator allocator;
    private final long budget;
    private final long cacheFloor;
    private final long memtableCeiling;
    private final Clock clock;

    private volatile Reclaimer cache = bytes -> 0;
    private volatile Reclaimer cacheStretch = cache;
    private volatile Reclaimer tables = bytes -> 0;
    private final long[] usedBy = new long[USES];
    private long used;
    private long peak;
    /** Slabs that are out. */
    private long outstanding;

    /** The budget, or what is known to be the most that the allocator gives. */
    private long capacity;

    private boolean warned;
    private long warnedNanos;
    /** The allocator failed, and has given nothing and got nothing back since. */
    private volatile boolean refused;

    private volatile Throwable refusal;
    /** What is free was last found to lie in pieces that are too short; null when something was handed out since. */
    private volatile Throwable fragmentation;
    // While refused; guarded by usedBy.
    private long pauseNanos;
    private long askAgainNanos;

    /**
     * @param allocator is asked for slabs of {@link Environment#SLAB_BYTES} and for larger buffers
     * @param budget bytes
     */
    public SlabPool(SlabAllocator allocator, long budget) {
        this(allocator, budget, budget, new SystemClock());
    }

    /**
     * @param memtableCeiling bytes that memtables get at the most: they leave room for the metadata of files, without which
     *     nothing that was flushed can be read
     */
    public SlabPool(SlabAllocator allocator, long budget, long memtableCeiling, Clock clock) {
        this.clock = clock;
        this.allocator = allocator;
        this.budget = budget;
        this.capacity = budget;
        this.cacheFloor = budget / 8;
        this.memtableCeiling = memtableCeiling;
    }

    /** The length to ask for where at least {@code bytes} are needed that are no slab: memory costs whole pages. */
    public static int wholePages(int bytes) {
        return (bytes + PAGE - 1) & -PAGE;
    }

    /** A zeroed slab of {@link Environment#SLAB_BYTES}, or null when the budget has no room for it or the allocator refuses. */
    public Slab tryTake(Use use) {
        return tryTakeLarge(use, Environment.SLAB_BYTES);
    }

    /**
     * A zeroed slab of exactly {@code bytes}, or null when the budget has no room for it. A refusal of the allocator counts as
     * no room: the cache is squeezed for it, to nothing if need be. So does room that lies in pieces that are too short.
     */
    public Slab tryTakeLarge(Use use, int bytes) {
        return use == Use.CACHE ? tryTakeOptional(use, bytes) : take(use, bytes, false);
    }

    /**
     * As {@link #tryTakeLarge}, for a slab that the caller can do without: when the allocator refuses, nothing is squeezed, and
     * it is not asked again before it gave or got something, or some time has passed. For a JVM collects garbage and sleeps
     * before it refuses.
     */
    public Slab tryTakeOptional(Use use, int bytes) {
        return refused && !mayAskAgain() ? null : take(use, bytes, true);
    }

    /** True for one caller after each pause. */
    private boolean mayAskAgain() {
        synchronized (usedBy) {
            long now = clock.nanoTime();
            if (now - askAgainNanos < 0) {
                return false;
            }
            askAgainNanos = now + pauseNanos;
            return true;
        }
    }

    private Slab take(Use use, int bytes, boolean optional) {
        for (int attempt = 0; attempt < REFUSALS; attempt++) {
            if (!tryReserve(use, bytes)) {
                return null;
            }
            Slab slab = ask(use, bytes);
            // What the cache gives back is there again, without the host.
            if (slab != null || optional || cacheStretch.reclaim(bytes) == 0) {
                return slab;
            }
        }
        return null;
    }

    private ByteBuffer allocate(int bytes) {
        Callbacks.enter(ALLOCATOR, Callbacks.ANYTHING);
        try {
            return allocator.allocate(bytes);
        } finally {
            Callbacks.leave();
        }
    }

    /** Of room that is reserved; takes that back otherwise. @return null when the allocator refuses */
    private Slab ask(Use use, int bytes) {
        ByteBuffer buffer = null;
        try {
            buffer = allocate(bytes);
        } catch (FragmentedMemoryException e) {
            fragmentation = e;
            return null;
        } catch (RuntimeException | OutOfMemoryError e) {
            refused(bytes, e);
            return null;
        } finally {
            if (buffer == null) {
                unreserve(use, bytes);
            }
        }
        refused = false;
        fragmentation = null;
        synchronized (usedBy) {
            pauseNanos = 0;
            outstanding += bytes;
            if (outstanding > capacity) {
                capacity = budget;
            }
        }
        return new Slab(buffer);
    }

    /** Shows only that so many bytes beside those that are out are too much; a slab more may be had. */
    private void refused(int bytes, Throwable cause) {
        refusal = cause;
        long atMost;
        boolean warn;
        synchronized (usedBy) {
            long now = clock.nanoTime();
            pauseNanos = Math.min(LONGEST_PAUSE_NANOS, Math.max(FIRST_PAUSE_NANOS, 2 * pauseNanos));
            askAgainNanos = now + pauseNanos;
            refused = true;
            atMost = Math.max(Environment.SLAB_BYTES, outstanding + Math.max(0, bytes - Environment.SLAB_BYTES));
            warn = capacity == budget && (!warned || now - warnedNanos >= WARN_NANOS);
            if (warn) {
                warned = true;
                warnedNanos = now;
            }
            capacity = Math.min(capacity, atMost);
            atMost = capacity;
        }
        if (warn) {
            LOG.warn(
                    "Of a memory budget of {} bytes, no more than {} are to be had. Less is cached, and memtables are flushed"
                            + " earlier. {}",
                    budget,
                    atMost,
                    cause.toString());
        }
    }

    /** Why the allocator last gave nothing; null when it always gave something. */
    public Throwable refusal() {
        return refusal;
    }

    /** Names the length that was last asked for and not found in one piece; null when something was handed out since. */
    public Throwable fragmentation() {
        return fragmentation;
    }

    /** What of the cache has to go for one buffer of that length; empty when the allocator does not tell, or too much stays. */
    List<CacheSlab> obstacles(CacheSlabs slabs, int bytes) {
        return allocator instanceof DirectSlabAllocator direct ? slabs.inTheWay(direct, bytes) : List.of();
    }

    /** Who holds parts of the region that the slab lies in; null when the allocator does not tell. */
    public HeldRegion holders(Slab slab) {
        return allocator instanceof DirectSlabAllocator direct ? direct.holders(slab.buffer()) : null;
    }

    /** The budget, or what of it the allocator gives at present. */
    public long capacity() {
        synchronized (usedBy) {
            return capacity;
        }
    }

    /** Gives back a slab that was taken for {@code use}; nobody touches it any more. */
    public void give(Use use, Slab slab) {
        int bytes = slab.capacity();
        Callbacks.enter(ALLOCATOR, Callbacks.ANYTHING);
        try {
            allocator.release(slab.buffer());
        } finally {
            Callbacks.leave();
        }
        refused = false;
        synchronized (usedBy) {
            pauseNanos = 0;
            outstanding -= bytes;
        }
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
                if (use == Use.CACHE || missing > spareCache() + usedBy[Use.TABLE.ordinal()]) {
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

    /** The cache is squeezed to its floor first: without the metadata of its file, no block is found. */
    private long reclaim(long bytes) {
        long spare;
        synchronized (usedBy) {
            spare = spareCache();
        }
        long freed = spare == 0 ? 0 : cache.reclaim(Math.min(bytes, spare));
        return freed < bytes ? freed + tables.reclaim(bytes - freed) : freed;
    }

    private long spareCache() {
        return Math.max(0, usedBy[Use.CACHE.ordinal()] - cacheFloor);
    }

    /**
     * Makes tables give room to the cache, as long as that has less than its floor.
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
            if (usedBy[Use.CACHE.ordinal()] + bytes > cacheFloor || usedBy[Use.TABLE.ordinal()] == 0) {
                return false;
            }
        }
        return tables.reclaim(missing) > 0;
    }

    /**
     * Who is asked for memory held as {@link Use#CACHE} when somebody else needs it. The cache is squeezed to an eighth of the
     * budget and no further.
     */
    public void cacheReclaimer(Reclaimer reclaimer) {
        cacheReclaimer(reclaimer, reclaimer);
    }

    /** @param stretch as {@code reclaimer}, for memory in which one buffer of that length fits */
    void cacheReclaimer(Reclaimer reclaimer, Reclaimer stretch) {
        cache = reclaimer;
        cacheStretch = stretch;
    }

    /** Who is asked for memory held as {@link Use#TABLE} when the cache cannot be squeezed further. */
    public void tableReclaimer(Reclaimer reclaimer) {
        tables = reclaimer;
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

    /** Bytes that memtables get at the most. */
    public long memtableCeiling() {
        return memtableCeiling;
    }
}
