package io.forebay.store.db.background;

import io.forebay.store.compaction.Compaction;
import io.forebay.store.compaction.CompactionJob;
import io.forebay.store.compaction.CompactionResult;
import io.forebay.store.db.state.Counters;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a compaction that was picked, and installs its result. Any number of threads. The set of running jobs is guarded
 * by the monitor of this object.
 */
public final class CompactionStep {
    private static final Logger LOG = LoggerFactory.getLogger(CompactionStep.class);

    private final StoreContext store;
    private final Installer installer;
    private final SstTarget target;
    private final Set<CompactionJob> running = new HashSet<>();

    public CompactionStep(StoreContext store, Installer installer) {
        this.store = store;
        this.installer = installer;
        target = store.sstTarget();
    }

    /**
     * Runs the compaction. It has no result when the store is closed meanwhile, or when another file has taken the
     * place of its result. The latter is no failure: the next pick finds that file in the version.
     *
     * @param version the version that the compaction was picked from; the caller has a reference
     */
    void run(Compaction compaction, Version version) throws IOException {
        JobFilter filter = JobFilter.of(store);
        if (!tryRun(compaction, version, filter)) {
            store.counters.jobsRedone.incrementAndGet();
            tryRun(compaction, version, null);
        }
    }

    /** @return false, with nothing changed, when the filter dropped something that a later claim may need */
    private boolean tryRun(Compaction compaction, Version version, JobFilter filter) throws IOException {
        CompactionJob job = new CompactionJob(
                compaction,
                version,
                target,
                snapshotSequences(compaction),
                store.versions.durableSequence(),
                store.options.mergeFunction(),
                filter);
        synchronized (this) {
            running.add(job);
        }
        try {
            if (store.lifecycle.isClosed()) {
                return true;
            }
            CompactionResult result = job.run();
            return result == null || install(compaction, result, filter);
        } finally {
            synchronized (this) {
                running.remove(job);
            }
        }
    }

    /** Makes running jobs end soon, without a result. */
    public synchronized void cancelAll() {
        running.forEach(CompactionJob::cancel);
    }

    private long[] snapshotSequences(Compaction compaction) {
        long newest = 0;
        for (FileMeta file : compaction.files()) {
            newest = Math.max(newest, file.newestSequence());
        }
        // Read before the claims, as in a flush.
        long published = store.active.published();
        return published < newest ? store.snapshots.sequencesWith(published) : store.snapshots.sequences();
    }

    private boolean install(Compaction compaction, CompactionResult result, JobFilter filter) throws IOException {
        Installer.Outcome outcome;
        try {
            outcome = installer.install(result, filter);
        } finally {
            result.release();
        }
        if (outcome == Installer.Outcome.NO_PLACE) {
            LOG.debug(
                    "A compaction of {} files of store {} has no result: another file has taken its place",
                    compaction.files().size(),
                    store.options.name());
        }
        if (outcome != Installer.Outcome.DONE) {
            return outcome == Installer.Outcome.NO_PLACE;
        }
        Counters counters = store.counters;
        switch (compaction.kind()) {
            case MERGE -> {
                counters.compactions.incrementAndGet();
                counters.bytesCompactedIn.addAndGet(result.bytesRead());
                counters.bytesCompactedOut.addAndGet(result.bytesWritten());
            }
            case MOVE -> counters.trivialMoves.addAndGet(compaction.files().size());
            case DROP -> counters.filesDropped.addAndGet(compaction.files().size());
        }
        return true;
    }
}
