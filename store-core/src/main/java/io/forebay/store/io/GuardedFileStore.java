package io.forebay.store.io;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.Failures;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

/**
 * The file store of a user, which is called with locks held and while other threads wait: {@link Callbacks} notes each call of it and
 * of its files. The engine's own file stores, and their files, call no code of users, and are used as they are. Thread-safe.
 */
public class GuardedFileStore implements FileStore {
    static final String WHAT = "a file store";

    private final FileStore files;

    private GuardedFileStore(FileStore files) {
        this.files = files;
    }

    /** The file store as the engine calls it. */
    public static FileStore of(FileStore files) {
        Objects.requireNonNull(files, "files");
        if (files instanceof GuardedFileStore || files instanceof LocalFileStore || files instanceof MemoryFileStore) {
            return files;
        }
        return files instanceof MappableFiles mappable ? new Mappable(files, mappable) : new GuardedFileStore(files);
    }

    /** The file store as the user gave it. */
    static FileStore unguarded(FileStore files) {
        return files instanceof GuardedFileStore guarded ? guarded.files : files;
    }

    /** Whether both are one file store of the user. */
    public static boolean areSame(FileStore one, FileStore other) {
        return unguarded(one) == unguarded(other);
    }

    /**
     * Opens a file for the user, who reads and closes it outside of the engine: it is what the file store gives.
     *
     * @param files maybe guarded
     */
    public static ReadableFile openForUser(FileStore files, String name) throws IOException {
        ReadableFile file = files.open(name);
        return file instanceof GuardedReadableFile guarded ? guarded.file() : file;
    }

    @Override
    public WritableFile create(String name) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            WritableFile file = files.create(name);
            try {
                return GuardedWritableFile.of(file);
            } catch (OutOfMemoryError e) {
                Failures.close(e, file);
                throw e;
            }
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            ReadableFile file = files.open(name);
            try {
                return GuardedReadableFile.of(file);
            } catch (OutOfMemoryError e) {
                Failures.close(e, file);
                throw e;
            }
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            return files.putIfAbsent(name, content);
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public List<String> list() throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            return files.list();
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public boolean exists(String name) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            return files.exists(name);
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public void delete(String name) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            files.delete(name);
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public void sync(String name) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            files.sync(name);
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public void syncDirectory() throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            files.syncDirectory();
        } finally {
            Callbacks.leave();
        }
    }

    /** The file store of the user may know its own class in {@code from}. */
    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            files.linkFrom(unguarded(from), name);
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public AutoCloseable lock() throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            GuardedLock guarded = new GuardedLock(); // before there is a lock that would be lost
            guarded.lock = files.lock();
            return guarded.lock == null ? null : guarded;
        } finally {
            Callbacks.leave();
        }
    }

    /** Closed by one thread. */
    private static final class GuardedLock implements AutoCloseable {
        private AutoCloseable lock;

        @Override
        public void close() throws Exception {
            boolean noted = Callbacks.tryEnter(WHAT);
            try {
                lock.close();
            } finally {
                if (noted) {
                    Callbacks.leave();
                }
            }
        }
    }

    @Override
    public String describe() {
        Callbacks.enter(WHAT, null);
        try {
            return files.describe();
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public String toString() {
        Callbacks.enter(WHAT, null);
        try {
            return files.toString();
        } finally {
            Callbacks.leave();
        }
    }

    /** Of files that can be mapped. */
    private static final class Mappable extends GuardedFileStore implements MappableFiles {
        private final MappableFiles files;

        Mappable(FileStore store, MappableFiles files) {
            super(store);
            this.files = files;
        }

        @Override
        public boolean areMappable() {
            Callbacks.enter(WHAT, null);
            try {
                return files.areMappable();
            } finally {
                Callbacks.leave();
            }
        }
    }
}
