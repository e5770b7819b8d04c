package io.forebay.store.db.state;

import io.forebay.store.db.state.MemoryArbiter.Freeze;
import io.forebay.store.db.state.MemoryArbiter.Tenant;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Brings back, for one request for memory, all that the memtables of other stores use when it starts: each store flushes once. What the
 * stores write during the turnover does not count, so a turnover ends however much they write.
 *
 * <p>It reserves nothing: any writer can take the memory that comes back. Used by one thread.
 */
final class Turnover {
    /** For each store that was asked: the first sequence number after the memtables that the turnover waits for. */
    private final Map<Tenant, Long> ends = new IdentityHashMap<>();

    /** Freezes the active memtable of a store, which starts its flush; once for each store. */
    Freeze freeze(Tenant tenant) {
        if (ends.containsKey(tenant)) {
            return Freeze.NOTHING;
        }
        Freeze outcome = tenant.tryFreeze();
        if (outcome != Freeze.BUSY) { // a write under way may have memory that no memtable shows yet
            ends.put(tenant, tenant.activeSince());
        }
        return outcome;
    }

    /** True when the memory of all memtables that the turnover waits for has come back. */
    boolean isOver(Tenant self, Iterable<Tenant> tenants) {
        boolean over = true;
        for (Tenant tenant : tenants) {
            if (!ends.containsKey(tenant) && hasNothingToFreeze(self, tenant)) {
                ends.put(tenant, tenant.activeSince());
            }
            Long end = ends.get(tenant);
            over &= end != null && tenant.hasGivenBack(end);
        }
        return over;
    }

    /** The store that waits has already frozen its own memtable, if that would help. */
    private static boolean hasNothingToFreeze(Tenant self, Tenant tenant) {
        return tenant == self || (tenant.busyStore() == null && tenant.activeBytes() == 0);
    }
}
