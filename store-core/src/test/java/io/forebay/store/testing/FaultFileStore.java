package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.io.FileMapping;
import io.forebay.store.io.MappableFile;
import io.forebay.store.io.MappableFiles;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.FaultInjector.Operation;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Another {@link FileStore}, whose operations fail when a {@link FaultInjector} says so. A close that fails has closed the
 * file all the same, as it does in an operating system.
 */
public final class FaultFileStore extends ForwardingFileStore implements MappableFiles {
    private interface Call<T> {
        T run() throws IOException;
    }

    private final FaultInjector faults;
    private final boolean isMappable;
    /** Files whose sync has failed: another one, by whomever, may be called a success and write nothing. */
    private final Set<String> spoilt = ConcurrentHashMap.newKeySet();

    public FaultFileStore(FileStore delegate, FaultInjector faults) {
        super(delegate);
        this.faults = faults;
        isMappable = delegate instanceof CrashFileStore disk && disk.areMappable();
    }

    @Override
    public boolean areMappable() {
        return isMappable;
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
                super.create(name).close();
            }
            throw FaultInjector.error(fault, Operation.CREATE, name);
        }
        WritableFile file = super.create(name);
        faults.writers(1);
        return new FaultWriter(name, file);
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        ReadableFile file = call(Operation.OPEN, name, () -> super.open(name));
        faults.readers(1);
        return new FaultReader(name, file);
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        return call(Operation.PUT, name, () -> super.putIfAbsent(name, content));
    }

    @Override
    public List<String> list() throws IOException {
        return call(Operation.LIST, "directory", super::list);
    }

    @Override
    public boolean exists(String name) throws IOException {
        return call(Operation.EXISTS, name, () -> super.exists(name));
    }

    @Override
    public void delete(String name) throws IOException {
        run(Operation.DELETE, name, () -> {
            super.delete(name);
            spoilt.remove(name);
            return null;
        });
    }

    @Override
    public void sync(String name) throws IOException {
        syncOnce(name, () -> {
            super.sync(name);
            return null;
        });
    }

    private void syncOnce(String name, Call<?> sync) throws IOException {
        if (spoilt.contains(name)) {
            faults.violated("sync of " + name + ", whose sync has failed before");
        }
        try {
            run(Operation.SYNC, name, sync);
        } catch (IOException e) {
            spoilt.add(name);
            throw e;
        }
    }

    @Override
    public void syncDirectory() throws IOException {
        run(Operation.SYNC_DIRECTORY, "directory", () -> {
            super.syncDirectory();
            return null;
        });
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        run(Operation.LINK, name, () -> {
            super.linkFrom(from, name);
            return null;
        });
    }

    @Override
    public AutoCloseable lock() throws IOException {
        AutoCloseable lock = call(Operation.LOCK, "directory", super::lock);
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
        return "failing " + super.describe();
    }

    private final class FaultWriter extends Writer {
        private final String name;
        private boolean syncFailed;
        private boolean appendFailed;
        private boolean closed;

        FaultWriter(String name, WritableFile file) {
            super(file);
            this.name = name;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            if (appendFailed || syncFailed) {
                faults.violated("append to " + name + " after a failure");
            }
            Fault fault = faults.next(Operation.APPEND, name);
            if (fault == null) {
                super.append(bytes);
                return;
            }
            appendFailed = true;
            if (fault == Fault.LATE_ERROR) {
                super.append(bytes);
            } else if (fault == Fault.SHORT_WRITE) {
                super.append(bytes.slice().limit(bytes.remaining() / 2));
            }
            throw FaultInjector.error(fault, Operation.APPEND, name);
        }

        @Override
        public void sync() throws IOException {
            if (appendFailed || syncFailed) {
                faults.violated("sync of " + name + " after a failure");
            }
            try {
                syncOnce(name, () -> {
                    super.sync();
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
            super.close();
            if (fault != null) {
                throw FaultInjector.error(fault, Operation.CLOSE, name);
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private final class FaultReader extends Reader implements MappableFile {
        private final String name;
        private final ReadableFile file;
        private boolean closed;

        FaultReader(String name, ReadableFile file) {
            super(file);
            this.name = name;
            this.file = file;
        }

        @Override
        public boolean isMappable() {
            return isMappable;
        }

        @Override
        public FileMapping map() throws IOException {
            return call(Operation.MAP, name, ((MappableFile) file)::map);
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            Fault fault = faults.next(Operation.READ, name);
            if (fault == null) {
                super.read(position, into);
                return;
            }
            if (fault == Fault.SHORT_READ) {
                ByteBuffer part = into.slice().limit(into.remaining() / 2);
                super.read(position, part);
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
            super.close();
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
