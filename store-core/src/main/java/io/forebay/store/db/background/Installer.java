package io.forebay.store.db.background;

import io.forebay.store.StoreIoException;
import io.forebay.store.compaction.CompactionResult;
import io.forebay.store.db.state.CommitMark;
import io.forebay.store.db.state.HalfInstalledException;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.TrackedMemtable;
import io.forebay.store.db.write.WriteStall;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import java.io.IOException;
import java.util.List;

/**
 * Makes edits durable, and then shows their result to readers, one edit at a time:
 *
 * <pre>
 *   VersionSet.apply        the edit is durable in the manifest; the version set has the new version
 *   CommitTracker           a commit in the edit is durable
 *   ReadStates.install      readers see the new version, without the flushed memtables
 *   Checkpoints.flushed     open checkpoints get the files that they wait for
 * </pre>
 *
 * <p>Between the edit and the swap of the read state no other edit comes in. Otherwise a reader could meet a memtable
 * and the file that was made from it.
 */
public final class Installer {
    private final StoreContext store;
    private final Checkpoints checkpoints;
    private final WriteStall stall;
    // Guarded by this
    private boolean mergeNameKnown;
    /** Number of the newest commit that was installed. */
    private long newestCommit = -1;
    /**
     * True while an edit may be durable that readers do not see, and for good when such an edit could not be shown to
     * readers. Then no other edit may come: it could write what is still in memtables a second time. Set before
     * anything can fail.
     */
    private boolean mayBeHalfInstalled;

    public Installer(StoreContext store, Checkpoints checkpoints, WriteStall stall) {
        this.store = store;
        this.checkpoints = checkpoints;
        this.stall = stall;
        mergeNameKnown = store.versions.mergeName() != null || store.options.mergeFunction() == null;
    }

    /**
     * Installs an edit without memtables.
     *
     * @throws IOException when the manifest cannot be written; then nothing has changed
     */
    public void install(VersionEdit edit) throws IOException {
        install(edit, List.of(), null);
    }

    /** The outcome of the edit of a compaction. */
    enum Outcome {
        DONE,
        /** Another file has taken its place meanwhile; nothing has changed. */
        NO_PLACE,
        /** A reader has claimed a state that may need what the filter dropped; nothing has changed. */
        SEEN
    }

    /**
     * Installs the edit of a compaction, unless its place is taken or a later claim may need what the filter dropped.
     *
     * @param filter the filter that the compaction was made with, or null
     * @throws IOException when the manifest cannot be written; then nothing has changed
     */
    public Outcome install(CompactionResult result, JobFilter filter) throws IOException {
        synchronized (this) {
            if (!hasPlace(result)) {
                return Outcome.NO_PLACE;
            }
            return JobFilter.change(filter, () -> applyAndShow(result.edit(), List.of(), null, () -> {}))
                    ? Outcome.DONE
                    : Outcome.SEEN;
        }
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
     * Installs the edit of a flush.
     *
     * @param flushed memtables whose content is in the added files
     * @param commit becomes durable with the edit; null for none
     */
    public void install(VersionEdit edit, List<TrackedMemtable> flushed, CommitMark commit) throws IOException {
        install(edit, flushed, commit, null);
    }

    /**
     * As {@link #install(VersionEdit, List, CommitMark)}, unless a later claim may need what the filter dropped.
     *
     * @param filter the filter that the flush was made with, or null
     * @return whether the edit was installed; otherwise nothing has changed
     */
    public boolean install(VersionEdit edit, List<TrackedMemtable> flushed, CommitMark commit, JobFilter filter)
            throws IOException {
        synchronized (this) {
            if (!JobFilter.change(filter, () -> applyAndShow(edit, flushed, commit, () -> {}))) {
                return false;
            }
        }
        if (!flushed.isEmpty()) {
            checkpoints.teller().tell();
        }
        return true;
    }

    /** @param shown run when readers have the new version, before any other edit */
    private synchronized void applyAndShow(
            VersionEdit edit, List<TrackedMemtable> flushed, CommitMark commit, Runnable shown) throws IOException {
        if (mayBeHalfInstalled) {
            throw new HalfInstalledException(new IllegalStateException("an edit before this one failed halfway"));
        }
        mayBeHalfInstalled = true;
        try {
            apply(edit, flushed, commit);
            shown.run();
            mayBeHalfInstalled = false;
        } catch (IOException | RuntimeException | Error e) {
            mayBeHalfInstalled = edit.isDurable();
            if (mayBeHalfInstalled) {
                store.lifecycle.unwritable = true; // first, and without a call: what follows may fail, too
                throw halfInstalled(e);
            }
            throw e;
        }
    }

    /** The exception. Without memory for it, the store is stopped all the same. */
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

    private void apply(VersionEdit edit, List<TrackedMemtable> flushed, CommitMark commit) throws IOException {
        if (!mergeNameKnown) {
            edit.mergeName(store.options.mergeFunction().name());
        }
        // The commits of a flush and of an ingest may come in the wrong order.
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
            stall.sortedRuns(version.runs().size());
            checkpoints.flushed(flushed, edit.added(), () -> store.states.install(version, flushed));
        } finally {
            version.release();
        }
    }

    /**
     * Writes a new manifest unless the present one has that key already. After a failure the next edit writes a new
     * manifest.
     */
    public synchronized void renewManifest(String keyId) {
        try {
            store.versions.renewManifest(keyId);
        } catch (IOException e) {
            throw new StoreIoException("Writing the manifest of store " + store.options.name() + " failed", e);
        }
    }

    /**
     * Makes files visible that were built outside of the memtable, with all entries at {@code sequence}: in the bottom
     * run when nothing overlaps them, otherwise as a run of their own. All memtables are empty or flushed. So a commit
     * that waits becomes durable with the edit: otherwise a compaction could join files from before and after that
     * commit.
     *
     * <p>The caller is inside the gate, and took the monitor of this object before it.
     *
     * @param publish makes {@code sequence} the newest one
     */
    public synchronized void ingest(List<FileMeta> files, long sequence, Runnable publish) throws IOException {
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
            boolean nothingWaits = store.isKeeping() || store.commits.isDurable(waiting);
            applyAndShow(edit, List.of(), nothingWaits ? null : waiting, publish);
        } finally {
            version.release();
        }
    }
}
