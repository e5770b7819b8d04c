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

/** Carries out a compaction that was picked, and installs what came of it. Any number of threads. */
final class CompactionStep {
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

    /** @param version what the compaction was picked from; held by the caller */
    void run(Compaction compaction, Version version) throws IOException {
        CompactionJob job = new CompactionJob(
                compaction,
                version,
                target,
                states(compaction),
                store.versions.durableSequence(),
                store.options.mergeFunction(),
                store.options.compactionFilter());
        synchronized (this) {
            running.add(job);
        }
        try {
            if (store.lifecycle.isClosed()) {
                return;
            }
            CompactionResult result = job.run();
            if (result != null) {
                install(compaction, result);
            }
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

    private void install(Compaction compaction, CompactionResult result) throws IOException {
        try {
            installer.install(result.edit());
        } catch (IllegalArgumentException e) {
            // An ingested or moved file lies between those that were merged now; nothing has changed.
            throw new IOException("The result of a compaction has no place in the bottom run any more", e);
        } finally {
            result.release();
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
    }
}
