package io.forebay.store.version;

import io.forebay.store.FileStore;
import io.forebay.store.StoreException;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The present version of a store and the manifest behind it. {@link #apply} makes an edit durable and then installs the
 * version it leads to; a failure leaves the old version in place and closes the door for further edits, because nobody
 * knows what of the failed one is on disk. Thread-safe.
 */
public final class VersionSet implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(VersionSet.class);
    private static final long ROLL_OVER_BYTES = 4 << 20;

    private final FileStore files;
    private final FileRegistry registry;
    private List<String> staleManifests;
    private Manifest manifest;
    private long nextManifest;
    private IOException failure;
    private boolean closed;

    private volatile Version current;
    private volatile VersionEdit.Commit durableCommit = new VersionEdit.Commit(0, new byte[0]);
    private volatile String mergeName;
    private long lastSequence;
    private long nextRank = 1;

    private VersionSet(FileStore files, FileRegistry registry) {
        this.files = files;
        this.registry = registry;
    }

    /**
     * Reads the state of the last durable commit: files that hold anything newer are left out. Writes nothing; the
     * directory is first written to by the first {@link #apply}. Orphaned SSTs are deleted in the background.
     */
    public static VersionSet open(FileStore files, FileRegistry registry) throws IOException {
        VersionSet set = new VersionSet(files, registry);
        Manifest.Recovered recovered = Manifest.recover(files);
        set.nextManifest = recovered.nextNumber();
        set.staleManifests = new ArrayList<>(recovered.stale());
        if (recovered.number() >= 0) {
            set.staleManifests.add(Manifest.name(recovered.number()));
        }
        Map<Long, List<FileMeta>> runs = new TreeMap<>();
        for (VersionEdit edit : recovered.edits()) {
            replay(edit, runs, recovered.number());
            set.take(edit);
        }
        long durable = set.durableCommit.sequence();
        List<SortedRun> kept = new ArrayList<>();
        List<PhysicalFile> acquired = new ArrayList<>();
        long newest = durable;
        for (Map.Entry<Long, List<FileMeta>> run : runs.entrySet()) {
            List<FileMeta> committed = new ArrayList<>();
            for (FileMeta file : run.getValue()) {
                if (file.newestSequence() <= durable) {
                    PhysicalFile physical = registry.acquire(file.id(), file.fileBytes());
                    acquired.add(physical);
                    committed.add(file.withFile(physical));
                    newest = Math.max(newest, file.newestSequence());
                }
            }
            kept.add(new SortedRun(run.getKey(), committed));
            set.nextRank = Math.max(set.nextRank, run.getKey() + 1);
        }
        set.lastSequence = newest;
        set.current = new Version(kept);
        acquired.forEach(PhysicalFile::release);
        registry.deleteOrphans();
        return set;
    }

    /** The present version with one more reference, which the caller releases. */
    public Version current() {
        while (true) {
            synchronized (this) {
                if (current == null) {
                    throw new IllegalStateException("The version set is closed");
                }
                current.retain();
                return current;
            }
        }
    }

    /**
     * Makes {@code edit} durable, then installs the version it leads to. Files that it adds get a reference of their own.
     *
     * @throws IOException when the manifest cannot be written; every later call fails with the same cause
     * @throws IllegalArgumentException when the edit removes a file that is not there or adds one that overlaps another
     */
    public synchronized void apply(VersionEdit edit) throws IOException {
        if (closed) {
            throw new IOException("The version set of " + files.describe() + " is closed");
        }
        if (failure != null) {
            throw new IOException("The manifest of " + files.describe() + " could not be written before", failure);
        }
        Version next = new Version(edited(edit));
        long ranks = nextRank;
        for (VersionEdit.Added added : edit.added()) {
            ranks = Math.max(ranks, added.rank() + 1);
        }
        try {
            if (manifest == null || manifest.bytes() > ROLL_OVER_BYTES) {
                startManifest(edit, next, ranks);
            } else {
                manifest.append(edit);
            }
        } catch (IOException e) {
            failure = e;
            next.release();
            throw e;
        }
        nextRank = ranks;
        take(edit);
        Version before = current;
        current = next;
        before.release();
    }

    /** The newest commit that a reopen would find; sequence 0 and an empty payload before the first. */
    public VersionEdit.Commit durableCommit() {
        return durableCommit;
    }

    /** Name of the merge function that the store was written with, or null. */
    public String mergeName() {
        return mergeName;
    }

    /** A rank above all in use, handed out once. */
    public synchronized long nextRank() {
        return nextRank++;
    }

    /** When the set was opened: the newest sequence number of the recovered state. */
    public synchronized long lastSequence() {
        return lastSequence;
    }

    public FileRegistry registry() {
        return registry;
    }

    /** Closes the manifest and lets go of the present version. The registry is closed by its owner. Idempotent. */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        Version last = current;
        current = null;
        try {
            if (manifest != null) {
                manifest.close();
            }
        } finally {
            last.release();
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
        state.lastSequence(Math.max(lastSequence, edit.lastSequence()));
        state.nextRank(ranks);
        String merge = edit.mergeName() != null ? edit.mergeName() : mergeName;
        if (merge != null) {
            state.mergeName(merge);
        }
        Manifest old = manifest;
        Manifest fresh = Manifest.create(files, nextManifest, state);
        nextManifest++;
        manifest = fresh;
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

    /** The runs after {@code edit}. */
    private List<SortedRun> edited(VersionEdit edit) {
        Map<Long, List<FileMeta>> runs = new HashMap<>();
        for (SortedRun run : current.runs()) {
            runs.put(run.rank(), new ArrayList<>(run.files()));
        }
        replay(edit, runs, -1);
        List<SortedRun> result = new ArrayList<>();
        for (Map.Entry<Long, List<FileMeta>> run : runs.entrySet()) {
            result.add(new SortedRun(run.getKey(), run.getValue()));
        }
        return result;
    }

    private void take(VersionEdit edit) {
        if (edit.commit() != null) {
            durableCommit = edit.commit();
        }
        if (edit.mergeName() != null) {
            mergeName = edit.mergeName();
        }
        lastSequence = Math.max(lastSequence, edit.lastSequence());
        nextRank = Math.max(nextRank, edit.nextRank());
    }

    private static void replay(VersionEdit edit, Map<Long, List<FileMeta>> runs, long manifestNumber) {
        for (VersionEdit.Removed removed : edit.removed()) {
            List<FileMeta> run = runs.get(removed.rank());
            if (run == null
                    || !run.removeIf(file -> file.id().equals(removed.id())
                            && Arrays.equals(file.range().from(), removed.from()))) {
                String message =
                        "An edit removes file " + removed.id() + " from run " + removed.rank() + ", where it is not";
                if (manifestNumber >= 0) {
                    throw new StoreException(message + ": manifest " + Manifest.name(manifestNumber)
                            + " contradicts itself. Restore this store from a checkpoint or its changelog.");
                }
                throw new IllegalArgumentException(message);
            }
        }
        for (VersionEdit.Added added : edit.added()) {
            runs.computeIfAbsent(added.rank(), rank -> new ArrayList<>()).add(added.file());
        }
    }
}
