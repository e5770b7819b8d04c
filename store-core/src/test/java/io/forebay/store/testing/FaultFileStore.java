package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.FaultInjector.Operation;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Another {@link FileStore}, whose operations fail when a {@link FaultInjector} says so. A close that fails has closed the
 * file all the same, as it does in an operating system.
 */
public final class FaultFileStore implements FileStore {
    private interface Call<T> {
        T run() throws IOException;
    }

    private final FileStore delegate;
    private final FaultInjector faults;

    public FaultFileStore(FileStore delegate, FaultInjector faults) {
        this.delegate = delegate;
        this.faults = faults;
    }

    private <T> T call(Operation operation, String name, Call<T> call) throws IOException {
        Fault fault = faults.next(operation, name);
        if (fault == null) {
            return call.run();
        }
        if (fault == Fault.LATE_ERROR) {
            call.run();
        }
        throw FaultInjector.error(fault, operation, name);
    }

    private void run(Operation operation, String name, Call<?> call) throws IOException {
        call(operation, name, call);
    }

    @Override
    public WritableFile create(String name) throws IOException {
        Fault fault = faults.next(Operation.CREATE, name);
        if (fault != null) {
            if (fault == Fault.LATE_ERROR) {
                delegate.create(name).close();
            }
            throw FaultInjector.error(fault, Operation.CREATE, name);
        }
        WritableFile file = delegate.create(name);
        faults.writers(1);
        return new Writer(name, file);
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        ReadableFile file = call(Operation.OPEN, name, () -> delegate.open(name));
        faults.readers(1);
        return new Reader(name, file);
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        return call(Operation.PUT, name, () -> delegate.putIfAbsent(name, content));
    }

    @Override
    public List<String> list() throws IOException {
        return call(Operation.LIST, "directory", delegate::list);
    }

    @Override
    public boolean exists(String name) throws IOException {
        return call(Operation.EXISTS, name, () -> delegate.exists(name));
    }

    @Override
    public void delete(String name) throws IOException {
        run(Operation.DELETE, name, () -> {
            delegate.delete(name);
            return null;
        });
    }

    @Override
    public void sync(String name) throws IOException {
        run(Operation.SYNC, name, () -> {
            delegate.sync(name);
            return null;
        });
    }

    @Override
    public void syncDirectory() throws IOException {
        run(Operation.SYNC_DIRECTORY, "directory", () -> {
            delegate.syncDirectory();
            return null;
        });
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        FileStore source = from instanceof FaultFileStore other ? other.delegate : from;
        run(Operation.LINK, name, () -> {
            delegate.linkFrom(source, name);
            return null;
        });
    }

    @Override
    public AutoCloseable lock() throws IOException {
        AutoCloseable lock = call(Operation.LOCK, "directory", delegate::lock);
        faults.locks(1);
        return new AutoCloseable() {
            private boolean released;

            @Override
            public void close() throws Exception {
                Fault fault = faults.next(Operation.CLOSE, "lock");
                if (!released) {
                    released = true;
                    faults.locks(-1);
                    lock.close();
                }
                if (fault != null) {
                    throw FaultInjector.error(fault, Operation.CLOSE, "lock");
                }
            }
        };
    }

    @Override
    public String describe() {
        return "failing " + delegate.describe();
    }

    @Override
    public String toString() {
        return describe();
    }

    private final class Writer implements WritableFile {
        private final String name;
        private final WritableFile file;
        private boolean syncFailed;
        private boolean appendFailed;
        private boolean closed;

        Writer(String name, WritableFile file) {
            this.name = name;
            this.file = file;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            if (appendFailed || syncFailed) {
                faults.violated("append to " + name + " after a failure");
            }
            Fault fault = faults.next(Operation.APPEND, name);
            if (fault == null) {
                file.append(bytes);
                return;
            }
            appendFailed = true;
            if (fault == Fault.LATE_ERROR) {
                file.append(bytes);
            } else if (fault == Fault.SHORT_WRITE) {
                file.append(bytes.slice().limit(bytes.remaining() / 2));
            }
            throw FaultInjector.error(fault, Operation.APPEND, name);
        }

        @Override
        public long position() {
            return file.position();
        }

        @Override
        public void sync() throws IOException {
            if (appendFailed || syncFailed) {
                faults.violated("sync of " + name + " after a failure");
            }
            try {
                FaultFileStore.this.run(Operation.SYNC, name, () -> {
                    file.sync();
                    return null;
                });
            } catch (IOException e) {
                syncFailed = true;
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            if (closed) {
                return;
            }
            closed = true;
            faults.writers(-1);
            Fault fault = faults.next(Operation.CLOSE, name);
            file.close();
            if (fault != null) {
                throw FaultInjector.error(fault, Operation.CLOSE, name);
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private final class Reader implements ReadableFile {
        private final String name;
        private final ReadableFile file;
        private boolean closed;

        Reader(String name, ReadableFile file) {
            this.name = name;
            this.file = file;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            Fault fault = faults.next(Operation.READ, name);
            if (fault == null) {
                file.read(position, into);
                return;
            }
            if (fault == Fault.SHORT_READ) {
                ByteBuffer part = into.slice().limit(into.remaining() / 2);
                file.read(position, part);
                throw new EOFException("File " + name + " ends before the read does (injected)");
            }
            throw FaultInjector.error(fault, Operation.READ, name);
        }

        @Override
        public void close() throws IOException {
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
            }
            faults.readers(-1);
            Fault fault = faults.next(Operation.CLOSE, name);
            file.close();
            if (fault != null) {
                throw FaultInjector.error(fault, Operation.CLOSE, name);
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
