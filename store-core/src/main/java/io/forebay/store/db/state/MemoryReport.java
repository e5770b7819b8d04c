package io.forebay.store.db.state;

import io.forebay.store.Clock;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.cache.SlabPool;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages about memory that is short, for the log and for exceptions: which stores and iterators use the memory, and what
 * the user can do. It decides nothing; the {@link MemoryArbiter} and {@link MemoryRequest} do. Figures in a message are read
 * one after the other while others change them, so they may not add up. Thread-safe.
 */
public final class MemoryReport {
    /** The least time between two warnings of {@link #emptied}. */
    private static final long REPORT_NANOS = 60_000_000_000L;

    private static final String LOST =
            " Other stores have flushed all that they had in memory again and again meanwhile; it did"
                    + " not suffice, or they had taken it anew.";

    private static final Logger LOG = LoggerFactory.getLogger(MemoryArbiter.class);

    private final SlabPool pool;
    private final Clock clock;
    private final List<MemoryTenant> tenants;

    // Guarded by this
    private boolean reported;
    /** When {@link #emptied} last logged a warning. */
    private long reportedNanos;

    /** @param tenants the open stores of the environment; a list that other threads may change */
    MemoryReport(SlabPool pool, Clock clock, List<MemoryTenant> tenants) {
        this.pool = pool;
        this.clock = clock;
        this.tenants = tenants;
    }

    /**
     * Warns that idle iterators had to give memtables back because memory was short: most likely they were forgotten. At most
     * once a minute, because it happens again for as long as they are open.
     */
    public void emptied(int iterators) {
        long now = clock.nanoTime();
        synchronized (this) {
            if (reported && now - reportedNanos < REPORT_NANOS) {
                return;
            }
            reported = true;
            reportedNanos = now;
        }
        LOG.warn(
                "Memory is short: of the budget of {} bytes, memtables use {}, and {} idle iterators kept some of them;"
                        + " they have given them back, and seek again when they are moved. {}",
                pool.budget(),
                pool.used(SlabPool.Use.MEMTABLE),
                iterators,
                oldestOpen("The oldest open one is an ", "."));
    }

    /**
     * The exception for an entry for which not even an empty memtable has room.
     *
     * @param request what the memory is for, with the name of the store
     * @param bytes memory that the entry takes
     */
    public MemoryBudgetException tooLarge(String request, long bytes) {
        return new MemoryBudgetException(
                "No memory for " + request + ": it takes " + bytes + " bytes, and of the budget of " + pool.budget()
                        + " bytes memtables get no more than " + pool.memtableCeiling()
                        + ". Raise the budget, or write smaller values.");
    }

    /**
     * The exception for a request that flushes cannot help. Its message names the request, the budget, and its use.
     *
     * @param lost whether other stores gave back all that they had, again and again, and it did not suffice
     */
    MemoryBudgetException exhausted(MemoryTenant self, String request, boolean lost) {
        boolean refused = pool.capacity() < pool.budget();
        String limit = refused ? ", of which no more than " + pool.capacity() + " can be had" : "";
        String message = "No memory for " + request + ": of the budget of " + pool.budget() + " bytes" + limit
                + ", memtables use " + pool.used(SlabPool.Use.MEMTABLE) + ", the block cache "
                + pool.used(SlabPool.Use.CACHE) + " and file metadata "
                + pool.metadataBytes() + ". "
                + (refused ? "Raise what the JVM or the host gives" : "Raise the budget")
                + ", close iterators that are open for long" + oldestOpen(" (the oldest is an ", ")")
                + ", or write smaller values." + keptMemory(self) + readAhead()
                + (lost ? LOST : busyStores(self));
        return new MemoryBudgetException(message, refused ? pool.refusal() : pool.fragmentation());
    }

    /** The names of other stores with a write under way that may keep memory. */
    List<String> busyNames(MemoryTenant self) {
        List<String> busy = new ArrayList<>();
        for (MemoryTenant tenant : tenants) {
            String name = tenant == self ? null : tenant.busyStore();
            if (name != null) {
                busy.add(name);
            }
        }
        return busy;
    }

    private String busyStores(MemoryTenant self) {
        List<String> busy = busyNames(self);
        return busy.isEmpty()
                ? ""
                : " A write that was still under way kept the memory of store " + String.join(", ", busy) + ".";
    }

    private String readAhead() {
        long bytes = pool.used(SlabPool.Use.READ_AHEAD);
        return bytes == 0 ? "" : " Jobs under way have " + bytes + " bytes to read ahead and of files that they write.";
    }

    private String keptMemory(MemoryTenant self) {
        StringBuilder kept = new StringBuilder();
        for (MemoryTenant tenant : tenants) {
            String why = tenant == self ? null : tenant.keptMemory();
            if (why != null) {
                kept.append(' ').append(why);
            }
        }
        return kept.toString();
    }

    private String oldestOpen(String before, String after) {
        Opened oldest = null;
        for (MemoryTenant tenant : tenants) {
            Opened opened = tenant.oldestIterator();
            if (opened != null && (oldest == null || opened.nanos() - oldest.nanos() < 0)) {
                oldest = opened;
            }
        }
        return oldest == null ? "" : before + oldest.describe(clock) + after;
    }
}
