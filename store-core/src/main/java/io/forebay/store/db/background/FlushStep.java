package io.forebay.store.db.background;

import io.forebay.store.Clock;
import io.forebay.store.db.state.CommitMark;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.TrackedMemtable;
import io.forebay.store.db.write.WriteStall;
import io.forebay.store.flush.FlushJob;
import io.forebay.store.flush.FlushResult;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.iter.Source;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.wal.WriteAheadLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One piece of flush work: writes memtables to files, or a commit to the manifest. It decides what goes into which file
 * and edit; {@link FlushJob} writes the files, {@link Installer} installs them. One thread at a time.
 */
public final class FlushStep {
    private final StoreContext store;
    private final Installer installer;
    private final Checkpoints checkpoints;
    private final WriteStall stall;
    private final Clock clock;
    private final SstTarget target;
    private final Runnable onInstalled;

    /** @param onInstalled called after every flush that was installed, and after a commit that needed no flush */
    public FlushStep(
            StoreContext store, Installer installer, Checkpoints checkpoints, WriteStall stall, Runnable onInstalled) {
        this.store = store;
        this.installer = installer;
        this.checkpoints = checkpoints;
        this.stall = stall;
        this.onInstalled = onInstalled;
        clock = store.shared.clock();
        target = store.sstTarget();
    }

    /**
     * Writes memtables, oldest first, to one sorted run; to two runs if a commit lies inside, because files are
     * committed as a whole or not at all.
     */
    void flush(List<TrackedMemtable> batch) throws IOException {
        flush(batch, null);
    }

    /** Brings the newest commit to disk when the store closes; later writes are not written. */
    public void finish() throws IOException {
        CommitMark mark = store.commits.last();
        while (!store.commits.isDurable(mark)) {
            List<TrackedMemtable> batch = new ArrayList<>(store.states.nextFlush());
            batch.removeIf(tracked -> tracked.firstSequence > mark.sequence());
            if (batch.isEmpty()) {
                commitAlone(mark);
            } else {
                flush(batch, mark);
            }
        }
    }

    /**
     * Brings all that is in immutable memtables to disk when the store closes, committed or not: for a store with a
     * log.
     */
    public void finishAll() throws IOException {
        List<TrackedMemtable> batch = new ArrayList<>(store.states.nextFlush());
        while (!batch.isEmpty()) {
            flush(batch);
            batch = new ArrayList<>(store.states.nextFlush());
        }
        finish();
        keepAll();
    }

    /**
     * With a log: the manifest then keeps all that readers may see, which is in files. What is kept is never replayed
     * from a log again, so this throws if a memtable has any of it.
     *
     * @return the last sequence number that is kept
     */
    public long keepAll() throws IOException {
        long written = store.active.published(); // not the assigned one: the last batch may have failed in its middle
        if (!store.states.isInFiles(written)) {
            throw new IllegalStateException(
                    "Not all writes up to " + written + " of store " + store.options.name() + " are in files");
        }
        if (store.versions.durableSequence() < written) {
            installer.install(new VersionEdit().keep(written));
        }
        return written;
    }

    /** Writes a commit to the manifest when nothing is left to flush for it. */
    void commitAlone(CommitMark requested) throws IOException {
        CommitMark newest = store.commits.last();
        CommitMark mark = store.states.isInFiles(newest.sequence()) ? newest : requested;
        if (!store.commits.isDurable(mark)) {
            installer.install(new VersionEdit(), List.of(), mark);
            onInstalled.run(); // files that this commit covers may be compacted now
        }
    }

    /** @param lastWanted writes after this commit are left out; null when all writes are wanted */
    private void flush(List<TrackedMemtable> batch, CommitMark lastWanted) throws IOException {
        if (!tryFlush(batch, lastWanted, JobFilter.of(store))) {
            store.counters.jobsRedone.incrementAndGet();
            tryFlush(batch, lastWanted, null);
        }
    }

