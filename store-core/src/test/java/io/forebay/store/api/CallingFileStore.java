package io.forebay.store.api;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.ForwardingFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiConsumer;

/** A file store that does something before each of its calls, and each call of its files. */
final class CallingFileStore extends ForwardingFileStore {
    /** Gets the call and the name of the file, which is empty for a call that is about no file. */
    volatile BiConsumer<String, String> before = (call, name) -> {};

    CallingFileStore(FileStore files) {
        super(files);
    }

    @Override
    public WritableFile create(String name) throws IOException {
        before.accept("create", name);
        return new Written(super.create(name), name);
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        before.accept("open", name);
        return new Opened(super.open(name), name);
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        before.accept("putIfAbsent", name);
        return super.putIfAbsent(name, content);
    }

    @Override
    public List<String> list() throws IOException {
        before.accept("list", "");
        return super.list();
    }

    @Override
    public boolean exists(String name) throws IOException {
        before.accept("exists", name);
        return super.exists(name);
    }

    @Override
    public void delete(String name) throws IOException {
        before.accept("delete", name);
        super.delete(name);
    }

    @Override
    public void sync(String name) throws IOException {
        before.accept("sync by name", name);
        super.sync(name);
    }

    @Override
    public void syncDirectory() throws IOException {
        before.accept("syncDirectory", "");
        super.syncDirectory();
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        before.accept(from instanceof CallingFileStore ? "linkFrom" : "copy", name);
        super.linkFrom(from, name);
    }

    @Override
    public AutoCloseable lock() throws IOException {
        before.accept("lock", "");
        AutoCloseable lock = super.lock();
        return () -> {
            before.accept("unlock", "");
            lock.close();
        };
    }

    private final class Written extends Writer {
        private final String name;

        Written(WritableFile file, String name) {
            super(file);
            this.name = name;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            before.accept("append", name);
            super.append(bytes);
        }

        @Override
        public void sync() throws IOException {
            before.accept("sync", name);
            super.sync();
        }

        @Override
        public void close() throws IOException {
            before.accept("close of a written file", name);
            super.close();
        }
    }

    /** What {@link #open} gives. */
    final class Opened extends Reader {
        private final String name;

        Opened(ReadableFile file, String name) {
            super(file);
            this.name = name;
        }

        @Override
        public long size() throws IOException {
            before.accept("size", name);
            return super.size();
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            before.accept("read", name);
            super.read(position, into);
        }

        @Override
        public void close() throws IOException {
            before.accept("close of a read file", name);
            super.close();
        }
    }
}
