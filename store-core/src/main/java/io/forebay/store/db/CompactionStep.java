package io.forebay.store.db;

import io.forebay.store.compaction.Compaction;
import io.forebay.store.compaction.CompactionJob;
import io.forebay.store.compaction.CompactionResult;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out a compaction that was picked, and installs what came of it. Any number of threads. */
final class CompactionStep {
    private static final Logger LOG = LoggerFactory.getLogger(CompactionStep.class);

    private final StoreContext store;
    private final WritePath writes;
    private final Installer installer;
    private final SstTarget target;
    private final Set<CompactionJob> running = new HashSet<>();

    CompactionStep(StoreContext store, WritePath writes, Installer installer) {
        this.store = store;
        this.writes = writes;
        this.installer = installer;
        target = store.sstTarget();
    }

    /**
     * Nothing comes of it when the store is closed meanwhile, or when another file takes the place of the result. The
     * latter is nobody's failure: whoever picks again finds that file in the version.
     *
     * @param version what the compaction was picked from; held by the caller
     */
    void run(Compaction compaction, Version version) throws IOException {
        JobFilter filter = JobFilter.of(store);
        if (!tryRun(compaction, version, filter)) {
            store.counters.jobsRedone.incrementAndGet();
            tryRun(compaction, version, null);
        }
    }

    /** @return false, with nothing changed, when the filter dropped what somebody has begun to look at */
    private boolean tryRun(Compaction compaction, Version version, JobFilter filter) throws IOException {
        CompactionJob job = new CompactionJob(
                compaction,
                version,
                target,
                states(compaction),
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
    synchronized void cancelAll() {
        running.forEach(CompactionJob::cancel);
    }

    private long[] states(Compaction compaction) {
        long newest = 0;
        for (FileMeta file : compaction.files()) {
            newest = Math.max(newest, file.newestSequence());
        }
        // Before the claims, as in a flush.
        long published = writes.published();
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
                    "A compaction of {} files of store {} was for nothing: its place was taken by another file",
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
