package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.util.Failures;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The present version of a store, and its manifest. {@link #apply} makes an edit durable and then installs the version
 * that results from it; after a failure the old version stays.
 *
 * <pre>{@code
 *   apply(edit)   play the edit on the runs    a new Version, which no reader has yet
 *                 sync the directory           names of new files are durable
 *                 ManifestLog.write            the edit is durable
 *                 current = the new version
 * }</pre>
 *
 * <p>After a failed write of the manifest a crash may bring back the state with the edit or without it, until the next
 * change (or {@link #settle}) has made a new manifest with the whole state durable; see {@link ManifestLog}.
 *
 * <p>It does not show versions to readers: that is the task of {@code db.state.ReadStates}. {@link ManifestLog} writes the
 * records, {@link DurableState} has what they add up to. This is one class, to be read whole: an open and an edit end in the
 * same write, and what a failure of it means depends on which of them it was.
 *
 * <p>Thread-safe. Edits are applied one at a time with the lock {@code applying}, which is held during I/O; all else
 * takes the monitor for a short time.
 */
public final class VersionSet implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(VersionSet.class);
    /** A manifest is replaced by a new one when it is longer than this and longer than four times its header. */
    private static final long ROLL_OVER_BYTES = 4 << 20;

    private final FileStore files;
    private final FileRegistry registry;
    private final DurableState state = new DurableState();

    /** The lock of edits, which is held during I/O. */
    private final Object applying = new Object();

    private final ManifestLog manifest;
    // Guarded by applying
    private boolean closed;
    /** What can be deleted to make room for the first manifest of this process; null when that is written. */
    // Guarded by applying
    private UnnamedOrphans orphans;
    /** Why the state that an open found could not be made durable; null from the first successful write on. */
    // Written under applying, read without
    private volatile Exception openFailure;

    // Written under applying and this, read under one of them
    private Version current;

    private VersionSet(FileStore files, FileRegistry registry, ManifestLog manifest) {
        this.files = files;
        this.registry = registry;
        this.manifest = manifest;
    }

    /**
     * Reads the state of the last durable commit or, with a write-ahead log, of the last flush: files that have
     * anything newer are left out. When there is no store, one without files is made. The state is durable on return,
     * in a new manifest, see {@link ManifestLog}. Then orphans are deleted in the background. When a new manifest
     * cannot be written, the state may be read, and {@link #openFailure()} says why it is not durable.
     *
     * @param ids numbers that are never given twice, here or elsewhere
     * @throws CorruptionException when the manifest is damaged, or when there are SSTs and no manifest: then the
     *     manifest was lost, or a {@link #create} was cut off
     */
    public static VersionSet open(FileStore files, FileRegistry registry, LongSupplier ids) throws IOException {
        return open(files, registry, ids, ROLL_OVER_BYTES);
    }

    static VersionSet open(FileStore files, FileRegistry registry, LongSupplier ids, long rollOverBytes)
            throws IOException {
        Manifest.Recovered recovered = Manifest.recover(files, registry.encryption());
        if (recovered.number() < 0) {
            Manifest.requireNoSsts(files);
        }
        ManifestLog manifest = new ManifestLog(files, registry, ids, rollOverBytes, recovered);
        VersionSet set = new VersionSet(files, registry, manifest);
        if (recovered.number() < 0) {
            set.begin(new VersionEdit());
        } else {
            set.current = VersionRecovery.run(recovered, registry, set.state);
            set.begin(recovered);
        }
        return set;
    }

    /**
     * Makes a store with a given state where there is none; it is durable on return. SSTs of other names stay until the
     * next {@link #open}.
     *
     * @param ids as in {@link #open}
     * @param state the caller has acquired its files
     * @throws IllegalStateException when there is a manifest
     */
    public static VersionSet create(FileStore files, FileRegistry registry, LongSupplier ids, VersionEdit state)
            throws IOException {
        try {
            Manifest.Recovered recovered = Manifest.recover(files, registry.encryption());
            if (recovered.number() >= 0) {
                throw new IllegalStateException("There is a store in " + files.describe() + " already");
            }
            ManifestLog manifest = new ManifestLog(files, registry, ids, ROLL_OVER_BYTES, recovered);
            VersionRecovery.requireKeys(
                    state.added().stream().map(VersionEdit.Added::file).toList(), null);
            VersionSet set = new VersionSet(files, registry, manifest);
            set.begin(state);
            return set;
        } catch (IOException | RuntimeException | Error e) {
            // The files may belong to the store that is there already.
            registry.keepFiles();
            throw e;
        }
    }

    /** Starts the manifest of the recovered state. */
    private void begin(Manifest.Recovered recovered) throws IOException {
        boolean complete = false;
        try {
            List<String> found = registry.deferOrphans();
            synchronized (applying) {
                orphans = new UnnamedOrphans(files, registry.encryption(), recovered, found);
                beginIfWritable();
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private void beginIfWritable() {
        try {
            write(new VersionEdit(), current, true);
        } catch (IOException
                | RuntimeException e) { // there is no space, or a key provider refuses with an exception of its own
            openFailure = e;
        }
    }

    /**
     * Why the state that an open found is not durable; null when it is durable, also after a later {@link #apply} or
     * {@link #settle}. Until then the commit of such a state must not be taken for durable. Takes no lock.
     */
    public Exception openFailure() {
        return openFailure;
    }

    /**
     * As {@link #open}, but changes nothing: no file is made or deleted, and edits must not be applied.
     *
     * @throws java.nio.file.NoSuchFileException when there is no store
     */
    public static VersionSet openToRead(FileStore files, FileRegistry registry) throws IOException {
        registry.keepFiles();
        Manifest.Recovered recovered = Manifest.recover(files, registry.encryption());
        if (recovered.number() < 0) {
            Manifest.requireNoSsts(files);
            throw new NoSuchFileException(files.describe(), null, "there is no store");
        }
        ManifestLog manifest = new ManifestLog(files, registry, VersionSet::noId, ROLL_OVER_BYTES, recovered);
        VersionSet set = new VersionSet(files, registry, manifest);
        set.current = VersionRecovery.runToRead(recovered, registry, set.state);
        return set;
    }

    private static long noId() {
        throw new IllegalStateException("A store that is only read gets no new manifest");
    }

    /** True for names of manifests, whole or not. */
    public static boolean isManifest(String name) {
        return Manifest.isName(name);
    }

    private void begin(VersionEdit state) throws IOException {
        current = new Version(List.of());
        synchronized (applying) {
            applyLocked(state);
        }
    }

    /** The present version with one more reference, which the caller releases. */
    public synchronized Version current() {
        if (current == null) {
            throw new IllegalStateException("The version set of " + files.describe() + " is closed");
        }
        current.retain();
        return current;
    }

    /**
     * Makes {@code edit} durable, including the names of the files that it adds, and then installs the resulting
     * version. The version has its own references to the files; the caller still releases its references.
     *
     * @throws IOException when the directory or the manifest cannot be written; nothing has changed for this process,
     *     and a later call may succeed
     * @throws IllegalArgumentException when the edit removes a file that is not there, or adds a file that overlaps
     *     another one; nothing has changed
     * @throws RuntimeException or an Error, of another kind: {@link VersionEdit#isDurable()} says whether the edit is
     *     in force; if it is, this set must be closed and opened again
     */
    public void apply(VersionEdit edit) throws IOException {
        if (edit.isEmpty()) {
            return;
        }
        synchronized (applying) {
            requireOpen();
            applyLocked(edit);
        }
    }

    /**
     * Starts a new manifest with the same state, unless the manifest in force has that key.
     *
     * @throws IOException as in {@link #apply}
     */
    public void renewManifest(String keyId) throws IOException {
        synchronized (applying) {
            requireOpen();
            if (!keyId.equals(manifest.keyId())) {
                write(new VersionEdit(), current, true);
            }
        }
    }

    /**
     * When a write of the manifest has failed: starts a new manifest, durable on return, so that the state which a
     * crash would leave is known again. Otherwise does nothing.
     */
    public void settle() throws IOException {
        synchronized (applying) {
            requireOpen();
            if (manifest.isInDoubt()) {
                applyLocked(new VersionEdit());
            }
        }
    }

    /**
     * As {@link #settle}, but only if a reopen may find an edit that was reported as failed; not for what a crash has
     * left in doubt.
     */
    public void settleFailedEdit() throws IOException {
        synchronized (applying) {
            requireOpen();
            if (manifest.isEditInDoubt()) {
                applyLocked(new VersionEdit());
            }
        }
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("The version set of " + files.describe() + " is closed");
        }
    }

    private void applyLocked(VersionEdit edit) throws IOException {
        RunMap runs = new RunMap(current.runs());
        runs.play(edit);
        Version next = new Version(runs.toRuns());
        long ranks = state.nextRankAfter(edit);
        boolean written = false;
        try {
            if (bringsFiles(edit)) {
                files.syncDirectory();
            }
            write(edit, next, false);
            edit.durable = true;
            written = true;
        } finally {
            if (!written) {
                next.release();
            }
        }
        Version before = current;
        synchronized (this) {
            state.reserveRanks(ranks);
            state.play(edit);
            current = next;
        }
        before.release();
        registry.retryDeletes();
    }

    private void write(VersionEdit edit, Version next, boolean afresh) throws IOException {
        while (!isWritten(edit, next, afresh)) {
            LOG.debug("Orphans in {} were deleted to make room for its manifest", files.describe());
        }
        orphans = null;
        openFailure = null;
    }

    /** False when it is to be tried again, because orphans were deleted. */
    private boolean isWritten(VersionEdit edit, Version next, boolean afresh) throws IOException {
        try {
            manifest.write(edit, () -> state.whole(edit, next), afresh);
            return true;
        } catch (IOException | RuntimeException e) {
            if (orphans != null && orphans.delete()) {
                return false;
            }
            Exception failure = orphans == null ? null : orphans.failure();
            if (failure != null) {
                Failures.suppress(e, failure);
            }
            throw e;
        }
    }

    /** False when all files that the edit adds were in the version before, so that their names are durable. */
    private static boolean bringsFiles(VersionEdit edit) {
        Set<FileId> known = new HashSet<>();
        edit.removed().forEach(removed -> known.add(removed.id()));
        return edit.added().stream()
                .anyMatch(added -> !known.contains(added.file().id()));
    }

    /** Reads the manifest as a reopen would, and compares it with this state. No edit is applied meanwhile. */
    public FileReport verifyManifest() {
        synchronized (applying) {
            return ManifestCheck.run(files, this, registry.encryption());
        }
    }

    /** True when it is not known what the manifest on disk says. With the lock of edits. */
    boolean isInDoubt() {
        return manifest.isInDoubt();
    }

    /**
     * True after an open that changes nothing: the manifest may list files that were left out. With the lock of edits.
     */
    boolean isAsFound() {
        return manifest.isAsFound();
    }

    /** The newest commit that a reopen would find; before the first commit, sequence 0 and an empty payload. */
    public VersionEdit.Commit durableCommit() {
        return state.commit();
    }

    /** Writes up to this one survive a crash by the manifest alone: they are committed, or kept for a write-ahead log. */
    public long durableSequence() {
        return state.durableSequence();
    }

    /** The write-ahead logs that are needed. */
    public VersionEdit.Logs logs() {
        return state.logs();
    }

    /** Name of the merge function that the store was written with, or null. */
    public String mergeName() {
        return state.mergeName();
    }

    /** Id of the master key of the manifest in force; null when that is not encrypted. */
    public String manifestKeyId() {
        return manifest.keyId();
    }

    /** A rank above all ranks in use. Each rank is given out once. */
    public long nextRank() {
        return state.takeRank();
    }

    /**
     * A sequence number at or above those of all files. Right after an open it is that of the recovered state, which is
     * {@link #durableSequence()}.
     */
    public long lastSequence() {
        return state.lastSequence();
    }

    public FileRegistry registry() {
        return registry;
    }

    /**
     * Closes the manifest and releases the present version. The owner of the registry closes the registry. Idempotent.
     */
    @Override
    public void close() throws IOException {
        synchronized (applying) {
            if (closed) {
                return;
            }
            closed = true;
            registry.keepFiles();
            Version last = current;
            synchronized (this) {
                current = null;
            }
            try {
                manifest.close();
            } finally {
                last.release();
            }
        }
    }
}
