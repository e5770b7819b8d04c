package io.forebay.store.compaction;

import io.forebay.store.version.SortedRun;

/**
 * By how much a trigger of the picker lies beside its mean, so that stores which are written in step do not merge in step: hosts
 * make checkpoints of all stores at once, and so all of them would have too many tiers at once. It comes from the random id of
 * the first file of a run. So it needs no state, stays the same until a merge replaces that file, and is another one then.
 */
final class Lean {
    private Lean() {}

    /** From -1 to below 1, evenly distributed; that of the first file. */
    static double of(SortedRun run) {
        return (run.file(0).id().high() >> 56) / 128.0;
    }
}
