package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.StoreLockedException;
import io.forebay.store.WritableFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A directory in memory that knows what a crash would leave of it, and that can be told to fail. Bytes survive once their
 * file is synced; creates and deletes survive once the directory is synced. What is not synced may survive or not.
 */
public final class CrashFileStore implements FileStore {
    private static final class Content {
        byte[] bytes = new byte[0];
        int size;
        int synced;

        synchronized void append(ByteBuffer from) {
            int count = from.remaining();
            if (size + count > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(size + count, bytes.length * 2));
            }
            from.get(bytes, size, count);
            size += count;
        }

        synchronized void sync() {
            synced = size;
        }

        synchronized Content copy(int length) {
            Content copy = new Content();
            copy.bytes = Arrays.copyOf(bytes, length);
            copy.size = length;
            copy.synced = length;
            return copy;
        }
    }

    private final Map<String, Content> present;
    /** What the directory holds on disk: differs from {@link #present} by the creates and deletes since its last sync. */
    private final Map<String, Content> durable;

    private boolean locked;
    private long changes;
    private long failAtChange = Long.MAX_VALUE;
    private long syncs;
    private int openReaders;

    public CrashFileStore() {
        this(new TreeMap<>());
    }

    private CrashFileStore(Map<String, Content> files) {
        present = files;
        durable = new TreeMap<>(files);
    }

    /** What a crash at this moment leaves: synced bytes for sure, a random part of the rest. */
    public synchronized CrashFileStore afterCrash(Random random) {
        Map<String, Content> left = new TreeMap<>();
        TreeMap<String, Content> all = new TreeMap<>(durable);
        all.putAll(present);
        for (Map.Entry<String, Content> file : all.entrySet()) {
            boolean onDisk = durable.get(file.getKey()) == file.getValue();
            boolean stays = onDisk && present.get(file.getKey()) == file.getValue();
            if (stays || random.nextBoolean()) {
                Content content = file.getValue();
                synchronized (content) {
                    int torn = content.size - content.synced;
                    left.put(file.getKey(), content.copy(content.synced + (torn == 0 ? 0 : random.nextInt(torn + 1))));
                }
            }
        }
        return new CrashFileStore(left);
    }

    /** What the end of the process at this moment leaves: everything that was handed to the file system, synced or not. */
    public synchronized CrashFileStore afterKill() {
        Map<String, Content> left = new TreeMap<>();
        present.forEach((name, content) -> {
            synchronized (content) {
                left.put(name, content.copy(content.size));
            }
        });
        return new CrashFileStore(left);
    }

    /** From the {@code count}-th change from now on (1: the next one) every change fails. */
    public synchronized void failAfter(long count) {
        failAtChange = changes + count;
    }

    public synchronized void heal() {
        failAtChange = Long.MAX_VALUE;
    }

    /** Syncs of files and of the directory so far. */
    public synchronized long syncs() {
        return syncs;
    }

    /** Files opened for reading and not closed. */
    public synchronized int openReaders() {
        return openReaders;
    }

    /** Flips one bit of a file. */
    public synchronized void damage(String name, long offset) {
        Content content = present.get(name);
        synchronized (content) {
            content.bytes[(int) offset] ^= 0x10;
        }
    }

    public synchronized long size(String name) {
        return present.get(name).size;
    }

    @Override
    public synchronized WritableFile create(String name) throws IOException {
        change("create " + name);
        if (present.containsKey(name)) {
            throw new FileAlreadyExistsException(name);
        }
        Content content = new Content();
        present.put(name, content);
        return new Writer(name, content);
    }

    @Override
    public synchronized ReadableFile open(String name) throws IOException {
        Content content = present.get(name);
        if (content == null) {
            throw new NoSuchFileException(name);
        }
        openReaders++;
        return new Reader(name, content);
    }

    @Override
    public synchronized boolean putIfAbsent(String name, byte[] bytes) throws IOException {
        change("put " + name);
        if (present.containsKey(name)) {
            return false;
        }
        Content content = new Content();
        content.append(ByteBuffer.wrap(bytes));
        content.sync();
        present.put(name, content);
        durable.put(name, content);
        syncs += 2;
        return true;
    }

    @Override
    public synchronized List<String> list() {
        return List.copyOf(present.keySet());
    }

    @Override
    public synchronized boolean exists(String name) {
        return present.containsKey(name);
    }

    @Override
    public synchronized void delete(String name) throws IOException {
        change("delete " + name);
        present.remove(name);
    }

    @Override
    public synchronized void syncDirectory() throws IOException {
        change("sync of the directory");
        syncs++;
        durable.clear();
        durable.putAll(present);
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        byte[] bytes;
        try (ReadableFile file = from.open(name)) {
            bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
        }
        synchronized (this) {
            change("link " + name);
            if (present.containsKey(name)) {
                throw new FileAlreadyExistsException(name);
            }
            Content content = new Content();
            content.append(ByteBuffer.wrap(bytes));
            content.sync();
            present.put(name, content);
        }
    }

    @Override
    public synchronized AutoCloseable lock() {
        if (locked) {
            throw new StoreLockedException("The directory " + describe() + " is in use by this process");
        }
        locked = true;
        return () -> {
            synchronized (this) {
                locked = false;
            }
        };
    }

    @Override
    public String describe() {
        return "memory that can crash";
    }

    private void change(String what) throws IOException {
        if (++changes >= failAtChange) {
            throw new IOException("injected failure of " + what);
        }
    }

    private final class Writer implements WritableFile {
        private final String name;
        private final Content content;
        private boolean closed;

        Writer(String name, Content content) {
            this.name = name;
            this.content = content;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            synchronized (CrashFileStore.this) {
                checkOpen();
                change("append to " + name);
            }
            content.append(bytes);
        }

        @Override
        public long position() {
            return content.size;
        }

        @Override
        public void sync() throws IOException {
            synchronized (CrashFileStore.this) {
                checkOpen();
                change("sync of " + name);
                syncs++;
            }
            content.sync();
        }

        @Override
        public void close() {
            closed = true;
        }

        private void checkOpen() throws IOException {
            if (closed) {
                throw new IOException(name + " is closed");
            }
        }
    }

    private final class Reader implements ReadableFile {
        private final String name;
        private final Content content;
        private boolean closed;

        Reader(String name, Content content) {
            this.name = name;
            this.content = content;
        }

        @Override
        public long size() {
            return content.size;
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            if (closed) {
                throw new IOException(name + " is closed");
            }
            synchronized (content) {
                if (position + into.remaining() > content.size) {
                    throw new EOFException(name + " ends at " + content.size);
                }
                into.put(content.bytes, (int) position, into.remaining());
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                synchronized (CrashFileStore.this) {
                    openReaders--;
                }
            }
        }
    }
}
