package io.forebay.store.db;

import io.forebay.store.db.MemoryArbiter.Freeze;
import io.forebay.store.db.MemoryArbiter.Tenant;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * What the memtables of all stores hold at present, on its way back, for somebody who needs memory: each store is made to flush once,
 * and what it writes meanwhile does not count. Used by one thread.
 */
final class Turnover {
    /** Where the memtables of each store ended that are waited for. */
    private final Map<Tenant, Long> ends = new IdentityHashMap<>();

    /** Has the store flush, unless it had to before. */
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

    /** True when all of it has come back, and can be had by whoever asks first. */
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

    /** Of its own, one who waits has frozen what would help. */
    private static boolean hasNothingToFreeze(Tenant self, Tenant tenant) {
        return tenant == self || (tenant.busyStore() == null && tenant.activeBytes() == 0);
    }
}
