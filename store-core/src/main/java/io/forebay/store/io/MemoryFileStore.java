package io.forebay.store.io;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.StoreLockedException;
import io.forebay.store.WritableFile;
import io.forebay.store.util.ScopedRead;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A directory in memory. Syncs do nothing, because its files do not outlive the process. A deleted file stays readable for
 * readers that have it open, as on a local file system. A file that is still being written can be opened and has the bytes
 * appended so far, so that a test can drop a store without a close and open it again. Thread-safe.
 */
public final class MemoryFileStore implements FileStore {
    private final ConcurrentHashMap<String, MemoryFile> files = new ConcurrentHashMap<>();
    private final AtomicReference<Object> owner = new AtomicReference<>();

    @Override
    public WritableFile create(String name) throws IOException {
        MemoryFile file = new MemoryFile();
        if (files.putIfAbsent(FileNames.check(name), file) != null) {
            throw new FileAlreadyExistsException(name);
        }
        return new Writer(name, file);
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        return new Reader(name, find(name));
    }

    private MemoryFile find(String name) throws NoSuchFileException {
        MemoryFile file = files.get(FileNames.check(name));
        if (file == null) {
            throw new NoSuchFileException(name);
        }
        return file;
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        MemoryFile file = new MemoryFile();
        file.append(ByteBuffer.wrap(content));
        return files.putIfAbsent(FileNames.check(name), file) == null;
    }

    @Override
    public List<String> list() {
        List<String> names = new ArrayList<>(files.keySet());
        Collections.sort(names);
        return names;
    }

    @Override
    public boolean exists(String name) {
        return files.containsKey(FileNames.check(name));
    }

    @Override
    public void delete(String name) {
        files.remove(FileNames.check(name));
    }

    @Override
    public void sync(String name) throws NoSuchFileException {
        find(name);
    }

    @Override
    public void syncDirectory() {}

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        MemoryFile file;
        if (from instanceof MemoryFileStore memory) {
            file = memory.find(name);
        } else {
            file = new MemoryFile();
            try (ScopedRead source = ScopedRead.open(from, name)) {
                ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(source.size()));
                source.read(0, content);
                file.append(content.flip());
            }
        }
        if (files.putIfAbsent(FileNames.check(name), file) != null) {
            throw new FileAlreadyExistsException(name);
        }
    }

    @Override
    public AutoCloseable lock() {
        Object me = new Object();
        if (!owner.compareAndSet(null, me)) {
            throw new StoreLockedException(describe() + " is in use by another store. Close it first.");
        }
        return () -> owner.compareAndSet(me, null);
    }

    @Override
    public String describe() {
        return "memory:" + Integer.toHexString(System.identityHashCode(this));
    }

    @Override
    public String toString() {
        return describe();
    }

    static final class Writer implements WritableFile {
        private final String name;
        private final MemoryFile file;
        private boolean closed;

        Writer(String name, MemoryFile file) {
            this.name = name;
            this.file = file;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            requireOpen();
            file.append(bytes);
        }

        @Override
        public long position() {
            return file.size();
        }

        @Override
        public void sync() throws IOException {
            requireOpen();
        }

        private void requireOpen() throws IOException {
            if (closed) {
                throw new IOException("File " + name + " was closed");
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                file.finish();
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static final class Reader implements ReadableFile {
        private final String name;
        private final MemoryFile file;
        // Volatile: written by any thread
        private volatile boolean closed;

        Reader(String name, MemoryFile file) {
            this.name = name;
            this.file = file;
        }

        @Override
        public long size() {
            return file.size();
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            if (closed) {
                throw new IOException("File " + name + " was closed");
            }
            int size = file.size();
            if (position > size - into.remaining()) {
                throw new EOFException("File " + name + " has " + size + " bytes; a read of " + into.remaining()
                        + " bytes at " + position + " goes past its end");
            }
            file.read((int) position, into);
        }

        @Override
        public void close() {
            closed = true;
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
