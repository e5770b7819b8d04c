package io.forebay.store.version;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.FileStore;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The physical files of one store that somebody refers to. Deletes a file when nobody does any more. Thread-safe. */
public final class FileRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(FileRegistry.class);

    private final FileStore files;
    private final BlockCache cache;
    private final SlabPool pool;
    private final BackgroundExecutor executor;
    private final Map<FileId, PhysicalFile> live = new HashMap<>();
    private int deletionsUnderWay;
    private boolean closed;

    public FileRegistry(FileStore files, BlockCache cache, SlabPool pool, BackgroundExecutor executor) {
        this.files = files;
        this.cache = cache;
        this.pool = pool;
        this.executor = executor;
    }

    /** The file with one more reference, which the caller releases. */
    public synchronized PhysicalFile acquire(FileId id, long bytes) {
        PhysicalFile file = live.computeIfAbsent(id, key -> new PhysicalFile(this, key, bytes));
        file.addReferences(1);
        return file;
    }

    /** True while somebody refers to the file. */
    public synchronized boolean isLive(FileId id) {
        return live.containsKey(id);
    }

    /** Readers of the files that were read since the store was opened, for statistics. */
    public synchronized List<PhysicalFile> liveFiles() {
        return new ArrayList<>(live.values());
    }

    /** Deletes SSTs that lie in the directory and that nobody refers to: left over by a crash. In the background. */
    public void deleteOrphans() throws IOException {
        for (String name : files.list()) {
            FileId id = FileId.parse(name);
            if (id != null && !isLive(id)) {
                scheduleDelete(name);
            }
        }
    }

    /**
     * Closes the readers of all files. References may still be released afterwards, but nothing is deleted any more.
     * Waits for deletions under way.
     */
    public void close() throws IOException {
        List<PhysicalFile> left;
        synchronized (this) {
            closed = true;
            left = new ArrayList<>(live.values());
        }
        while (deletionsUnderWay() > 0 && executor.help()) {
            // A stepped executor runs the deletions here.
        }
        boolean interrupted = false;
        synchronized (this) {
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
        for (PhysicalFile file : left) {
            file.closeReader();
        }
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
            if (closed) {
                return;
            }
        }
        try {
            file.closeReader();
        } catch (IOException e) {
            LOG.warn("Closing obsolete file {} in {} failed", file.id(), files.describe(), e);
        }
        scheduleDelete(file.id().name());
    }

    private synchronized int deletionsUnderWay() {
        return deletionsUnderWay;
    }

    private void scheduleDelete(String name) {
        synchronized (this) {
            if (closed) {
                return;
            }
            deletionsUnderWay++;
        }
        executor.execute(BackgroundExecutor.Kind.CLEANUP, () -> {
            try {
                files.delete(name);
            } catch (IOException | RuntimeException e) {
                LOG.warn(
                        "Deleting obsolete file {} in {} failed; the next open tries again", name, files.describe(), e);
            } finally {
                synchronized (this) {
                    deletionsUnderWay--;
                    notifyAll();
                }
            }
        });
    }
}