    /** @return false, with nothing changed, when the filter dropped something that a later claim may need */
    private boolean tryFlush(List<TrackedMemtable> batch, CommitMark lastWanted, JobFilter filter) throws IOException {
        long start = clock.nanoTime();
        long memoryBytes = memoryBytes(batch);
        long first = batch.get(0).firstSequence;
        TrackedMemtable newest = batch.get(batch.size() - 1);
        long last = newest.lastSequence();
        CommitMark commit = store.commits.coveredBy(last, newest.commit());
        long published = store.active.published(); // read before the claims
        boolean keeping = store.isKeeping();
        // The last sequence number that must not be in one file with later ones: that of a commit or, with a log,
        // the last one before an unfinished batch.
        long boundary = keeping ? newest.wholeSequence() : store.commits.isDurable(commit) ? -1 : commit.sequence();
        boolean inside = first <= boundary && boundary < last;
        FlushResult result = write(batch, inside ? boundary : FlushJob.NO_BOUNDARY, published, last, filter);
        try {
            VersionEdit edit = new VersionEdit().lastSequence(last);
            if (keeping) {
                keep(newest.wholeSequence(), edit);
            }
            addRun(edit, result.upToCommit());
            if (lastWanted == null || commit.number() < lastWanted.number()) {
                addRun(edit, result.aboveCommit());
            }
            // this flush may be enough for a commit that was made meanwhile
            CommitMark covered = store.commits.coveredBy(last, commit);
            boolean durable = store.commits.isDurable(covered) && !keeping;
            if (!installer.install(edit, batch, durable ? null : covered, filter)) {
                return false;
            }
            giveMemoryBack();
            if (edit.logs() != null) {
                store.log().deleteBelow(edit.logs().first());
            }
            if (!edit.added().isEmpty()) {
                store.counters.flushes.incrementAndGet();
                store.counters.bytesFlushed.addAndGet(result.bytes());
            }
        } finally {
            result.release();
        }
        stall.flushed(memoryBytes, clock.nanoTime() - start);
        onInstalled.run();
        return true;
    }

    /** Takes the flushed memtables away from iterators, which find the same entries in files. */
    private void giveMemoryBack() {
        boolean tight = store.shared.arbiter().isTight();
        int emptied = store.tenant.takeIdleMemtables();
        if (tight && emptied > 0) {
            store.shared.arbiter().report().emptied(emptied);
        }
    }

    /** With a log: what is in files now needs no log any more. */
    private void keep(long sequence, VersionEdit edit) {
        edit.keep(sequence);
        WriteAheadLog log = store.log();
        if (log != null) {
            VersionEdit.Logs needed = new VersionEdit.Logs(log.id(), log.firstNeeded(sequence));
            if (!needed.equals(store.versions.logs())) {
                edit.logs(needed);
            }
        }
    }

    /**
     * @param published read before the claims, so that a claim which is made later is at this number, or above all that
     *     is flushed
     */
    private FlushResult write(List<TrackedMemtable> batch, long boundary, long published, long last, JobFilter filter)
            throws IOException {
        long[] snapshotSequences =
                published < last ? store.snapshots.sequencesWith(published) : store.snapshots.sequences();
        Checkpoints.Below below = checkpoints.below(batch);
        try {
            return new FlushJob(
                            target,
                            boundary,
                            snapshotSequences,
                            below.version(),
                            below.checkpointRuns(),
                            store.options.mergeFunction(),
                            filter,
                            store.discarded)
                    .run(() -> sources(batch));
        } finally {
            below.version().release();
        }
    }

    private List<Source> sources(List<TrackedMemtable> oldestFirst) {
        List<Source> newestFirst = new ArrayList<>();
        try {
            for (int i = oldestFirst.size() - 1; i >= 0; i--) {
                newestFirst.add(new Source(
                        oldestFirst.get(i).memtable.flushIterator(store.discarded),
                        oldestFirst.get(i).memtable.tombstones()));
            }
        } catch (RuntimeException | Error e) {
            newestFirst.forEach(source -> source.iterator().close());
            throw e;
        }
        return newestFirst;
    }

    private static long memoryBytes(List<TrackedMemtable> batch) {
        long sum = 0;
        for (TrackedMemtable tracked : batch) {
            sum += tracked.memtable.heldBytes();
        }
        return sum;
    }

    private void addRun(VersionEdit edit, List<FileMeta> files) {
        if (!files.isEmpty()) {
            long rank = store.versions.nextRank();
            files.forEach(file -> edit.add(rank, file));
        }
    }
}
