package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The present version of a store and the manifest behind it. {@link #apply} makes an edit durable and then installs the
 * version it leads to; a failure leaves the old version in place.
 *
 * <p><b>After a failed write</b> of the manifest nobody knows whether the edit is on disk, so that a crash may bring back the
 * state with it or without it. Both must be right: all files of both stay, until the next change (or {@link #settle}) has
 * made a new manifest with the whole state durable. The old one is never appended to again, and not deleted before that. The
 * number of a manifest that could not be begun is not used again either.
 *
 * <p>Thread-safe: edits are applied one at a time under a lock that is held during I/O; everything else takes a short one.
 */
public final class VersionSet implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(VersionSet.class);
    /** A manifest is rolled over when it is larger than this, and than four times its header. */
    private static final long ROLL_OVER_BYTES = 4 << 20;

    private final FileStore files;
    private final FileRegistry registry;
    private final long rollOverBytes;

    private final Object applying = new Object();
    // Guarded by applying.
    private final List<String> staleManifests = new ArrayList<>();
    /** Null when the next change must begin a new one. */
    private Manifest manifest;

    private long nextManifest;
    /** An edit may be on disk that is not part of the present version. */
    private boolean inDoubt;

    private boolean closed;

    // Changed under applying and this, except for the next rank.
    private Version current;
    private long lastSequence;
    private long nextRank = 1;
    private volatile VersionEdit.Commit durableCommit = new VersionEdit.Commit(0, new byte[0]);
    private volatile long keptSequence;
    private volatile VersionEdit.Logs logs = VersionEdit.Logs.NONE;
    private volatile String mergeName;
    private volatile String manifestKeyId;

    private VersionSet(FileStore files, FileRegistry registry, long rollOverBytes) {
        this.files = files;
        this.registry = registry;
        this.rollOverBytes = rollOverBytes;
    }

    /**
     * Reads the state of the last durable commit, or of the last flush with a write-ahead log: files that hold anything newer
     * are left out. Where there is no store, one without files is made; apart from that what is there is synced, and nothing
     * is written before the first {@link #apply}, unless there are orphaned SSTs: they are deleted in the background, behind a
     * new manifest.
     *
     * @throws CorruptionException when the manifest is damaged, or when there are SSTs and no manifest: it was lost, or a
     *     {@link #create} was cut off
     */
    public static VersionSet open(FileStore files, FileRegistry registry) throws IOException {
        return open(files, registry, ROLL_OVER_BYTES);
    }

    static VersionSet open(FileStore files, FileRegistry registry, long rollOverBytes) throws IOException {
        Manifest.Recovered recovered = Manifest.recover(files, registry.encryption());
        if (recovered.number() < 0) {
            Manifest.requireNoTables(files);
        }
        VersionSet set = new VersionSet(files, registry, rollOverBytes);
        set.nextManifest = recovered.nextNumber();
        set.staleManifests.addAll(recovered.stale());
        if (recovered.number() < 0) {
            keepTorn(files, recovered);
            set.begin(new VersionEdit());
        } else {
            set.staleManifests.add(Manifest.name(recovered.number()));
            makeDurable(files, Manifest.name(recovered.number()));
            set.manifestKeyId = recovered.keyId();
            set.recover(recovered);
            set.deleteOrphans();
        }
        return set;
    }

    /**
     * A torn manifest stays until a whole one is durable, or a crash could leave only a torn one that seems to have replaced
     * others.
     */
    private static void keepTorn(FileStore files, Manifest.Recovered recovered) throws IOException {
        if (!recovered.stale().isEmpty()) {
            files.syncDirectory();
        }
    }

    /**
     * What was read may not be on disk yet: the process before this one may have been killed between a write and its sync.
     * Nobody may build on it, or call its commit durable, before it is.
     */
    private static void makeDurable(FileStore files, String manifest) throws IOException {
        files.sync(manifest);
        files.syncDirectory();
    }

    /**
     * Makes a store with a given state where there is none; it is durable on return. SSTs of other names are left alone
     * until the next {@link #open}.
     *
     * @param state its files were acquired by the caller
     * @throws IllegalStateException when there is a manifest
     */
    public static VersionSet create(FileStore files, FileRegistry registry, VersionEdit state) throws IOException {
        try {
            Manifest.Recovered recovered = Manifest.recover(files, registry.encryption());
            if (recovered.number() >= 0) {
                throw new IllegalStateException("There is a store in " + files.describe() + " already");
            }
            VersionSet set = new VersionSet(files, registry, ROLL_OVER_BYTES);
            set.nextManifest = recovered.nextNumber();
            set.staleManifests.addAll(recovered.stale());
            requireKeys(state.added().stream().map(VersionEdit.Added::file).toList(), null);
            keepTorn(files, recovered);
            set.begin(state);
            return set;
        } catch (IOException | RuntimeException | Error e) {
            // The files are not ours: they may belong to the store that is there already.
            registry.keepFiles();
            throw e;
        }
    }

    /**
     * What was recovered may be on disk in part only: the end of the manifest was perhaps never synced. So what it does not
     * name is deleted behind a new manifest.
     */
    private void deleteOrphans() throws IOException {
        if (registry.holdOrphans()) {
            synchronized (applying) {
                inDoubt = true;
            }
            registry.inBackground(this::settleIfOpen);
        }
    }

    private void settleIfOpen() {
        try {
            synchronized (applying) {
                if (!closed) {
                    settle();
                }
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("Files that a crash left over in {} stay until a manifest can be written", files.describe(), e);
        }
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
        VersionSet set = new VersionSet(files, registry, ROLL_OVER_BYTES);
        set.manifestKeyId = recovered.keyId();
        set.recover(recovered);
        return set;
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

    private void recover(Manifest.Recovered recovered) throws IOException {
        RunMap runs = new RunMap(List.of());
        List<SortedRun> committed = new ArrayList<>();
        List<PhysicalFile> acquired = new ArrayList<>();
        try {
            for (VersionEdit edit : recovered.edits()) {
                runs.play(edit);
                take(edit);
            }
            lastSequence = durableSequence();
            for (long rank : runs.ranks()) {
                List<FileMeta> kept = new ArrayList<>();
                for (FileMeta file : runs.touch(rank)) {
                    if (file.newestSequence() <= durableSequence()) {
                        checkKey(file, recovered);
                        PhysicalFile physical = registry.acquire(file.id(), file.fileBytes(), file.keyId());
                        acquired.add(physical);
                        kept.add(file.withFile(physical));
                    }
                }
                committed.add(new SortedRun(rank, kept));
                nextRank = Math.max(nextRank, rank + 1);
            }
        } catch (IllegalArgumentException e) {
            CorruptionException corruption = new CorruptionException(
                    Manifest.name(recovered.number()), -1, "edits that follow from each other", e.getMessage());
            corruption.initCause(e);
            throw corruption;
        }
        current = new Version(committed);
        acquired.forEach(PhysicalFile::release);
        List<FileMeta> files = new ArrayList<>();
        committed.forEach(run -> files.addAll(run.files()));
        try {
            requireKeys(files, recovered.keyId());
        } catch (IOException | RuntimeException | Error e) {
            registry.keepFiles();
            current.release();
            throw e;
        }
    }

    /** A store that encrypts has an encrypted manifest first: a plain one that lists encrypted files is no work of ours. */
    private void checkKey(FileMeta file, Manifest.Recovered recovered) {
        if (file.keyId() == null) {
            registry.encryption().checkPlain(file.id().name());
        } else if (recovered.keyId() == null) {
            throw new CorruptionException(
                    Manifest.name(recovered.number()),
                    -1,
                    "an encrypted manifest, because " + file.id().name() + " is encrypted",
                    "a plain one");
        }
    }

    /** A key that is missing is noticed now and not by some read: opens one file of each. */
    private static void requireKeys(List<FileMeta> files, String known) throws IOException {
        Set<String> found = new HashSet<>();
        found.add(null);
        found.add(known);
        for (FileMeta file : files) {
            if (found.add(file.keyId())) {
                file.file().reader();
            }
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
            if (!keyId.equals(manifestKeyId)) {
                write(new VersionEdit(), current, nextRankAfter(new VersionEdit()), true);
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
            if (inDoubt) {
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
        long ranks = nextRankAfter(edit);
        boolean written = false;
        try {
            if (bringsFiles(edit)) {
                files.syncDirectory();
            }
            write(edit, next, ranks, manifest == null || isLarge(manifest));
            written = true;
        } finally {
            if (!written) {
                next.release();
            }
        }
        Version before = current;
        synchronized (this) {
            nextRank = Math.max(nextRank, ranks);
            take(edit);
            current = next;
        }
        before.release();
        registry.retryDeletes();
    }

    private boolean isLarge(Manifest log) {
        return log.bytes() > Math.max(rollOverBytes, 4 * log.headerBytes());
    }

    private void write(VersionEdit edit, Version next, long ranks, boolean toNewManifest) throws IOException {
        boolean written = false;
        try {
            if (toNewManifest) {
                startManifest(edit, next, ranks);
            } else {
                manifest.append(edit);
            }
            written = true;
        } finally {
            if (!written) {
                doubt(edit);
            }
        }
    }

    /** The edit may be on disk or not, and the manifest may end in a part of it. */
    private void doubt(VersionEdit edit) {
        inDoubt = true;
        edit.added().forEach(added -> registry.hold(added.file().id()));
        Manifest left = manifest;
        manifest = null;
        if (left != null) {
            leave(left);
        }
    }

    private void leave(Manifest left) {
        staleManifests.add(left.name());
        try {
            left.close();
        } catch (IOException e) {
            LOG.warn("Closing manifest {} in {} failed; it is not used any more", left.name(), files.describe(), e);
        }
    }

    /** False when all files that the edit adds were in the version before, so that their names are durable. */
    private static boolean bringsFiles(VersionEdit edit) {
        Set<FileId> known = new HashSet<>();
        edit.removed().forEach(removed -> known.add(removed.id()));
        return edit.added().stream()
                .anyMatch(added -> !known.contains(added.file().id()));
    }

    private synchronized long nextRankAfter(VersionEdit edit) {
        long ranks = Math.max(nextRank, edit.nextRank());
        for (VersionEdit.Added added : edit.added()) {
            ranks = Math.max(ranks, added.rank() + 1);
        }
        return ranks;
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
        return inDoubt;
    }

    /** True until the first edit after an open, when the manifest may list files that were left out. Under the lock of edits. */
    boolean isAsFound() {
        return manifest == null;
    }

    /** The newest commit that a reopen would find; sequence 0 and an empty payload before the first. */
    public VersionEdit.Commit durableCommit() {
        return durableCommit;
    }

    /** Writes up to this one survive a crash by the manifest alone: they were committed, or kept for a write-ahead log. */
    public long durableSequence() {
        return Math.max(durableCommit.sequence(), keptSequence);
    }

    /** The write-ahead logs that are needed. */
    public VersionEdit.Logs logs() {
        return logs;
    }

    /** Name of the merge function that the store was written with, or null. */
    public String mergeName() {
        return mergeName;
    }

    /** Id of the master key of the manifest that is in force; null when that is plain. */
    public String manifestKeyId() {
        return manifestKeyId;
    }

    /** A rank above all in use, handed out once. */
    public synchronized long nextRank() {
        return nextRank++;
    }

    /**
     * A sequence number that no file is above. Right after opening: that of the recovered state, which is {@link
     * #durableSequence()}.
     */
    public synchronized long lastSequence() {
        return lastSequence;
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
                if (manifest != null) {
                    manifest.close();
                }
            } finally {
                last.release();
            }
        }
    }

    private void startManifest(VersionEdit edit, Version next, long ranks) throws IOException {
        VersionEdit state = new VersionEdit();
        for (SortedRun run : next.runs()) {
            for (FileMeta file : run.files()) {
                state.add(run.rank(), file);
            }
        }
        VersionEdit.Commit commit = edit.commit() != null ? edit.commit() : durableCommit;
        state.commit(commit.sequence(), commit.payload());
        state.lastSequence(Math.max(lastSequence(), edit.lastSequence()));
        state.nextRank(ranks);
        long kept = Math.max(keptSequence, edit.keptSequence());
        if (kept > 0) {
            state.keep(kept);
        }
        VersionEdit.Logs needed = edit.logs() != null ? edit.logs() : logs;
        if (!needed.equals(VersionEdit.Logs.NONE)) {
            state.logs(needed);
        }
        String merge = edit.mergeName() != null ? edit.mergeName() : mergeName;
        if (merge != null) {
            state.mergeName(merge);
        }
        Manifest fresh = createManifest(state);
        if (manifest != null) {
            leave(manifest);
        }
        manifest = fresh;
        manifestKeyId = fresh.keyId();
        inDoubt = false;
        registry.releaseHeld();
        deleteStaleManifests();
    }

    private Manifest createManifest(VersionEdit state) throws IOException {
        // never this number again: what is on disk under it after a failure may be whole
        long number = nextManifest++;
        boolean created = false;
        try {
            Manifest fresh = Manifest.create(files, number, state, registry.encryption());
            created = true;
            return fresh;
        } finally {
            if (!created) {
                discard(Manifest.name(number));
            }
        }
    }

    private void discard(String name) {
        try {
            files.delete(name);
        } catch (IOException e) {
            LOG.debug("Deleting the unfinished manifest {} in {} failed", name, files.describe(), e);
            staleManifests.add(name);
        }
    }

    private void deleteStaleManifests() {
        for (Iterator<String> names = staleManifests.iterator(); names.hasNext(); ) {
            String name = names.next();
            try {
                files.delete(name);
                names.remove();
            } catch (IOException e) {
                LOG.warn("Deleting old manifest {} in {} failed; it is tried again", name, files.describe(), e);
            }
        }
    }

    private void take(VersionEdit edit) {
        if (edit.commit() != null) {
            durableCommit = edit.commit();
        }
        if (edit.mergeName() != null) {
            mergeName = edit.mergeName();
        }
        if (edit.logs() != null) {
            logs = edit.logs();
        }
        keptSequence = Math.max(keptSequence, edit.keptSequence());
        lastSequence = Math.max(lastSequence, edit.lastSequence());
        for (VersionEdit.Added added : edit.added()) {
            lastSequence = Math.max(lastSequence, added.file().newestSequence());
        }
        nextRank = Math.max(nextRank, edit.nextRank());
    }
}
