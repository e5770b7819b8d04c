package io.forebay.store.version;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.FileStore;
import io.forebay.store.crypto.Encryption;
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
 * The physical files of one store that somebody refers to. A file that nobody refers to any more is closed at once and
 * deleted in the background. Thread-safe; files are opened, closed and deleted outside the lock.
 */
public final class FileRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(FileRegistry.class);

    private final FileStore files;
    private final TableCache tables;
    private final BackgroundExecutor executor;
    private final Encryption encryption;
    private final Map<FileId, PhysicalFile> live = new HashMap<>();
    /** Names whose deletion was handed to the executor and has not begun. */
    private final Set<String> obsolete = new HashSet<>();

    /** Names that are kept whether somebody refers to them or not. */
    private final Set<String> held = new HashSet<>();
    /** Those of them that nobody refers to. */
    private final Set<String> heldObsolete = new HashSet<>();
    /** Names whose deletion failed. */
    private final Set<String> undeleted = new LinkedHashSet<>();

    private int deletionsUnderWay;
    private boolean keepFiles;
    private boolean closed;
    /** Of files that are closed. */
    private long cacheHits;

    private long cacheMisses;

    /** Of a store without encryption. */
    public FileRegistry(FileStore files, TableCache tables, BackgroundExecutor executor) {
        this(files, tables, executor, Encryption.NONE);
    }

    /** @param encryption of the files that are there, and of those that will be made for this store */
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

    /** A plain file with one more reference, which the caller releases. */
    public PhysicalFile acquire(FileId id, long bytes) {
        return acquire(id, bytes, null);
    }

    /**
     * The file with one more reference, which the caller releases.
     *
     * @param keyId of the master key that the file needs, null for a plain one
     */
    public synchronized PhysicalFile acquire(FileId id, long bytes, String keyId) {
        PhysicalFile file = live.computeIfAbsent(id, key -> new PhysicalFile(this, key, bytes, keyId));
        file.addReferences(1);
        return file;
    }

    /** True while somebody refers to the file. */
    public synchronized boolean isLive(FileId id) {
        return live.containsKey(id);
    }

    /** The files that somebody refers to, in no order. */
    public synchronized List<PhysicalFile> liveFiles() {
        return new ArrayList<>(live.values());
    }

    /** Blocks found in the cache by reads of all files so far, those that are gone included. */
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

    /** Blocks read from files so far, those that are gone included. */
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
     * Marks SSTs that lie in the directory and that nobody refers to, left over by a crash, to be deleted by {@link
     * #releaseHeld}.
     *
     * @return false when there are none
     */
    boolean holdOrphans() throws IOException {
        boolean any = false;
        for (String name : files.list()) {
            FileId id = FileId.parse(name);
            if (id != null && !isLive(id)) {
                synchronized (this) {
                    held.add(name);
                    heldObsolete.add(name);
                }
                any = true;
            }
        }
        return any;
    }

    /** The manifest on disk may name this file: it is not deleted before {@link #releaseHeld}. */
    synchronized void hold(FileId id) {
        held.add(id.name());
    }

    /** The manifest on disk names what is live, and nothing else: the other files may go. */
    void releaseHeld() {
        List<String> free;
        synchronized (this) {
            held.clear();
            free = new ArrayList<>(heldObsolete);
            heldObsolete.clear();
        }
        free.forEach(this::scheduleDelete);
    }

    /** Deletes the file of a job that came to nothing; it was never part of a version. In the background. */
    public void discard(FileId id) {
        scheduleDelete(id.name());
    }

    /** Tries failed deletions again. In the background. */
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

    /** From now on files are closed but not deleted when nobody refers to them: the manifest on disk may name them. */
    public synchronized void keepFiles() {
        keepFiles = true;
    }

    /** From now on no file is deleted; not even those whose deletion was due. */
    public synchronized void keepAll() {
        keepFiles = true;
        obsolete.clear();
        undeleted.clear();
    }

    /**
     * Ends the deletions that are still to be done; after that nothing is deleted any more, because the directory may have
     * a new owner. All files are closed, also those that somebody still refers to, like a read in another thread, which may fail
     * by that. Idempotent.
     */
    public void close() {
        List<PhysicalFile> left;
        List<String> deletions;
        boolean interrupted = false;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            left = liveFiles();
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
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        deletions.forEach(this::delete);
        left.forEach(this::close);
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
        }
        close(file);
        scheduleDelete(file.id().name());
    }

    private void close(PhysicalFile file) {
        try {
            file.closeReader();
        } catch (IOException e) {
            LOG.warn("Closing file {} in {} failed", file.id(), files.describe(), e);
        }
    }

    private void scheduleDelete(String name) {
        synchronized (this) {
            if (closed || keepFiles) {
                return;
            }
            if (held.contains(name)) {
                heldObsolete.add(name);
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
