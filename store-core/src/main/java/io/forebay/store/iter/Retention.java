package io.forebay.store.iter;

import io.forebay.store.CompactionFilter;
import io.forebay.store.MergeFunction;
import java.util.Objects;

/**
 * What a flush or compaction must keep.
 *
 * @param snapshotSequences the snapshot sequences, ascending and distinct: sequence numbers of the states that stay readable
 *     besides the newest one (snapshots, and commits that are not the newest write). The array is not changed, and not kept
 *     after the job
 * @param above entries and range deletes at or below it are left out; -1 for none
 * @param upTo entries and range deletes above it are left out; {@link Long#MAX_VALUE} for none
 * @param zeroUpTo entries at or below it may get sequence number 0 where there is nothing older and all readers see them. It is
 *     the sequence number of the durable commit, because an entry of sequence 0 counts as committed
 * @param older tells what the runs below the sources have
 * @param mergeFunction may be null when the store has none
 * @param filter may be null
 * @param foldBytes operands of one key that have more bytes than this in all are folded in parts, and stay several entries
 */
public record Retention(
        long[] snapshotSequences,
        long above,
        long upTo,
        long zeroUpTo,
        OlderData older,
        MergeFunction mergeFunction,
        CompactionFilter filter,
        long foldBytes) {
    /** 64 MiB. The result takes as much again, all of it on the heap. */
    public static final long FOLD_BYTES = 64 << 20;

    public Retention {
        Objects.requireNonNull(snapshotSequences, "snapshotSequences");
        Objects.requireNonNull(older, "older");
    }

    /** A retention with the usual limit of bytes that are folded at once. */
    Retention(
            long[] snapshotSequences,
            long above,
            long upTo,
            long zeroUpTo,
            OlderData older,
            MergeFunction mergeFunction,
            CompactionFilter filter) {
        this(snapshotSequences, above, upTo, zeroUpTo, older, mergeFunction, filter, FOLD_BYTES);
    }
}
