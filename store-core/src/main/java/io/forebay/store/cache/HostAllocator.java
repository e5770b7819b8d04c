package io.forebay.store.cache;

import io.forebay.store.Clock;
import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.util.FragmentedMemoryException;
import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Slab;
import io.forebay.store.util.SlabPlace;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The allocator from which a {@link SlabPool} has its memory. It may refuse memory for which the budget has room; this class
 * remembers what it refused.
 *
 * <pre>
 *   a refusal             capacity = what is handed out. Optional memory is not asked for during a pause, which doubles
 *                         with each further refusal: 1 s, 2 s, ... 64 s
 *   no piece so long      remembered for messages only: the cache can give back what is in the way
 *   a success, a release  end the pause. A success beyond the capacity makes it the budget again
 * </pre>
 *
 * <p>It does not count what memory is used for, and reclaims nothing: the pool does. Thread-safe. The allocator is called
 * without the lock.
 */
final class HostAllocator {
    private static final String CALLBACK = "a slab allocator";
    private static final long FIRST_PAUSE_NANOS = 1_000_000_000L;
    private static final long LONGEST_PAUSE_NANOS = 64_000_000_000L;
    /** The least time between two warnings that the allocator refuses memory. */
    private static final long WARN_NANOS = 60_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(SlabPool.class);

    private final SlabAllocator allocator;
    private final long budget;
    private final Clock clock;

    // Guarded by this
    /** Bytes that are handed out. */
    private long outstanding;
    /** The budget, or what is known to be the most that the allocator gives. */
    private long capacity;
    /** Whether a refusal was logged. */
    private boolean warned;
    /** When a refusal was last logged. */
    private long warnedNanos;
    /** Length of the pause after a refusal. */
    private long pauseNanos;
    /** End of that pause. */
    private long askAgainNanos;

    /** True when the allocator has refused memory, and has neither given nor got anything since. */
    // Volatile: written by any thread
    private volatile boolean refused;
    /** Why the allocator last refused memory; null when it never did. */
    private volatile Throwable refusal;
    /** Set when the free memory lay in pieces that were too short; null when something was handed out since. */
    private volatile Throwable fragmentation;

    HostAllocator(SlabAllocator allocator, long budget, Clock clock) {
        this.allocator = allocator;
        this.budget = budget;
        this.clock = clock;
        capacity = budget;
    }

    /** Whether to ask for memory that the caller can do without: false during a pause, and true once after it. */
    boolean mayAskForOptional() {
        if (!refused) {
            return true;
        }
        synchronized (this) {
            long now = clock.nanoTime();
            if (now - askAgainNanos < 0) {
                return false;
            }
            askAgainNanos = now + pauseNanos;
            return true;
        }
    }

    /** A buffer of exactly {@code bytes}; null when the allocator refuses. */
    ByteBuffer tryAllocate(int bytes) {
        ByteBuffer buffer;
        try {
            buffer = allocate(bytes);
        } catch (FragmentedMemoryException e) {
            fragmentation = e;
            return null;
        } catch (RuntimeException | OutOfMemoryError e) {
            refused(bytes, e);
            return null;
        }
        Objects.requireNonNull(buffer, "a slab allocator returned null");
        refused = false;
        fragmentation = null;
        synchronized (this) {
            pauseNanos = 0;
            outstanding += bytes;
            if (outstanding > capacity) {
                capacity = budget;
            }
        }
        return buffer;
    }

    private ByteBuffer allocate(int bytes) {
        Callbacks.enter(CALLBACK, Callbacks.ANYTHING);
        try {
            return allocator.allocate(bytes);
        } finally {
            Callbacks.leave();
        }
    }

    /** A refusal shows only that {@code bytes} beside those that are handed out are too much; one more slab may be available. */
    private void refused(int bytes, Throwable cause) {
        refusal = cause;
        long atMost;
        boolean warn;
        synchronized (this) {
            long now = clock.nanoTime();
            pauseNanos = Math.min(LONGEST_PAUSE_NANOS, Math.max(FIRST_PAUSE_NANOS, 2 * pauseNanos));
            askAgainNanos = now + pauseNanos;
            refused = true;
            atMost = Math.max(SlabAllocator.SLAB_BYTES, outstanding + Math.max(0, bytes - SlabAllocator.SLAB_BYTES));
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
                    "Of a memory budget of {} bytes, no more than {} are available. Less is cached, and memtables are flushed"
                            + " earlier. {}",
                    budget,
                    atMost,
                    cause.toString());
        }
    }

    void release(ByteBuffer buffer) {
        int bytes = buffer.capacity();
        Callbacks.enter(CALLBACK, Callbacks.ANYTHING);
        try {
            allocator.release(buffer);
        } finally {
            Callbacks.leave();
        }
        refused = false;
        synchronized (this) {
            pauseNanos = 0;
            outstanding -= bytes;
        }
    }

    /** The budget, or the part of it that the allocator gives at present, in bytes. */
    synchronized long capacity() {
        return capacity;
    }

    /** Why the allocator last refused memory; null when it never did. */
    Throwable refusal() {
        return refusal;
    }

    /** As {@link SlabPool#fragmentation}. */
    Throwable fragmentation() {
        return fragmentation;
    }

    /** As {@link SlabPool#obstacles}. */
    List<CacheSlab> obstacles(CacheSlabs slabs, int bytes) {
        return allocator instanceof DirectSlabAllocator direct ? slabs.inTheWay(direct, bytes) : List.of();
    }

    /** As {@link SlabPool#holders}. */
    HeldRegion holders(Slab slab) {
        return allocator instanceof DirectSlabAllocator direct ? direct.holders(slab.buffer()) : null;
    }

    /** As {@link SlabPool#place}. */
    SlabPlace place(Slab slab) {
        return allocator instanceof DirectSlabAllocator direct ? direct.placeOf(slab.buffer()) : null;
    }
}
