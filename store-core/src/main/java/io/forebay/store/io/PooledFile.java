package io.forebay.store.io;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;

/**
 * A finished file of a store, which is open while it is read, and after that until {@link OpenFiles} closes it. Thread-safe; a
 * thread that reads while another one opens the file waits for it. A missing file is a {@link CorruptionException}. Locks are
 * taken in this order: a file that is not in the ring of the owner, the owner, files in the ring.
 */
public final class PooledFile implements ReadableFile {
    private final OpenFiles owner;
    private final FileStore files;
    private final String name;

    /** The index of this file in the ring of the owner, -1 when it is not there. */
    // Guarded by OpenFiles
    int place = -1;

    // Guarded by this
    private ReadableFile open;
    private int readers;
    private boolean recentlyRead;
    private boolean closed;
    /** Null until it is asked for, and when the file is not mapped. */
    private FileMapping mapping;
    /** Set when the file was open once, and cannot be mapped. */
    private boolean unmappable;

    PooledFile(OpenFiles owner, FileStore files, String name) {
        this.owner = owner;
        this.files = files;
        this.name = name;
    }

    @Override
    public long size() throws IOException {
        ReadableFile file = claim();
        try {
            return file.size();
        } finally {
            letGo();
        }
    }

    @Override
    public void read(long position, ByteBuffer into) throws IOException {
        ReadableFile file = claim();
        try {
            file.read(position, into);
        } finally {
            letGo();
        }
    }

    /** Whether {@link #mapping} would map the file as far as is known without opening it. */
    public synchronized boolean mayBeMapped() {
        return mapping != null || !unmappable && owner.mapped().mayMap(files);
    }

    /**
     * The file where it is mapped, until {@link #unmap}. Does not open the file unless it {@link #mayBeMapped}.
     *
     * @return null when it can be read with {@link #read} only
     */
    public FileMapping mapping() throws IOException {
        synchronized (this) {
            checkNotClosed();
            if (mapping != null || !mayBeMapped()) {
                return mapping;
            }
        }
        ReadableFile file = claim();
        try {
            synchronized (this) {
                if (mapping == null && isMappable(file)) {
                    mapping = owner.mapped().tryMap((MappableFile) file);
                }
                return mapping;
            }
        } finally {
            letGo();
        }
    }

    private static boolean isMappable(ReadableFile file) {
        return file instanceof MappableFile mappable && mappable.isMappable();
    }

    /** Tells how long pages of the mapping are taken to be in memory. */
    public PageClock pages() {
        return owner.mapped().pages();
    }

    /** True when there is something to {@link #unmap}. */
    public synchronized boolean isMapped() {
        return mapping != null;
    }

    /** Ends the mapping, if there is one. Nobody may read in it any more, nor ask for it again. */
    public void unmap() {
        FileMapping last;
        synchronized (this) {
            last = mapping;
            mapping = null;
        }
        if (last != null) {
            owner.mapped().unmap(last);
        }
    }

    private void checkNotClosed() throws IOException {
        if (closed) {
            throw new IOException("File " + name + " in " + files.describe() + " was closed with its store");
        }
    }

    private synchronized ReadableFile claim() throws IOException {
        checkNotClosed();
        if (open == null) {
            open();
        } else {
            recentlyRead = true;
        }
        readers++;
        return open;
    }

    private void open() throws IOException {
        owner.makeRoom();
        try {
            open = files.open(name);
            unmappable = !isMappable(open);
            if (!unmappable) {
                owner.mapped().canMap(files);
            }
        } catch (NoSuchFileException e) {
            throw missing(e);
        } finally {
            if (open == null) {
                owner.notOpened();
            } else {
                owner.opened(this);
            }
        }
    }

    /**
     * A file that the manifest names and that does not exist is damage, as a file with other bytes is; a retry would not help.
     */
    private CorruptionException missing(NoSuchFileException e) {
        CorruptionException missing =
                new CorruptionException(name, -1, "a file that the manifest names", "no such file");
        missing.initCause(e);
        return missing;
    }

    private void letGo() throws IOException {
        ReadableFile last = null;
        synchronized (this) {
            readers--;
            if (closed && readers == 0) {
                last = open;
                open = null;
            }
        }
        closeForGood(last);
    }

    private void closeForGood(ReadableFile last) throws IOException {
        if (last != null) {
            owner.closed(this);
            last.close();
        }
    }

    /**
     * Called by the owner: gives it the open file to close, if no thread reads the file, or has read it since the last call;
     * else null.
     */
    synchronized ReadableFile takeIdle() {
        if (readers > 0 || recentlyRead) {
            recentlyRead = false;
            return null;
        }
        ReadableFile idle = open;
        open = null;
        return idle;
    }

    /** Closes the file for good: later reads fail, and the last running read closes it. */
    @Override
    public void close() throws IOException {
        ReadableFile last = null;
        synchronized (this) {
            closed = true;
            if (readers == 0) {
                last = open;
                open = null;
            }
        }
        closeForGood(last);
    }

    @Override
    public String toString() {
        return name;
    }
}
