package io.forebay.store.iter;

import io.forebay.store.CompactionFilter;
import io.forebay.store.MergeFunction;
import java.util.Objects;

/**
 * What a flush or compaction must keep.
 *
 * @param states sequence numbers of the states that stay readable besides the newest one, ascending, distinct: snapshots,
 *     and commits that are not the newest write. Not changed, not kept beyond the job
 * @param above entries and range deletes at or below it are left out; -1 for none
 * @param upTo entries and range deletes above it are left out; {@link Long#MAX_VALUE} for none
 * @param zeroUpTo entries at or below it may get sequence number 0 where nothing is older and every state sees them: the
 *     durable commit, because an entry of sequence 0 counts as committed
 * @param older what lies below the sources
 * @param mergeFunction may be null when the store has none
 * @param filter may be null
 * @param foldBytes operands of one key that are more than this together are folded in parts, and stay several entries
 */
public record Retention(
        long[] states,
        long above,
        long upTo,
        long zeroUpTo,
        OlderData older,
        MergeFunction mergeFunction,
        CompactionFilter filter,
        long foldBytes) {
    /** 64 MiB: as much again goes to the result, all of it on the heap. */
    public static final long FOLD_BYTES = 64 << 20;

    public Retention {
        Objects.requireNonNull(states, "states");
        Objects.requireNonNull(older, "older");
    }

    /** With the usual limit of what is folded at once. */
    Retention(
            long[] states,
            long above,
            long upTo,
            long zeroUpTo,
            OlderData older,
            MergeFunction mergeFunction,
            CompactionFilter filter) {
        this(states, above, upTo, zeroUpTo, older, mergeFunction, filter, FOLD_BYTES);
    }
}
