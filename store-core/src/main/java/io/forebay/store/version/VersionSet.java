package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The present version of a store and the manifest behind it. {@link #apply} makes an edit durable and then installs the
 * version it leads to; a failure leaves the old version in place and closes the door for further edits and deletions,
 * because nobody knows what of the failed one is on disk.
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
    private Manifest manifest;
    private long nextManifest;
    private Throwable failure;
    private boolean closed;

    // Changed under applying and this, except for the next rank.
    private Version current;
    private long lastSequence;
    private long nextRank = 1;
    private volatile VersionEdit.Commit durableCommit = new VersionEdit.Commit(0, new byte[0]);
    private volatile String mergeName;
    private volatile String manifestKeyId;

    private VersionSet(FileStore files, FileRegistry registry, long rollOverBytes) {
        this.files = files;
        this.registry = registry;
        this.rollOverBytes = rollOverBytes;
    }

    /**
     * Reads the state of the last durable commit: files that hold anything newer are left out. Orphaned SSTs are deleted in
     * the background. Where there is no store, one without files is made; apart from that nothing is written before the
     * first {@link #apply}.
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
            set.begin(new VersionEdit());
        } else {
            set.staleManifests.add(Manifest.name(recovered.number()));
            set.manifestKeyId = recovered.keyId();
            set.recover(recovered);
            registry.deleteOrphans();
        }
        return set;
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
            set.begin(state);
            return set;
        } catch (IOException | RuntimeException | Error e) {
            // The files are not ours: they may belong to the store that is there already.
            registry.keepFiles();
            throw e;
        }
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
            lastSequence = durableCommit.sequence();
            for (long rank : runs.ranks()) {
                List<FileMeta> kept = new ArrayList<>();
                for (FileMeta file : runs.touch(rank)) {
                    if (file.newestSequence() <= durableCommit.sequence()) {
                        if (file.keyId() == null) {
                            registry.encryption().checkPlain(file.id().name());
                        }
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
     * @throws IOException when the directory or the manifest cannot be written; every later call fails with the same cause
     * @throws IllegalArgumentException when the edit removes a file that is not there or adds one that overlaps another;
     *     nothing has changed
     */
    public void apply(VersionEdit edit) throws IOException {
        if (edit.isEmpty()) {
            return;
        }
        synchronized (applying) {
            requireUsable();
            applyLocked(edit);
        }
    }

    private void requireUsable() throws IOException {
        if (closed) {
            throw new IOException("The version set of " + files.describe() + " is closed");
        }
        if (failure != null) {
            throw new IOException("The manifest of " + files.describe() + " could not be written before", failure);
        }
    }

    /**
     * Begins a new manifest, with the same state, unless the one in force needs just that key.
     *
     * @throws IOException as in {@link #apply}
     */
    public void renewManifest(String keyId) throws IOException {
        synchronized (applying) {
            requireUsable();
            if (keyId.equals(manifestKeyId)) {
                return;
            }
            try {
                startManifest(new VersionEdit(), current, nextRankAfter(new VersionEdit()));
            } catch (IOException | RuntimeException | Error e) {
                failure = e;
                registry.keepFiles();
                throw e;
            }
        }
    }

    private void applyLocked(VersionEdit edit) throws IOException {
        RunMap runs = new RunMap(current.runs());
        runs.play(edit);
        Version next = new Version(runs.toRuns());
        long ranks = nextRankAfter(edit);
        try {
            if (bringsFiles(edit)) {
                files.syncDirectory();
            }
            if (manifest == null || manifest.bytes() > Math.max(rollOverBytes, 4 * manifest.headerBytes())) {
                startManifest(edit, next, ranks);
            } else {
                manifest.append(edit);
            }
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
            registry.keepFiles();
            next.release();
            throw e;
        }
        Version before = current;
        synchronized (this) {
            nextRank = Math.max(nextRank, ranks);
            take(edit);
            current = next;
        }
        before.release();
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

    /** The newest commit that a reopen would find; sequence 0 and an empty payload before the first. */
    public VersionEdit.Commit durableCommit() {
        return durableCommit;
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
     * A sequence number that no file is above. Right after opening: that of the recovered state, which is the one of its
     * last durable commit.
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
        String merge = edit.mergeName() != null ? edit.mergeName() : mergeName;
        if (merge != null) {
            state.mergeName(merge);
        }
        Manifest old = manifest;
        Manifest fresh = Manifest.create(files, nextManifest, state, registry.encryption());
        nextManifest++;
        manifest = fresh;
        manifestKeyId = fresh.keyId();
        if (old != null) {
            old.close();
            staleManifests.add(old.name());
        }
        deleteStaleManifests();
    }

    private void deleteStaleManifests() {
        for (String name : staleManifests) {
            try {
                files.delete(name);
            } catch (IOException e) {
                LOG.warn("Deleting old manifest {} in {} failed; the next open tries again", name, files.describe(), e);
            }
        }
        staleManifests.clear();
    }

    private void take(VersionEdit edit) {
        if (edit.commit() != null) {
            durableCommit = edit.commit();
        }
        if (edit.mergeName() != null) {
            mergeName = edit.mergeName();
        }
        lastSequence = Math.max(lastSequence, edit.lastSequence());
        for (VersionEdit.Added added : edit.added()) {
            lastSequence = Math.max(lastSequence, added.file().newestSequence());
        }
        nextRank = Math.max(nextRank, edit.nextRank());
    }
}
