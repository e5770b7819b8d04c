package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A real directory that loses on a kill what was not synced, as a machine loses it with its page cache. What a process writes
 * stays in its memory: bytes until their file is synced, names and deletions until the directory is. So when the process is
 * killed, they were never there. Now and then something reaches the disk unasked, in any order, as the kernel writes it back.
 *
 * <p>Synced bytes lie in files of a directory beside, {@code <directory>.inodes}, and get their names by hard links. What lies
 * in the directory itself is what a crash leaves, for whoever opens it next. Two of these may link files from one another. The
 * name of the directory is not lost. Thread-safe.
 */
public final class ForgetfulFileStore implements FileStore {
    /** Of so many changes one is written back unasked. */
    private static final int WRITE_BACK = 24;

    /** The bytes of a file, whatever its names are. */
    private static final class Content {
        final Path inode;
        byte[] bytes = new byte[256];
        int size;
        /** The first so many are on disk. */
        int onDisk;

        Content(Path inode) {
            this.inode = inode;
        }

        synchronized void append(ByteBuffer from) {
            int count = from.remaining();
            if (size + count > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(size + count, 2 * size));
            }
            from.get(bytes, size, count);
            size += count;
        }

        synchronized void writeBack(int until) throws IOException {
            if (until > onDisk) {
                Files.write(
                        inode,
                        Arrays.copyOfRange(bytes, onDisk, until),
                        StandardOpenOption.WRITE,
                        StandardOpenOption.APPEND);
                onDisk = until;
            }
        }

        synchronized void sync() throws IOException {
            writeBack(size);
        }
    }

    private final File directory;
    private final Path inodes;
    private final FileStore real;
    private final Random random;
    /** Names as this process sees them, but for those that it found and has not looked at. */
    private final TreeMap<String, Content> present = new TreeMap<>();
    /** Names that are not as on disk; null for a deletion. In the order of the changes. */
    private final Map<String, Content> changes = new LinkedHashMap<>();

    private int number;

    /** @param seed of what is written back unasked */
    public ForgetfulFileStore(File directory, long seed) throws IOException {
        this.directory = directory;
        real = FileStores.local(directory);
        random = new Random(CrashDisk.mix(17, seed)); // seeds that are close together begin alike
        inodes = Path.of(directory + ".inodes");
        Files.createDirectories(directory.toPath());
        Files.createDirectories(inodes);
        try (Stream<Path> left = Files.list(inodes)) {
            for (Path inode : left.toList()) {
                Files.delete(inode); // of a process before; its names stay
            }
        }
        for (String name : real.list()) {
            present.put(name, found(name));
        }
    }

    private Content found(String name) throws IOException {
        Content content = new Content(directory.toPath().resolve(name));
        content.bytes = Files.readAllBytes(content.inode);
        content.size = content.bytes.length;
        content.onDisk = content.size;
        return content;
    }

    private Content fresh() throws IOException {
        return new Content(Files.createFile(inodes.resolve(Integer.toString(number++))));
    }

    /** After a change: something that nobody has asked for may reach the disk. */
    private void maybeWriteBack() throws IOException {
        if (random.nextInt(WRITE_BACK) == 0 && !changes.isEmpty()) {
            List<String> names = new ArrayList<>(changes.keySet());
            writeBack(names.get(random.nextInt(names.size())));
        }
        if (random.nextInt(WRITE_BACK) == 0 && !present.isEmpty()) {
            List<Content> contents = new ArrayList<>(present.values());
            Content content = contents.get(random.nextInt(contents.size()));
            synchronized (content) {
                content.writeBack(content.onDisk + random.nextInt(content.size - content.onDisk + 1));
            }
        }
    }

    /** Makes a name, or its deletion, real. */
    private void writeBack(String name) throws IOException {
        Path path = directory.toPath().resolve(name);
        Content content = changes.remove(name);
        if (content == null) {
            Files.deleteIfExists(path);
        } else {
            Files.createLink(path, content.inode);
        }
    }

    private Content find(String name) throws NoSuchFileException {
        Content content = present.get(name);
        if (content == null) {
            throw new NoSuchFileException(new File(directory, name).toString());
        }
        return content;
    }

    private void link(String name, Content content) throws IOException {
        if (present.containsKey(name)) {
            throw new FileAlreadyExistsException(new File(directory, name).toString());
        }
        if (changes.containsKey(name)) {
            writeBack(name); // a name is deleted before it is made anew
        }
        present.put(name, content);
        changes.put(name, content);
        maybeWriteBack();
    }

    @Override
    public synchronized WritableFile create(String name) throws IOException {
        Content content = fresh();
        link(name, content);
        return new Writer(name, content);
    }

    @Override
    public synchronized ReadableFile open(String name) throws IOException {
        return new Reader(name, find(name));
    }

    @Override
    public synchronized boolean putIfAbsent(String name, byte[] bytes) throws IOException {
        if (present.containsKey(name)) {
            return false;
        }
        Content content = fresh();
        content.append(ByteBuffer.wrap(bytes));
        content.sync();
        link(name, content);
        if (changes.containsKey(name)) {
            writeBack(name);
        }
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
        if (present.remove(name) != null) {
            // a name that was not on disk yet may never get there, or stay
            if (changes.containsKey(name) && random.nextBoolean()) {
                changes.remove(name);
            } else {
                if (changes.containsKey(name)) {
                    writeBack(name);
                }
                changes.put(name, null);
            }
            maybeWriteBack();
        }
    }

    @Override
    public synchronized void sync(String name) throws IOException {
        find(name).sync();
    }

    @Override
    public synchronized void syncDirectory() throws IOException {
        for (String name : List.copyOf(changes.keySet())) {
            writeBack(name);
        }
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        if (!(from instanceof ForgetfulFileStore other)) {
            throw new IOException(from.describe() + " keeps what is not synced, so that nothing is linked from it");
        }
        Content content;
        synchronized (other) {
            content = other.find(name);
        }
        synchronized (this) {
            link(name, content);
        }
    }

    @Override
    public AutoCloseable lock() throws IOException {
        return real.lock();
    }

    @Override
    public String describe() {
        return directory.toString();
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
            requireOpen();
            content.append(bytes);
            synchronized (ForgetfulFileStore.this) {
                maybeWriteBack();
            }
        }

        @Override
        public long position() {
            synchronized (content) {
                return content.size;
            }
        }

        @Override
        public void sync() throws IOException {
            requireOpen();
            content.sync();
        }

        private void requireOpen() throws IOException {
            if (closed) {
                throw new IOException("File " + name + " was closed");
            }
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private record Reader(String name, Content content) implements ReadableFile {
        @Override
        public long size() {
            synchronized (content) {
                return content.size;
            }
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            synchronized (content) {
                if (position + into.remaining() > content.size) {
                    throw new EOFException("File " + name + " has " + content.size + " bytes");
                }
                into.put(content.bytes, (int) position, into.remaining());
            }
        }

        @Override
        public void close() {
            // nothing is held open
        }
    }
}
