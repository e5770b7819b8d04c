package io.forebay.store.db;

import io.forebay.store.Clock;
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

/** One piece of flush work: memtables to files, or a commit to the manifest. One thread at a time. */
final class FlushStep {
    private final StoreContext store;
    private final Installer installer;
    private final Checkpoints checkpoints;
    private final Pacing pacing;
    private final Clock clock;
    private final SstTarget target;
    private Runnable onInstalled = () -> {};

    FlushStep(StoreContext store, Installer installer, Checkpoints checkpoints, Pacing pacing) {
        this.store = store;
        this.installer = installer;
        this.checkpoints = checkpoints;
        this.pacing = pacing;
        clock = store.shared.clock();
        target = store.sstTarget();
    }

    /** Called after every flush that added files. Set once, before the first flush. */
    void onInstalled(Runnable listener) {
        onInstalled = listener;
    }

    /**
     * Writes memtables, oldest first, to one sorted run; to two if a commit lies inside, because files are committed as a
     * whole or not at all.
     */
    void flush(List<TrackedMemtable> batch, WritePath writes) throws IOException {
        flush(batch, writes, null);
    }

    /** Brings the newest commit to disk when the store closes; what came after it is not written. */
    void finish(WritePath writes) throws IOException {
        CommitMark mark = store.commits.last();
        while (!store.commits.isDurable(mark)) {
            List<TrackedMemtable> batch = new ArrayList<>(store.states.nextFlush());
            batch.removeIf(table -> table.firstSequence > mark.sequence());
            if (batch.isEmpty()) {
                commitAlone(mark);
            } else {
                flush(batch, writes, mark);
            }
        }
    }

    /** Brings all that is frozen to disk when the store closes, committed or not: for a store with a log. */
    void finishAll(WritePath writes) throws IOException {
        List<TrackedMemtable> batch = new ArrayList<>(store.states.nextFlush());
        while (!batch.isEmpty()) {
            flush(batch, writes);
            batch = new ArrayList<>(store.states.nextFlush());
        }
        finish(writes);
        keepAll(writes);
    }

    /**
     * With a log: has the manifest keep all that readers may see, which is in files. What is kept is replayed from no log any more,
     * so this is refused while a memtable has any of it.
     *
     * @return the last sequence number that is kept
     */
    long keepAll(WritePath writes) throws IOException {
        long written = writes.published(); // not what is assigned: the last batch may have failed in its middle
        if (!store.states.isInFiles(written)) {
            throw new IllegalStateException(
                    "Not all writes up to " + written + " of store " + store.options.name() + " are in files");
        }
        if (store.versions.durableSequence() < written) {
            installer.install(new VersionEdit().keep(written));
        }
        return written;
    }

    /** Writes a commit to the manifest for which nothing is left to flush. */
    void commitAlone(CommitMark requested) throws IOException {
        CommitMark newest = store.commits.last();
        CommitMark mark = store.states.isInFiles(newest.sequence()) ? newest : requested;
        if (!store.commits.isDurable(mark)) {
            installer.install(new VersionEdit(), List.of(), mark);
            onInstalled.run(); // what was not committed before may be compacted now
        }
    }

    /** @param lastWanted writes above this commit are left out; null: all are wanted */
    private void flush(List<TrackedMemtable> batch, WritePath writes, CommitMark lastWanted) throws IOException {
        if (!tryFlush(batch, writes, lastWanted, JobFilter.of(store))) {
            store.counters.jobsRedone.incrementAndGet();
            tryFlush(batch, writes, lastWanted, null);
        }
    }

    /** @return false, with nothing changed, when the filter dropped what somebody has begun to look at */
    private boolean tryFlush(List<TrackedMemtable> batch, WritePath writes, CommitMark lastWanted, JobFilter filter)
            throws IOException {
        long start = clock.nanoTime();
        long held = heldBytes(batch);
        long first = batch.get(0).firstSequence;
        TrackedMemtable newest = batch.get(batch.size() - 1);
        long last = newest.lastSequence();
        CommitMark commit = store.commits.coveredBy(last, newest.commit());
        long published = writes.published(); // before the claims
        boolean keeping = store.isKeeping();
        // What must not be in one file with what is behind it: a commit, or with a log, what comes before an unfinished
        // batch.
        long border = keeping ? newest.wholeSequence() : store.commits.isDurable(commit) ? -1 : commit.sequence();
        boolean inside = first <= border && border < last;
        FlushResult result = write(batch, inside ? border : FlushJob.NO_BOUNDARY, published, last, filter);
        try {
            VersionEdit edit = new VersionEdit().lastSequence(last);
            if (keeping) {
                keep(newest.wholeSequence(), edit);
            }
            addRun(edit, result.upToCommit());
            if (lastWanted == null || commit.number() < lastWanted.number()) {
                addRun(edit, result.aboveCommit());
            }
            // a commit may have come meanwhile for which this flush is enough
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
        pacing.flushed(held, clock.nanoTime() - start);
        onInstalled.run();
        return true;
    }

    /** What was flushed is of use to nobody but iterators, which find it in files as well. */
    private void giveMemoryBack() {
        boolean tight = store.shared.arbiter().isTight();
        int emptied = store.takeIdleMemtables();
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

    /** @param published taken before the claims: one made later is at this number or above all that is flushed */
    private FlushResult write(List<TrackedMemtable> batch, long boundary, long published, long last, JobFilter filter)
            throws IOException {
        long[] states = published < last ? store.snapshots.sequencesWith(published) : store.snapshots.sequences();
        Checkpoints.Below below = checkpoints.below(batch);
        try {
            return new FlushJob(
                            target,
                            boundary,
                            states,
                            below.version(),
                            below.pinned(),
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

    private static long heldBytes(List<TrackedMemtable> batch) {
        long sum = 0;
        for (TrackedMemtable table : batch) {
            sum += table.memtable.heldBytes();
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
