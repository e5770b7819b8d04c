package io.forebay.store.db.state;

import io.forebay.store.db.state.MemoryArbiter.Freeze;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Waits, for one request for memory, until all that the memtables of other stores use when it starts has come back. Each
 * store freezes its active memtable once for it.
 *
 * <pre>
 *   sequence numbers of one store     ... 100       170    180 ...
 *                                  immutable | active | newer
 *                                                     ^ end: activeSince() right after the freeze
 *   the turnover waits until all memtables before the end have left memory
 * </pre>
 *
 * <p>What stores write during the turnover is after their ends and does not count, so a turnover ends however much they write.
 *
 * <p>It reserves nothing: any writer can take the memory that comes back. It does not flush: the freeze of a store starts its
 * flush. Used by one thread.
 */
final class Turnover {
    /** For each store: the first sequence number after the memtables that the turnover waits for. */
    private final Map<MemoryTenant, Long> ends = new IdentityHashMap<>();

    private final long readAheadEnd;

    /** @param readAheadEnd what {@code SlabPool.readAheadReturned} is when jobs have given back as much as they have now */
    Turnover(long readAheadEnd) {
        this.readAheadEnd = readAheadEnd;
    }

    long readAheadEnd() {
        return readAheadEnd;
    }

    /** Freezes the active memtable of a store; once for each store. */
    Freeze freeze(MemoryTenant tenant) {
        if (ends.containsKey(tenant)) {
            return Freeze.NOTHING;
        }
        Freeze outcome = tenant.tryFreeze();
        if (outcome != Freeze.BUSY) { // a write under way may have memory that is in no memtable yet
            ends.put(tenant, tenant.activeSince());
        }
        return outcome;
    }

    /** True when the memory of all memtables that the turnover waits for has come back. @param self the store that asks */
    boolean isOver(MemoryTenant self, Iterable<MemoryTenant> tenants) {
        boolean over = true;
        for (MemoryTenant tenant : tenants) {
            if (!ends.containsKey(tenant) && hasNothingToFreeze(self, tenant)) {
                ends.put(tenant, tenant.activeSince());
            }
            Long end = ends.get(tenant);
            over &= end != null && tenant.hasGivenBack(end);
        }
        return over;
    }

    /** The store that asks has frozen its own memtable before, if that would help. */
    private static boolean hasNothingToFreeze(MemoryTenant self, MemoryTenant tenant) {
        return tenant == self || (tenant.busyStore() == null && tenant.activeBytes() == 0);
    }
}
