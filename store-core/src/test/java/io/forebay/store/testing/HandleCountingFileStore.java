package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts what is open for reading, and what is read, of all files or of those of several stores together. A file that is used
 * after its close, or closed twice, fails the test. Thread-safe.
 */
public final class HandleCountingFileStore extends ForwardingFileStore {
    /** What several file stores count together. */
    public static final class Counts {
        private final AtomicInteger open = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();
        private final AtomicInteger opens = new AtomicInteger();
        private final AtomicInteger reads = new AtomicInteger();

        public int open() {
            return open.get();
        }

        /** The most that were open at once. */
        public int most() {
            return most.get();
        }

        public int opens() {
            return opens.get();
        }

        public int reads() {
            return reads.get();
        }
    }

    private final Counts counts;

    public HandleCountingFileStore(FileStore delegate, Counts counts) {
        super(delegate);
        this.counts = counts;
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        Handle handle = new Handle(super.open(name), name);
        counts.opens.incrementAndGet();
        int now = counts.open.incrementAndGet();
        counts.most.accumulateAndGet(now, Math::max);
        return handle;
    }

    private final class Handle extends Reader {
        private final String name;
        private boolean closed;

        Handle(ReadableFile file, String name) {
            super(file);
            this.name = name;
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            synchronized (this) {
                check();
            }
            counts.reads.incrementAndGet();
            super.read(position, into);
            synchronized (this) {
                check();
            }
        }

        @Override
        public synchronized void close() throws IOException {
            check();
            closed = true;
            counts.open.decrementAndGet();
            super.close();
        }

        private void check() {
            if (closed) {
                throw new AssertionError("File " + name + " was closed before, or while it was read");
            }
        }
    }
}
