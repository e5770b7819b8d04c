package io.forebay.store.db.background;

import io.forebay.store.CompactionFilter;
import io.forebay.store.db.state.SnapshotList;
import io.forebay.store.db.state.StoreContext;

/**
 * The compaction filter, for one flush or compaction. The job keeps what those claims need that existed when it
 * started. This class notes the number of claims at the start, and whether the filter dropped anything. If a user has
 * claimed a state since then, which may need what was dropped, the result of the job is thrown away, and the job is
 * done again without a filter. Used by one thread.
 */
final class JobFilter implements CompactionFilter {
    private final CompactionFilter filter;
    private final SnapshotList snapshots;
    private final long claimed;
    private boolean dropping;

    private JobFilter(CompactionFilter filter, SnapshotList snapshots) {
        this.filter = filter;
        this.snapshots = snapshots;
        claimed = snapshots.claimed();
    }

    /** For a job that reads the claims after this call; null when the store has no filter. */
    static JobFilter of(StoreContext store) {
        CompactionFilter filter = store.options.compactionFilter();
        return filter == null ? null : new JobFilter(filter, store.snapshots);
    }

    @Override
    public boolean drop(byte[] key, int keyLength, byte[] value, int valueLength) {
        boolean drop = filter.drop(key, keyLength, value, valueLength);
        dropping |= drop;
        return drop;
    }

    @Override
    public boolean mayDrop(byte[] key, int keyLength) {
        return filter.mayDrop(key, keyLength);
    }

    /**
     * Makes the change.
     *
     * @param filter the filter of the job; null for none
     * @return false, with nothing changed, when the filter dropped something and a user has an open claim that was made
     *     during the job
     */
    static <E extends Exception> boolean change(JobFilter filter, SnapshotList.Change<E> change) throws E {
        if (filter != null && filter.dropping) {
            return filter.snapshots.vanish(filter.claimed, change);
        }
        change.apply();
        return true;
    }
}
