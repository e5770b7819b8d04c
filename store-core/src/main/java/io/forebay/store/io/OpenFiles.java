package io.forebay.store.io;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that an environment has open for reading, up to a limit: before another file is opened, a file that was not read
 * for long is closed, which CLOCK finds. A file is never closed during a read, so there may be more open files while more
 * threads than the limit read different files at the same time. Thread-safe.
 */
public final class OpenFiles {
    private static final Logger LOG = LoggerFactory.getLogger(OpenFiles.class);

    private final int limit;
    private final MappedFiles mapped;
    /** The open files. */
    private final List<PooledFile> ring = new ArrayList<>();

    // Guarded by this
    private int hand;
    private long opens;
    /** The number of files that are open or being opened. */
    private int open;

    /**
     * @param limit at least 1
     * @param mapped which of the files are mapped; a mapping needs no open file
     */
    public OpenFiles(int limit, MappedFiles mapped) {
        this.limit = limit;
        this.mapped = mapped;
    }

    MappedFiles mapped() {
        return mapped;
    }

    /** Makes a file that is opened when it is read. The caller closes it. */
    public PooledFile file(FileStore files, String name) {
        return new PooledFile(this, files, name);
    }

    /** How many files are open now. */
    public synchronized int count() {
        return open;
    }

    /** How often a file was opened so far. */
    public synchronized long opens() {
        return opens;
    }

    /**
     * Called before a file is opened: closes other files if there are too many. {@link #opened} or {@link #notOpened} must
     * follow.
     */
    void makeRoom() {
        List<ReadableFile> idle = new ArrayList<>();
        synchronized (this) {
            open++;
            opens++;
            while (open > limit) {
                ReadableFile victim = takeIdle();
                if (victim == null) {
                    break;
                }
                idle.add(victim);
            }
        }
        idle.forEach(OpenFiles::close);
    }

    synchronized void opened(PooledFile file) {
        ring.add(file);
        file.place = ring.size() - 1;
    }

    synchronized void notOpened() {
        open--;
    }

    /** Called when the file is closed for good, or about to be. */
    synchronized void closed(PooledFile file) {
        if (file.place >= 0) {
            remove(file);
        }
    }

    /** Takes a file that no thread reads out of the ring; null when all files are being read. */
    private ReadableFile takeIdle() {
        for (int left = 2 * ring.size(); left > 0; left--) {
            if (hand >= ring.size()) {
                hand = 0;
            }
            PooledFile candidate = ring.get(hand);
            ReadableFile idle = candidate.takeIdle();
            if (idle != null) {
                remove(candidate);
                return idle;
            }
            hand++;
        }
        return null;
    }

    private void remove(PooledFile file) {
        PooledFile last = ring.remove(ring.size() - 1);
        if (last != file) {
            ring.set(file.place, last);
            last.place = file.place;
        }
        file.place = -1;
        open--;
    }

    private static void close(ReadableFile file) {
        try {
            file.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Closing {}, which was open for reading, failed", file, e);
        }
    }
}
