package io.forebay.store.db;

import io.forebay.store.CompactionFilter;

/**
 * The compaction filter as one flush or compaction asks it. The job keeps what those need who had claimed a state when it
 * began; this notes since when others came, and whether the filter dropped anything that they may be looking at. Then what
 * the job made is of no use, and it is done again without a filter. Used by one thread.
 */
final class JobFilter implements CompactionFilter {
    /** Applies what a job made, such that readers have it. */
    @FunctionalInterface
    interface Change<E extends Exception> {
        void apply() throws E;
    }

    private final CompactionFilter filter;
    private final SnapshotList snapshots;
    private final long claimed;
    private boolean dropping;

    private JobFilter(CompactionFilter filter, SnapshotList snapshots) {
        this.filter = filter;
        this.snapshots = snapshots;
        claimed = snapshots.claimed();
    }

    /** For a job that looks at the claims after this call; null when the store has no filter. */
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

    /**
     * Makes the change.
     *
     * @param filter of the job; null for none
     * @return false, with nothing changed, when the filter dropped something, and somebody who came during the job is still there
     */
    static <E extends Exception> boolean change(JobFilter filter, Change<E> change) throws E {
        if (filter != null && filter.dropping) {
            return filter.snapshots.vanish(filter.claimed, change);
        }
        change.apply();
        return true;
    }
}
