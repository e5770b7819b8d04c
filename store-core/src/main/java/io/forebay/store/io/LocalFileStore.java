package io.forebay.store.io;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A directory of the local file system. It is created by the first {@link #lock}, create, put or link. A file appears
 * under its name only when it was created to be written, or complete: puts and copies are prepared under a temporary name
 * and then linked, or on a file system without links, renamed in one step.
 */
public final class LocalFileStore implements FileStore {
    /** Makes {@code link} another name of {@code existing}; replaced in tests by one that the file system refuses. */
    interface Linker {
        void link(Path link, Path existing) throws IOException;
    }

    /** Makes the names in a directory durable; replaced in tests by one that takes notes. */
    interface DirectorySync {
        void sync(Path directory) throws IOException;
    }

    private static final int COPY_BYTES = 256 << 10;
    /** Windows has no way to sync a directory; its file systems journal names by themselves. */
    private static final boolean SYNC_DIRECTORIES = File.separatorChar == '/';

    private final Path directory;
    private final Linker linker;
    private final DirectorySync directorySync;
    private final AtomicLong temporaries = new AtomicLong();

    public LocalFileStore(File directory) {
        this(directory.toPath().toAbsolutePath(), Files::createLink);
    }

    LocalFileStore(Path directory, Linker linker) {
        this(directory, linker, LocalFileStore::sync);
    }

    LocalFileStore(Path directory, Linker linker, DirectorySync directorySync) {
        this.directory = directory;
        this.linker = linker;
        this.directorySync = directorySync;
    }

    @Override
    public WritableFile create(String name) throws IOException {
        return createAt(directory.resolve(FileNames.check(name)));
    }

    private WritableFile createAt(Path path) throws IOException {
        try {
            return new LocalWritableFile(path);
        } catch (NoSuchFileException e) {
            makeDirectory();
            return new LocalWritableFile(path);
        }
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        return new LocalReadableFile(directory.resolve(FileNames.check(name)));
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        Path target = directory.resolve(FileNames.check(name));
        if (Files.exists(target)) {
            return false;
        }
        Path temporary = temporary(name);
        try {
            try (WritableFile file = createAt(temporary)) {
                file.append(ByteBuffer.wrap(content));
                file.sync();
            }
            if (!isPublished(temporary, target)) {
                return false;
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
        syncDirectory();
        return true;
    }

    private boolean isPublished(Path temporary, Path target) throws IOException {
        try {
            publish(temporary, target);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    @Override
    public List<String> list() throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (FileNames.isVisible(name) && Files.isRegularFile(entry)) {
                    names.add(name);
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (java.nio.file.DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(names);
        return names;
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(directory.resolve(FileNames.check(name)));
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(directory.resolve(FileNames.check(name)));
    }

    @Override
    public void sync(String name) throws IOException {
        Path path = directory.resolve(FileNames.check(name));
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        // no channel: an interrupt would close it
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.getFD().sync();
        }
    }

    @Override
    public void syncDirectory() throws IOException {
        directorySync.sync(directory);
    }

    private static void sync(Path directory) throws IOException {
        if (SYNC_DIRECTORIES) {
            Interrupts.shield(() -> {
                try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            });
        }
    }

    /** Creates the directory if need be; its name, and those of directories above it that were made too, are durable then. */
    private void makeDirectory() throws IOException {
        Path parent = directory;
        while (parent != null && !Files.exists(parent)) {
            parent = parent.getParent();
        }
        Files.createDirectories(directory);
        for (Path made = directory; parent != null && !made.equals(parent); made = made.getParent()) {
            directorySync.sync(made.getParent());
        }
    }

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        Path target = directory.resolve(FileNames.check(name));
        makeDirectory();
        if (from instanceof LocalFileStore local) {
            try {
                linker.link(target, local.directory.resolve(name));
                return;
            } catch (FileAlreadyExistsException | NoSuchFileException e) {
                throw e;
            } catch (IOException | UnsupportedOperationException e) {
                // another file system, too many links, or no links at all: copy
            }
        }
        if (Files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        Path temporary = temporary(name);
        try {
            copy(from, name, temporary);
            publish(temporary, target);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private void copy(FileStore from, String name, Path to) throws IOException {
        try (ReadableFile source = from.open(name);
                WritableFile copy = createAt(to)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.max(1, Math.min(COPY_BYTES, source.size())));
            for (long at = 0; at < source.size(); at += buffer.limit()) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), source.size() - at));
                source.read(at, buffer);
                copy.append(buffer.flip());
            }
            copy.sync();
        }
    }

    /** Gives a complete file its name, in one step, unless the name is taken. */
    private void publish(Path temporary, Path target) throws IOException {
        try {
            linker.link(target, temporary);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException | UnsupportedOperationException e) {
            // Without links the check and the move are two steps; the directory's lock keeps other writers out.
            if (Files.exists(target)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private Path temporary(String name) {
        return directory.resolve(
                name + "-" + ProcessHandle.current().pid() + "-" + temporaries.incrementAndGet() + FileNames.TEMPORARY);
    }

    @Override
    public AutoCloseable lock() throws IOException {
        makeDirectory();
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
        DirectoryLock lock = DirectoryLock.acquire(directory.toRealPath());
        try {
            removeTemporaries();
        } catch (Throwable e) {
            lock.close();
            throw e;
        }
        return lock;
    }

    private void removeTemporaries() throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, "*" + FileNames.TEMPORARY)) {
            for (Path entry : left) {
                Files.deleteIfExists(entry);
            }
        }
    }

    @Override
    public String describe() {
        return directory.toString();
    }

    @Override
    public String toString() {
        return describe();
    }
}
