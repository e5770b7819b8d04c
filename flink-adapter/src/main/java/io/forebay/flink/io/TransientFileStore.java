package io.forebay.flink.io;

import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.flink.annotation.Internal;

/**
 * A local directory whose files are not synced. The working files of a task are of no use after a crash, because a job
 * recovers from checkpoints in the checkpoint storage. So there is no reason to wait for the disk. Thread-safe.
 *
 * <p>Two methods sync all the same, because the local directory below does so by itself: {@link #putIfAbsent} syncs the
 * file and the directory, and {@link #linkFrom} syncs the copy that it makes where it cannot link.
 */
@Internal
public final class TransientFileStore implements FileStore {
    private final FileStore files;

    private TransientFileStore(FileStore files) {
        this.files = files;
    }

    public static TransientFileStore in(File directory) {
        return new TransientFileStore(FileStores.local(directory));
    }

    @Override
    public WritableFile create(String name) throws IOException {
        return new UnsyncedFile(files.create(name));
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        return files.open(name);
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        return files.putIfAbsent(name, content);
    }

    @Override
    public List<String> list() throws IOException {
        return files.list();
    }

    @Override
    public boolean exists(String name) throws IOException {
        return files.exists(name);
    }

    @Override
    public void delete(String name) throws IOException {
        files.delete(name);
    }

    @Override
    public void sync(String name) {
        // Nothing here has to survive a crash.
    }

    @Override
    public void syncDirectory() {
        // Nothing here has to survive a crash.
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        files.linkFrom(from instanceof TransientFileStore other ? other.files : from, name);
    }

    @Override
    public AutoCloseable lock() throws IOException {
        return files.lock();
    }

    @Override
    public String describe() {
        return files.describe();
    }

    private record UnsyncedFile(WritableFile file) implements WritableFile {
        @Override
        public void append(ByteBuffer bytes) throws IOException {
            file.append(bytes);
        }

        @Override
        public long position() {
            return file.position();
        }

        @Override
        public void sync() {
            // Nothing here has to survive a crash.
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
