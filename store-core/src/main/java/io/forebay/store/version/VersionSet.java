package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
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
 * The present version of a store and the manifest behind it. {@link #apply} makes an edit durable and then installs the
 * version it leads to; a failure leaves the old version in place.
 *
 * <p>After a failed write of the manifest a crash may bring back the state with the edit or without it, until the next change
 * (or {@link #settle}) has made a new manifest with the whole state durable; see {@link ManifestLog}.
 *
 * <p>Thread-safe: edits are applied one at a time under a lock that is held during I/O; everything else takes a short one.
 */
public final class VersionSet implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(VersionSet.class);
    /** A manifest is rolled over when it is larger than this, and than four times its header. */
    private static final long ROLL_OVER_BYTES = 4 << 20;

    private final FileStore files;
    private final FileRegistry registry;
    private final DurableState state = new DurableState();

    /** Held during I/O; guards the two below. */
    private final Object applying = new Object();

    private final ManifestLog manifest;
    private boolean closed;
    /** Why what an open has found could not be made durable; null from the first write that succeeded. Set under the lock. */
    private volatile Exception openFailure;

    /** Changed under both locks, read under either. */
    private Version current;

    private VersionSet(FileStore files, FileRegistry registry, ManifestLog manifest) {
        this.files = files;
        this.registry = registry;
        this.manifest = manifest;
    }

    /**
     * Reads the state of the last durable commit, or of the last flush with a write-ahead log: files that hold anything newer
     * are left out. Where there is no store, one without files is made. The state is durable on return, in a new manifest: see
     * {@link ManifestLog}. Orphaned SSTs are deleted in the background behind it. Where a new manifest cannot be written, the state
     * may be read, and {@link #openFailure()} says why it is not durable.
     *
     * @param ids numbers that are never given twice, here or elsewhere
     * @throws CorruptionException when the manifest is damaged, or when there are SSTs and no manifest: it was lost, or a
     *     {@link #create} was cut off
     */
    public static VersionSet open(FileStore files, FileRegistry registry, LongSupplier ids) throws IOException {
        return open(files, registry, ids, ROLL_OVER_BYTES);
    }

    static VersionSet open(FileStore files, FileRegistry registry, LongSupplier ids, long rollOverBytes)
            throws IOException {
        Manifest.Recovered recovered = Manifest.recover(files, registry.encryption());
        if (recovered.number() < 0) {
            Manifest.requireNoTables(files);
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
     * Makes a store with a given state where there is none; it is durable on return. SSTs of other names are left alone
     * until the next {@link #open}.
     *
     * @param ids as in {@link #open}
     * @param state its files were acquired by the caller
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
            // The files are not ours: they may belong to the store that is there already.
            registry.keepFiles();
            throw e;
        }
    }

    /** Begins the manifest of what was recovered. */
    private void begin(Manifest.Recovered recovered) throws IOException {
        boolean complete = false;
        try {
            registry.holdOrphans();
            beginIfWritable();
            if (openFailure != null) {
                makeRoom(new UnnamedOrphans(files, registry.encryption(), recovered));
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private void beginIfWritable() {
        synchronized (applying) {
            try {
                write(new VersionEdit(), current, true);
            } catch (IOException | RuntimeException e) { // no room, or a key provider that refuses in its own way
                openFailure = e;
            }
        }
    }

    private void makeRoom(UnnamedOrphans orphans) {
        if (orphans.delete()) {
            beginIfWritable();
        }
        Exception unsettled = openFailure;
        Exception failure = orphans.failure();
        if (unsettled != null && failure != null && failure != unsettled) {
            unsettled.addSuppressed(failure);
        }
    }

    /**
     * Why what an open has found is not durable: null when it is, also by a later {@link #apply} or {@link #settle}. Nobody may take
     * the commit of such a state for durable. Takes no lock.
     */
    public Exception openFailure() {
        return openFailure;
    }

    /**
     * As {@link #open}, but changes nothing: no file is made or deleted, and edits are not to be applied.
     *
     * @throws java.nio.file.NoSuchFileException when there is no store
     */
    public static VersionSet openToRead(FileStore files, FileRegistry registry) throws IOException {
        registry.keepFiles();
        Manifest.Recovered recovered = Manifest.recover(files, registry.encryption());
        if (recovered.number() < 0) {
            Manifest.requireNoTables(files);
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
     * Makes {@code edit} durable, the names of the files that it adds included, then installs the version it leads to. The
     * files get a reference of their own; the caller still releases those it acquired.
     *
     * @throws IOException when the directory or the manifest cannot be written; nothing has changed for this process, and a
     *     later call may succeed
     * @throws IllegalArgumentException when the edit removes a file that is not there or adds one that overlaps another;
     *     nothing has changed
     * @throws RuntimeException or Error, of another kind: {@link VersionEdit#isDurable()} says whether the edit is in force, and
     *     then this set must be closed and opened again
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
     * Begins a new manifest, with the same state, unless the one in force needs just that key.
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
     * If a write of the manifest failed: begins a new one, durable on return, so that it is known again what a crash would
     * leave. Otherwise does nothing.
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
     * As {@link #settle}, if a reopen may find an edit that was reported as failed; not for the sake of what a crash left.
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
        manifest.write(edit, () -> state.whole(edit, next), afresh);
        openFailure = null;
    }

    /** False when all files that the edit adds were in the version before, so that their names are durable. */
    private static boolean bringsFiles(VersionEdit edit) {
        Set<FileId> known = new HashSet<>();
        edit.removed().forEach(removed -> known.add(removed.id()));
        return edit.added().stream()
                .anyMatch(added -> !known.contains(added.file().id()));
    }

    /**
     * Reads the manifest as a reopen would, and compares what it says with this state. No edit is applied meanwhile.
     */
    public FileReport verifyManifest() {
        synchronized (applying) {
            return ManifestCheck.run(files, this, registry.encryption());
        }
    }

    /** True when nobody knows what exactly the manifest on disk says. Under the lock of edits. */
    boolean isInDoubt() {
        return manifest.isInDoubt();
    }

    /** True after an open that changes nothing: the manifest may list files that were left out. Under the lock of edits. */
    boolean isAsFound() {
        return manifest.isAsFound();
    }

    /** The newest commit that a reopen would find; sequence 0 and an empty payload before the first. */
    public VersionEdit.Commit durableCommit() {
        return state.commit();
    }

    /** Writes up to this one survive a crash by the manifest alone: they were committed, or kept for a write-ahead log. */
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

    /** Id of the master key of the manifest that is in force; null when that is plain. */
    public String manifestKeyId() {
        return manifest.keyId();
    }

    /** A rank above all in use, handed out once. */
    public long nextRank() {
        return state.takeRank();
    }

    /**
     * A sequence number that no file is above. Right after opening: that of the recovered state, which is {@link
     * #durableSequence()}.
     */
    public long lastSequence() {
        return state.lastSequence();
    }

    public FileRegistry registry() {
        return registry;
    }

    /** Closes the manifest and lets go of the present version. The registry is closed by its owner. Idempotent. */
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
