package io.forebay.store.db;

import io.forebay.store.StoreIoException;
import io.forebay.store.compaction.CompactionResult;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes edits durable and shows their result to readers, one at a time: between the edit and the swap of the read state
 * no other edit comes in, or a reader could meet a memtable and the file that was made of it.
 */
final class Installer {
    private final StoreContext store;
    private final Checkpoints checkpoints;
    private final Pacing pacing;
    private boolean mergeNameKnown;
    /** Number of the newest commit that was installed. */
    private long newestCommit = -1;
    /**
     * True while an edit may be durable that readers are not shown, and for good when that could not be done. Then no other
     * edit may come: it would bring to disk once more what the memtables still have. Set before anything can fail.
     */
    private boolean behind;

    Installer(StoreContext store, Checkpoints checkpoints, Pacing pacing) {
        this.store = store;
        this.checkpoints = checkpoints;
        this.pacing = pacing;
        mergeNameKnown = store.versions.mergeName() != null || store.options.mergeFunction() == null;
    }

    /**
     * Applies an edit that no memtable belongs to.
     *
     * @throws IOException when the manifest cannot be written; nothing changed then
     */
    void install(VersionEdit edit) throws IOException {
        install(edit, List.of(), null);
    }

    /** What became of the edit of a compaction. */
    enum Outcome {
        DONE,
        /** Its place was taken meanwhile; nothing changed. */
        NO_PLACE,
        /** Somebody has begun to look at what the filter dropped; nothing changed. */
        SEEN
    }

    /**
     * Applies the edit of a compaction, if nothing is in the way.
     *
     * @param filter that the compaction was made with, or null
     * @throws IOException when the manifest cannot be written; nothing changed then
     */
    Outcome install(CompactionResult result, JobFilter filter) throws IOException {
        List<CheckpointImpl> complete = new ArrayList<>();
        synchronized (this) {
            if (!hasPlace(result)) {
                return Outcome.NO_PLACE;
            }
            if (!JobFilter.change(
                    filter, () -> complete.addAll(applyAndShow(result.edit(), List.of(), null, () -> {})))) {
                return Outcome.SEEN;
            }
        }
        complete.forEach(CheckpointImpl::completeIfPossible);
        return Outcome.DONE;
    }

    private boolean hasPlace(CompactionResult result) {
        Version version = store.versions.current();
        try {
            return result.hasPlaceIn(version);
        } finally {
            version.release();
        }
    }

    /**
     * Applies the edit of a flush.
     *
     * @param flushed memtables whose content is in the added files
     * @param commit becomes durable with it; null for none
     */
    void install(VersionEdit edit, List<TrackedMemtable> flushed, CommitMark commit) throws IOException {
        install(edit, flushed, commit, null);
    }

    /**
     * As the other one, unless somebody has begun to look at what the filter dropped.
     *
     * @param filter that the flush was made with, or null
     * @return whether it was applied; otherwise nothing changed
     */
    boolean install(VersionEdit edit, List<TrackedMemtable> flushed, CommitMark commit, JobFilter filter)
            throws IOException {
        List<CheckpointImpl> complete = new ArrayList<>();
        synchronized (this) {
            if (!JobFilter.change(filter, () -> complete.addAll(applyAndShow(edit, flushed, commit, () -> {})))) {
                return false;
            }
        }
        complete.forEach(CheckpointImpl::completeIfPossible);
        return true;
    }

    /** @param shown run when readers have the new version, before any other edit */
    private synchronized List<CheckpointImpl> applyAndShow(
            VersionEdit edit, List<TrackedMemtable> flushed, CommitMark commit, Runnable shown) throws IOException {
        if (behind) {
            throw new HalfInstalledException(new IllegalStateException("an edit before this one failed halfway"));
        }
        behind = true;
        try {
            List<CheckpointImpl> complete = apply(edit, flushed, commit);
            shown.run();
            behind = false;
            return complete;
        } catch (IOException | RuntimeException | Error e) {
            behind = edit.isDurable();
            if (behind) {
                store.lifecycle.unwritable = true; // first, and without a call: what follows may fail, too
                throw halfInstalled(e);
            }
            throw e;
        }
    }

    /** Without memory for it the store is stopped all the same. */
    private HalfInstalledException halfInstalled(Throwable cause) {
        HalfInstalledException half = null;
        try {
            half = new HalfInstalledException(cause);
        } finally {
            if (half == null) {
                store.lifecycle.breakDown(cause);
            }
        }
        return half;
    }

    private List<CheckpointImpl> apply(VersionEdit edit, List<TrackedMemtable> flushed, CommitMark commit)
            throws IOException {
        if (!mergeNameKnown) {
            edit.mergeName(store.options.mergeFunction().name());
        }
        // A flush and an ingest may come with their commits in the wrong order.
        boolean newer = commit != null && commit.number() > newestCommit;
        if (newer) {
            edit.commit(commit.sequence(), commit.payload());
        }
        store.versions.apply(edit);
        mergeNameKnown = true;
        if (newer) {
            newestCommit = commit.number();
            store.commits.becameDurable(commit);
        }
        Version version = store.versions.current();
        try {
            pacing.sortedRuns(version.runs().size());
            return checkpoints.flushed(flushed, edit.added(), () -> store.states.install(version, flushed));
        } finally {
            version.release();
        }
    }

    /** Writes the manifest anew unless it has that key already. After a failure the next edit does. */
    void renewManifest(String keyId) {
        try {
            store.versions.renewManifest(keyId);
        } catch (IOException e) {
            throw new StoreIoException("Writing the manifest of store " + store.options.name() + " failed", e);
        }
    }

    /**
     * Makes files that were built outside of the memtable visible, all entries at {@code sequence}: in the bottom run when
     * nothing overlaps them, else as a run of their own. All memtables are empty or flushed, so a commit that waits becomes
     * durable with it: nothing would keep a compaction from joining files of before and after the commit.
     *
     * @param publish makes {@code sequence} the newest one
     */
    synchronized void ingest(List<FileMeta> files, long sequence, Runnable publish) throws IOException {
        Version version = store.versions.current();
        try {
            boolean alone = version.runs().stream()
                    .allMatch(run -> files.stream()
                            .allMatch(file ->
                                    Version.overlapping(run, file.range()).isEmpty()));
            long rank = alone ? SortedRun.BOTTOM : store.versions.nextRank();
            VersionEdit edit = new VersionEdit().lastSequence(sequence);
            if (store.isKeeping()) {
                edit.keep(sequence);
            }
            files.forEach(file -> edit.add(rank, file.withOverrideSequence(sequence)));
            CommitMark waiting = store.commits.last();
            boolean settled = store.isKeeping() || store.commits.isDurable(waiting);
            applyAndShow(edit, List.of(), settled ? null : waiting, publish)
                    .forEach(CheckpointImpl::completeIfPossible);
        } finally {
            version.release();
        }
    }
}
