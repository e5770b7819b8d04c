package io.forebay.store.version;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.FileStore;
import io.forebay.store.WritableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.EarlySyncFile;
import io.forebay.store.sst.CacheAdmission;
import io.forebay.store.sst.CacheFill;
import io.forebay.store.sst.HeldMemory;
import io.forebay.store.util.Failures;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the references to the SSTs of one store. A file whose last reference is released is closed at once and deleted
 * in the background; so is a value file with the last SST that has values in it.
 *
 * <pre>{@code
 *   live               has references: of versions, checkpoints, jobs, iterators
 *   obsolete           has none; the executor is to delete it
 *   deferredObsolete   has none, but the manifest on disk may name it; waits for deleteDeferred
 *   undeleted          its deletion failed; retryDeletes tries again
 * }</pre>
 *
 * <p>Thread-safe. The sets are guarded by the monitor of this object; files are opened, closed and deleted outside of
 * it.
 */
public final class FileRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(FileRegistry.class);

    private final FileStore files;
    private final TableCache tables;
    private final BackgroundExecutor executor;
    private final Encryption encryption;
    private final Map<FileId, PhysicalFile> live = new HashMap<>();
    /** The value files that those refer to. */
    private final Map<FileId, PhysicalValueFile> liveValueFiles = new HashMap<>();
    /** Names whose deletion was given to the executor and has not started. */
    private final Set<String> obsolete = new HashSet<>();

    /** Names that are not deleted at present, with references or without. */
    private final Set<String> deferred = new HashSet<>();
    /** The names in {@code deferred} that have no references. */
    private final Set<String> deferredObsolete = new HashSet<>();
    /** Names whose deletion failed. */
    private final Set<String> undeleted = new LinkedHashSet<>();

    /** Files without references whose mapping the executor is to end. */
    private final Set<PhysicalFile> mapped = new LinkedHashSet<>();

    // Guarded by this
    private int deletionsUnderWay;
    private boolean keepFiles;
    private boolean closed;
    /** Cache hits of files that are closed. */
    private long cacheHits;

    // Guarded by this
    private long cacheMisses;

    /** For a store without encryption. */
    public FileRegistry(FileStore files, TableCache tables, BackgroundExecutor executor) {
        this(files, tables, executor, Encryption.NONE);
    }

    /** @param encryption of the files that exist, and of those that will be made for this store */
    public FileRegistry(FileStore files, TableCache tables, BackgroundExecutor executor, Encryption encryption) {
        this.files = files;
        this.tables = tables;
        this.executor = executor;
        this.encryption = encryption;
    }

    /** How files of this store are encrypted. */
    public Encryption encryption() {
        return encryption;
    }

    /**
     * Creates an SST or a value file, which is made durable piece by piece while it is written. The caller closes it.
     *
     * @throws IOException when it cannot be created; the name may be taken all the same
     */
    public WritableFile create(String name) throws IOException {
        WritableFile file = files.create(name);
        try {
            return new EarlySyncFile(file, sync -> executor.execute(BackgroundExecutor.Kind.SYNC, sync));
        } catch (OutOfMemoryError e) {
            Failures.close(e, file);
            throw e;
        }
    }

    /** Puts blocks of a new file into the cache while it is written. @param memory see {@link CacheFill} */
    public CacheFill cacheFill(CacheAdmission admission, HeldMemory memory) {
        return new CacheFill(tables.blocks(), admission, memory);
    }

    /** A file that is not encrypted, with one more reference, which the caller releases. */
    public PhysicalFile acquire(FileId id, long bytes) {
        return acquire(id, bytes, null);
    }

    /**
     * The file with one more reference, which the caller releases.
     *
     * @param keyId id of the master key that the file needs; null when it is not encrypted
     */
    public PhysicalFile acquire(FileId id, long bytes, String keyId) {
        return acquire(id, new SstInfo(bytes, 0, 0, 0, 0, 0, 0, keyId));
    }

    /**
     * The file with one more reference, which the caller releases.
     *
     * @param info length, key, tail and value files of the file are used of it
     */
    public synchronized PhysicalFile acquire(FileId id, SstInfo info) {
        PhysicalFile file = live.get(id);
        if (file == null) {
            file = new PhysicalFile(this, id, info, valueFiles(info.valueFiles()));
            live.put(id, file);
            file.addReferences(1);
            // Nothing fails here: the references are there exactly as long as those of the SST.
            for (PhysicalValueFile values : file.valueFiles()) {
                values.references++;
            }
        } else {
            file.addReferences(1);
        }
        return file;
    }

    /** Without references of the caller. */
    private PhysicalValueFile[] valueFiles(List<ValueShare> shares) {
        PhysicalValueFile[] found = new PhysicalValueFile[shares.size()];
        for (int i = 0; i < found.length; i++) {
            ValueShare share = shares.get(i);
            found[i] = liveValueFiles.computeIfAbsent(FileId.of(share), id -> new PhysicalValueFile(this, share));
        }
        return found;
    }

    /** True while the file has references. */
    public synchronized boolean isLive(FileId id) {
        return live.containsKey(id);
    }

    /** The files that have references, in no order. */
    public synchronized List<PhysicalFile> liveFiles() {
        return new ArrayList<>(live.values());
    }

    /** The value files of those, in no order. */
    public synchronized List<PhysicalValueFile> liveValueFiles() {
        return new ArrayList<>(liveValueFiles.values());
    }

    /** True for the name of an SST or value file without references. */
    boolean isOrphan(String name) {
        FileId sst = FileId.parse(name);
        FileId values = FileId.parseValueFile(name);
        synchronized (this) {
            return sst != null && !live.containsKey(sst) || values != null && !liveValueFiles.containsKey(values);
        }
    }

    /** Blocks that reads of all files have found in the cache so far, deleted files included. */
    public long cacheHits() {
        long sum;
        List<PhysicalFile> open;
        synchronized (this) {
            sum = cacheHits;
            open = liveFiles();
        }
        for (PhysicalFile file : open) {
            sum += file.cacheHits();
        }
        return sum;
    }

    /** Blocks that were read from files so far, deleted files included. */
    public long cacheMisses() {
        long sum;
        List<PhysicalFile> open;
        synchronized (this) {
            sum = cacheMisses;
            open = liveFiles();
        }
        for (PhysicalFile file : open) {
            sum += file.cacheMisses();
        }
        return sum;
    }

    /**
     * Marks orphans, that is SSTs and value files in the directory without a reference, which a crash has left, for deletion by
     * {@link #deleteDeferred}.
     *
     * @return their names
     */
    List<String> deferOrphans() throws IOException {
        List<String> orphans = new ArrayList<>();
        for (String name : files.list()) {
            if (isOrphan(name)) {
                synchronized (this) {
                    deferred.add(name);
                    deferredObsolete.add(name);
                }
                orphans.add(name);
            }
        }
        return orphans;
    }

    /** The manifest on disk may name this file: it and its value files are not deleted before {@link #deleteDeferred}. */
    synchronized void deferDeletion(FileMeta file) {
        deferred.addAll(file.names());
    }

    /** The manifest on disk names the file, or no longer, as the references say. */
    synchronized void allowDeletion(FileMeta file) {
        file.names().forEach(deferred::remove);
    }

    /**
     * The manifest on disk names the files with references and no others: files whose deletion was deferred are
     * deleted, in the background.
     */
    void deleteDeferred() {
        List<String> free;
        synchronized (this) {
            free = new ArrayList<>(deferredObsolete);
            deferred.clear();
            deferredObsolete.clear();
        }
        free.forEach(this::scheduleDelete);
    }

    /** Deletes the file of a job without a result, which was never part of a version. In the background. */
    public void discard(FileId id) {
        scheduleDelete(id.name());
    }

    /** As {@link #discard}, of a value file to which no finished SST refers. */
    public void discardValueFile(FileId id) {
        scheduleDelete(id.valueFileName());
    }

    /** Tries failed deletions again, in the background. */
    void retryDeletes() {
        List<String> again;
        synchronized (this) {
            if (undeleted.isEmpty()) {
                return;
            }
            again = new ArrayList<>(undeleted);
            undeleted.clear();
        }
        again.forEach(this::scheduleDelete);
    }

    /** From now on a file without references is closed but not deleted: the manifest on disk may name it. */
    public synchronized void keepFiles() {
        keepFiles = true;
    }

    /** From now on no file is deleted, not even one whose deletion was due. */
    public synchronized void stopDeleting() {
        keepFiles = true;
        obsolete.clear();
        undeleted.clear();
    }

    /**
     * Does the deletions that are due. After that nothing is deleted any more, because the directory may have a new
     * owner. All files are closed, also files with references, for example of a read in another thread, which may fail
     * then; what is mapped of them stays so until their last release. Idempotent.
     */
    public void close() {
        List<PhysicalFile> left;
        List<PhysicalValueFile> leftValueFiles;
        List<String> deletions;
        List<PhysicalFile> unused;
        boolean interrupted = false;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            left = liveFiles();
            leftValueFiles = liveValueFiles();
            while (deletionsUnderWay > 0) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            obsolete.addAll(undeleted);
            deletions = new ArrayList<>(obsolete);
            obsolete.clear();
            undeleted.clear();
            unused = new ArrayList<>(mapped);
            mapped.clear();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        unused.forEach(PhysicalFile::unmap);
        deletions.forEach(this::delete);
        left.forEach(this::close);
        leftValueFiles.forEach(this::close);
    }

    FileStore files() {
        return files;
    }

    TableCache tables() {
        return tables;
    }

    synchronized void retain(PhysicalFile file) {
        file.addReferences(1);
    }

    void release(PhysicalFile file) {
        synchronized (this) {
            file.addReferences(-1);
            if (file.references() > 0) {
                return;
            }
            live.remove(file.id());
            cacheHits += file.cacheHits();
            cacheMisses += file.cacheMisses();
            for (PhysicalValueFile values : file.valueFiles()) {
                if (--values.references == 0) {
                    values.lastUser = file;
                    liveValueFiles.remove(values.id());
                }
            }
        }
        try {
            close(file);
        } finally {
            try {
                scheduleUnmap(file);
                scheduleDelete(file.id().name());
            } finally {
                releaseValues(file);
            }
        }
    }

    /** Nobody else has these value files, so all are closed and deleted, whatever the close of one throws. */
    private void releaseValues(PhysicalFile file) {
        Error first = null;
        for (PhysicalValueFile values : file.valueFiles()) {
            if (values.lastUser == file) {
                try {
                    close(values);
                } catch (Error e) {
                    first = first == null ? e : first;
                }
                scheduleDelete(values.id().valueFileName());
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private void close(PhysicalValueFile file) {
        try {
            file.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Closing file {} in {} failed", file, files.describe(), e);
        }
    }

    /** Unmaps a file without references in the background: the last one may have been that of a reader or of the writer. */
    private void scheduleUnmap(PhysicalFile file) {
        if (!file.isMapped()) {
            return;
        }
        boolean now;
        synchronized (this) {
            now = closed || !mapped.add(file);
        }
        if (!now) {
            try {
                executor.execute(BackgroundExecutor.Kind.CLEANUP, () -> unmap(file));
                return;
            } catch (RuntimeException | Error e) {
                LOG.debug("Unmapping file {} in {} was refused by the executor", file.id(), files.describe(), e);
            }
            synchronized (this) {
                now = mapped.remove(file);
            }
        }
        if (now) {
            file.unmap();
        }
    }

    private void unmap(PhysicalFile file) {
        synchronized (this) {
            if (!mapped.remove(file)) {
                return;
            }
        }
        file.unmap();
    }

    private void close(PhysicalFile file) {
        try {
            file.closeReader();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Closing file {} in {} failed", file.id(), files.describe(), e);
        }
    }

    private void scheduleDelete(String name) {
        synchronized (this) {
            if (closed || keepFiles) {
                return;
            }
            if (deferred.contains(name)) {
                deferredObsolete.add(name);
                return;
            }
            obsolete.add(name);
        }
        try {
            executor.execute(BackgroundExecutor.Kind.CLEANUP, () -> deleteObsolete(name));
        } catch (RuntimeException | Error e) {
            LOG.warn("Deleting obsolete file {} in {} was refused by the executor", name, files.describe(), e);
            synchronized (this) {
                if (obsolete.remove(name)) {
                    undeleted.add(name);
                }
            }
        }
    }

    private void deleteObsolete(String name) {
        synchronized (this) {
            if (!obsolete.remove(name)) {
                return;
            }
            deletionsUnderWay++;
        }
        try {
            delete(name);
        } finally {
            synchronized (this) {
                deletionsUnderWay--;
                notifyAll();
            }
        }
    }

    private void delete(String name) {
        try {
            files.delete(name);
        } catch (IOException | RuntimeException e) {
            LOG.warn("Deleting obsolete file {} in {} failed; it is tried again", name, files.describe(), e);
            synchronized (this) {
                undeleted.add(name);
            }
        }
    }
}
