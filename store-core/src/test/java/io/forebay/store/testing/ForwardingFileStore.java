package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Hands everything to another {@link FileStore}; a subclass replaces what it is about. As thread-safe as the other one. */
public abstract class ForwardingFileStore implements FileStore {
    private final FileStore delegate;

    protected ForwardingFileStore(FileStore delegate) {
        this.delegate = delegate;
    }

    @Override
    public WritableFile create(String name) throws IOException {
        return delegate.create(name);
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        return delegate.open(name);
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        return delegate.putIfAbsent(name, content);
    }

    @Override
    public List<String> list() throws IOException {
        return delegate.list();
    }

    @Override
    public boolean exists(String name) throws IOException {
        return delegate.exists(name);
    }

    @Override
    public void delete(String name) throws IOException {
        delegate.delete(name);
    }

    @Override
    public void sync(String name) throws IOException {
        delegate.sync(name);
    }

    @Override
    public void syncDirectory() throws IOException {
        delegate.syncDirectory();
    }

    /** Of two stores of one class, those behind them link. */
    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        delegate.linkFrom(from.getClass() == getClass() ? ((ForwardingFileStore) from).delegate : from, name);
    }

    @Override
    public AutoCloseable lock() throws IOException {
        return delegate.lock();
    }

    @Override
    public String describe() {
        return delegate.describe();
    }

    @Override
    public String toString() {
        return describe();
    }

    /** Hands everything to another {@link WritableFile}. */
    public abstract static class Writer implements WritableFile {
        private final WritableFile file;

        protected Writer(WritableFile file) {
            this.file = file;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            file.append(bytes);
        }

        @Override
        public long position() {
            return file.position();
        }

        @Override
        public void sync() throws IOException {
            file.sync();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /** Hands everything to another {@link ReadableFile}. */
    public abstract static class Reader implements ReadableFile {
        private final ReadableFile file;

        protected Reader(ReadableFile file) {
            this.file = file;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            file.read(position, into);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
