package io.forebay.store.harness.metamorphic;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/** Tells of every operation before it happens: what, on which file, how many bytes, and their checksum. */
final class TracedFileStore implements FileStore {
    private final FileStore files;
    private final String label;
    private final Consumer<String> events;

    TracedFileStore(FileStore files, String label, Consumer<String> events) {
        this.files = files;
        this.label = label;
        this.events = events;
    }

    private void event(String what) {
        events.accept(label + " " + what);
    }

    private static String checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate());
        return bytes.remaining() + " bytes #" + Long.toHexString(crc.getValue());
    }

    @Override
    public WritableFile create(String name) throws IOException {
        event("create " + name);
        return new Writer(name, files.create(name));
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        event("open " + name);
        return new Reader(name, files.open(name));
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        event("put " + name + " " + checksum(ByteBuffer.wrap(content)));
        return files.putIfAbsent(name, content);
    }

    @Override
    public List<String> list() throws IOException {
        event("list");
        return files.list();
    }

    @Override
    public boolean exists(String name) throws IOException {
        event("exists " + name);
        return files.exists(name);
    }

    @Override
    public void delete(String name) throws IOException {
        event("delete " + name);
        files.delete(name);
    }

    @Override
    public void sync(String name) throws IOException {
        event("sync again " + name);
        files.sync(name);
    }

    @Override
    public void syncDirectory() throws IOException {
        event("sync directory");
        files.syncDirectory();
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        event("link " + name);
        files.linkFrom(from, name);
    }

    @Override
    public AutoCloseable lock() throws IOException {
        event("lock");
        return files.lock();
    }

    @Override
    public String describe() {
        return files.describe();
    }

    private final class Writer implements WritableFile {
        private final String name;
        private final WritableFile file;

        Writer(String name, WritableFile file) {
            this.name = name;
            this.file = file;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            String what = name.startsWith("MANIFEST") ? "manifest edit " : "append ";
            event(what + name + " " + checksum(bytes));
            file.append(bytes);
        }

        @Override
        public long position() {
            return file.position();
        }

        @Override
        public void sync() throws IOException {
            event("sync " + name);
            file.sync();
        }

        @Override
        public void close() throws IOException {
            event("close " + name);
            file.close();
        }
    }

    private final class Reader implements ReadableFile {
        private final String name;
        private final ReadableFile file;

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
            event("read " + name + " " + position + "+" + into.remaining());
            file.read(position, into);
        }

        @Override
        public void close() throws IOException {
            event("close " + name);
            file.close();
        }
    }
}
