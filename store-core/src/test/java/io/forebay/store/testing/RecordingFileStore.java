package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Remembers every byte that was ever written to another file store, also of files that are gone. One thread at a time. */
public final class RecordingFileStore implements FileStore {
    private final FileStore files;
    private final Map<String, ByteArrayOutputStream> written = new TreeMap<>();

    public RecordingFileStore(FileStore files) {
        this.files = files;
    }

    /** All bytes of all files by name; files that were linked from elsewhere are not among them. */
    public Map<String, byte[]> written() {
        Map<String, byte[]> all = new TreeMap<>();
        written.forEach((name, bytes) -> all.put(name, bytes.toByteArray()));
        return all;
    }

    @Override
    public WritableFile create(String name) throws IOException {
        WritableFile file = files.create(name);
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        written.put(name, copy);
        return new WritableFile() {
            @Override
            public void append(ByteBuffer bytes) throws IOException {
                byte[] appended = new byte[bytes.remaining()];
                bytes.duplicate().get(appended);
                copy.writeBytes(appended);
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
        };
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        return files.open(name);
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        copy.writeBytes(content);
        written.put(name, copy);
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
    public void sync(String name) throws IOException {
        files.sync(name);
    }

    @Override
    public void syncDirectory() throws IOException {
        files.syncDirectory();
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        files.linkFrom(from instanceof RecordingFileStore recording ? recording.files : from, name);
    }

    @Override
    public AutoCloseable lock() throws IOException {
        return files.lock();
    }

    @Override
    public String describe() {
        return files.describe();
    }
}
