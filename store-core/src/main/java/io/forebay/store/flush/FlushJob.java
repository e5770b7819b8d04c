package io.forebay.store.flush;

import io.forebay.store.MergeFunction;
import io.forebay.store.iter.Source;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.List;

/**
 * Writes frozen memtables as one sorted run, or as two when a commit lies inside: an SST must be committed as a whole or
 * not at all. Runs on one thread, once; changes no version, the caller applies the edit.
 */
public final class FlushJob {
    /** No commit inside. */
    public static final long NO_BOUNDARY = -1;

    /**
     * @param boundary sequence of the newest commit among the memtables' sequences, or {@link #NO_BOUNDARY}
     * @param snapshots sequences of the live snapshots, ascending, distinct
     * @param below the version that the flush will be put on top of (files may meanwhile move in it); held by the caller
     *     until the end
     * @param mergeFunction may be null
     */
    public FlushJob(
            SstTarget target, long boundary, long[] snapshots, Version below, MergeFunction mergeFunction) {
        throw new UnsupportedOperationException("signature only");
    }

    /**
     * @param memtables one source for each memtable, the newest first; called once for every run to be written. The
     *     iterators are closed
     */
    public FlushResult run(SourceSupplier memtables) throws IOException {
        throw new UnsupportedOperationException("signature only");
    }

    /** Opens sources over the memtables of a job. */
    @FunctionalInterface
    public interface SourceSupplier {
        List<Source> open() throws IOException;
    }
}
