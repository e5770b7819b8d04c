package io.forebay.store.version;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.FileStore;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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
    private final BlockCache cache;
    private final SlabPool pool;
    private final BackgroundExecutor executor;
    private final Encryption encryption;
    private final Map<FileId, PhysicalFile> live = new HashMap<>();
    /** Names whose deletion was handed to the executor and has not begun. */
    private final Set<String> obsolete = new HashSet<>();

    private int deletionsUnderWay;
    private boolean keepFiles;
    private boolean closed;
    /** Of files that are closed. */
    private long cacheHits;

    private long cacheMisses;

    /** Of a store without encryption. */
    public FileRegistry(FileStore files, BlockCache cache, SlabPool pool, BackgroundExecutor executor) {
        this(files, cache, pool, executor, Encryption.NONE);
    }

    /** @param encryption of the files that are there, and of those that will be made for this store */
    public FileRegistry(
            FileStore files, BlockCache cache, SlabPool pool, BackgroundExecutor executor, Encryption encryption) {
        this.files = files;
        this.cache = cache;
        this.pool = pool;
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

    /** Deletes SSTs that lie in the directory and that nobody refers to: left over by a crash. In the background. */
    void deleteOrphans() throws IOException {
        for (String name : files.list()) {
            FileId id = FileId.parse(name);
            if (id != null && !isLive(id)) {
                scheduleDelete(name);
            }
        }
    }

    /** From now on files are closed but not deleted when nobody refers to them: the manifest on disk may name them. */
    synchronized void keepFiles() {
        keepFiles = true;
    }

    /**
     * Ends the deletions that are still to be done; after that nothing is deleted any more, because the directory may have
     * a new owner. Files that somebody still refers to, like an iterator in another thread, stay open until he lets go of
     * them; others are not opened any more. Idempotent.
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
            deletions = new ArrayList<>(obsolete);
            obsolete.clear();
            while (deletionsUnderWay > 0) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        deletions.forEach(this::delete);
        left.forEach(PhysicalFile::refuseOpening);
    }

    FileStore files() {
        return files;
    }

    BlockCache cache() {
        return cache;
    }

    SlabPool pool() {
        return pool;
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
        try {
            file.closeReader();
        } catch (IOException e) {
            LOG.warn("Closing obsolete file {} in {} failed", file.id(), files.describe(), e);
        }
        scheduleDelete(file.id().name());
    }

    private void scheduleDelete(String name) {
        synchronized (this) {
            if (closed || keepFiles) {
                return;
            }
            obsolete.add(name);
        }
        executor.execute(BackgroundExecutor.Kind.CLEANUP, () -> deleteObsolete(name));
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
            LOG.warn("Deleting obsolete file {} in {} failed; the next open tries again", name, files.describe(), e);
        }
    }
}
