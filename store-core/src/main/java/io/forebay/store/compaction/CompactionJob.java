package io.forebay.store.compaction;

import io.forebay.store.CompactionFilter;
import io.forebay.store.MergeFunction;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.version.Version;
import java.io.IOException;

/**
 * Carries out one {@link Compaction}. Runs on one thread, once; changes no version, the caller applies the edit of the
 * result. Reads past the block cache.
 */
public final class CompactionJob {
    /**
     * @param version the version that the compaction was picked from, or a later one; held by the caller until the end
     * @param snapshots sequences of live snapshots, ascending, distinct, taken after the version
     * @param durableSequence the durable commit
     * @param mergeFunction may be null
     * @param filter may be null
     */
    public CompactionJob(
            Compaction compaction,
            Version version,
            SstTarget target,
            long[] snapshots,
            long durableSequence,
            MergeFunction mergeFunction,
            CompactionFilter filter) {
        throw new UnsupportedOperationException("signature only");
    }

    /** @return null when it was cancelled; then it left no file behind */
    public CompactionResult run() throws IOException {
        throw new UnsupportedOperationException("signature only");
    }

    /** Makes {@link #run()} end soon. Any thread, any time. */
    public void cancel() {
        throw new UnsupportedOperationException("signature only");
    }
}
