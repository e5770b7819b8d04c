package io.forebay.store.io;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.util.ScopedRead;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * A directory of the local file system. The first {@link #lock}, create, put or link creates it. A file gets its name when it
 * is created to be written, or when it is complete: puts and copies are written under a temporary name and then linked, or
 * renamed in one step on a file system without links. Thread-safe.
 */
public final class LocalFileStore implements FileStore, MappableFiles {
    /** Makes {@code link} another name of {@code existing}. Tests replace it by a linker that fails. */
    interface Linker {
        void link(Path link, Path existing) throws IOException;
    }

    /** Makes the names in a directory durable. Tests replace it by one that records its calls. */
    interface DirectorySync {
        void sync(Path directory) throws IOException;
    }

    private static final int COPY_BYTES = 256 << 10;
    private static final Pattern OWN_TEMPORARY =
            Pattern.compile(".+-\\d+-\\d+" + Pattern.quote(FileNames.OWN_TEMPORARY));
    /** Windows cannot sync a directory; its file systems journal names. */
    private static final boolean SYNC_DIRECTORIES = File.separatorChar == '/';

    private final Path directory;
    private final Linker linker;
    private final DirectorySync directorySync;
    private final SyncHandle.Opener syncHandles;
    private final DirectoryNames names;
    private final AtomicLong temporaries = new AtomicLong();
    /** Whether there may be temporary files of an earlier owner. Set when the directory is locked. */
    // Volatile: written by any thread
    private volatile boolean oldTemporaries;

    public LocalFileStore(File directory) {
        this(directory.toPath().toAbsolutePath(), Files::createLink);
    }

    LocalFileStore(Path directory, Linker linker) {
        this(directory, linker, LocalFileStore::sync);
    }

    LocalFileStore(Path directory, Linker linker, DirectorySync directorySync) {
        this(directory, linker, directorySync, SyncHandle::open);
    }

    /** For a file system of any kind. */
    LocalFileStore(Path directory, SyncHandle.Opener syncHandles) {
        this(directory, Files::createLink, LocalFileStore::sync, syncHandles);
    }

    private LocalFileStore(Path directory, Linker linker, DirectorySync directorySync, SyncHandle.Opener syncHandles) {
        this.directory = directory;
        this.linker = linker;
        this.directorySync = directorySync;
        this.syncHandles = syncHandles;
        this.names = new DirectoryNames(directory, directorySync);
    }

    @Override
    public WritableFile create(String name) throws IOException {
        Path path = directory.resolve(FileNames.check(name));
        removeOldTemporaries();
        return createAt(path);
    }

    private WritableFile createAt(Path path) throws IOException {
        try {
            return new LocalWritableFile(path, syncHandles);
        } catch (NoSuchFileException e) {
            names.make();
            return new LocalWritableFile(path, syncHandles);
        }
    }

    @Override
    public boolean areMappable() {
        return MappedFiles.isPossible();
    }

    @Override
    public ReadableFile open(String name) throws IOException {
        return new LocalReadableFile(directory.resolve(FileNames.check(name)));
    }

    @Override
    public boolean putIfAbsent(String name, byte[] content) throws IOException {
        Path target = directory.resolve(FileNames.check(name));
        removeOldTemporaries();
        if (RegularFiles.look(target) != null) {
            return false;
        }
        Path temporary = temporary(name);
        WritableFile created = createAt(temporary);
        try {
            try (WritableFile file = created) {
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
        List<String> found = new ArrayList<>();
        if (!Files.exists(directory)) {
            return List.of();
        }
        requireDirectory();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                // Names that are not regular files are listed as well: an open of such a name fails with the reason.
                if (FileNames.isVisible(name) && !Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    found.add(name);
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (java.nio.file.DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(found);
        return found;
    }

    @Override
    public boolean exists(String name) throws IOException {
        return RegularFiles.look(directory.resolve(FileNames.check(name))) != null;
    }

    @Override
    public void delete(String name) throws IOException {
        Path path = directory.resolve(FileNames.check(name));
        removeOldTemporaries();
        BasicFileAttributes found = RegularFiles.look(path);
        if (found != null && found.isDirectory()) {
            RegularFiles.requireRegular(path, found);
        }
        Files.deleteIfExists(path);
    }

    @Override
    public void sync(String name) throws IOException {
        Path path = directory.resolve(FileNames.check(name));
        RegularFiles.require(path);
        try (SyncHandle file = syncHandles.open(path)) {
            file.sync();
        }
    }

    @Override
    public void syncDirectory() throws IOException {
        directorySync.sync(directory);
        names.makeNameDurable();
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

    @Override
    public void linkFrom(FileStore from, String name) throws IOException {
        Path target = directory.resolve(FileNames.check(name));
        removeOldTemporaries();
        names.make();
        if (from instanceof LocalFileStore local) {
            Path existing = local.directory.resolve(name);
            RegularFiles.require(existing); // a link to a symbolic link is another symbolic link
            try {
                linker.link(target, existing);
                return;
            } catch (FileAlreadyExistsException | NoSuchFileException e) {
                throw e;
            } catch (IOException | UnsupportedOperationException e) {
                // another file system, too many links, or no links at all: copy
            }
        }
        requireFree(target);
        try (ScopedRead source = ScopedRead.open(from, name)) {
            Path temporary = temporary(name);
            WritableFile copy = createAt(temporary);
            try {
                copy(source, copy);
                publish(temporary, target);
            } finally {
                Files.deleteIfExists(temporary);
            }
        }
    }

    private static void copy(ReadableFile source, WritableFile to) throws IOException {
        try (WritableFile copy = to) {
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.max(1, Math.min(COPY_BYTES, source.size())));
            for (long at = 0; at < source.size(); at += buffer.limit()) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), source.size() - at));
                source.read(at, buffer);
                copy.append(buffer.flip());
            }
            copy.sync();
        }
    }

    /** Gives a complete file its name in one step, unless the name is taken. */
    private void publish(Path temporary, Path target) throws IOException {
        try {
            linker.link(target, temporary);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException | UnsupportedOperationException e) {
            // Without links the check and the move are two steps; the lock of the directory excludes other writers.
            requireFree(target);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static void requireFree(Path target) throws IOException {
        if (RegularFiles.look(target) != null) {
            throw new FileAlreadyExistsException(target.toString());
        }
    }

    /**
     * A temporary name that is free. (In a container the ids of processes, and so these names, are the same after each start.)
     */
    private Path temporary(String name) throws IOException {
        Path temporary;
        do {
            temporary = directory.resolve(name + "-" + ProcessHandle.current().pid() + "-"
                    + temporaries.incrementAndGet() + FileNames.OWN_TEMPORARY);
        } while (RegularFiles.look(temporary) != null);
        return temporary;
    }

    @Override
    public AutoCloseable lock() throws IOException {
        names.make();
        requireDirectory();
        DirectoryLock lock = DirectoryLock.acquire(directory.toRealPath());
        oldTemporaries = true;
        return lock;
    }

    /** Called before the directory is opened, because the open of a FIFO would wait for a process at its other end. */
    private void requireDirectory() throws NotDirectoryException {
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
    }

    /**
     * Removes temporary files of an earlier owner before the first change under the lock; an owner that only reads changes
     * nothing. No thread of the present owner has a temporary file yet, because it calls this method before it makes one.
     */
    private void removeOldTemporaries() throws IOException {
        if (oldTemporaries) {
            synchronized (names) {
                if (oldTemporaries) {
                    removeTemporaries();
                    oldTemporaries = false;
                }
            }
        }
    }

    private void removeTemporaries() throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, "*" + FileNames.OWN_TEMPORARY)) {
            for (Path entry : left) {
                if (isTemporary(entry)) {
                    Files.deleteIfExists(entry);
                }
            }
        } catch (NoSuchFileException e) {
            // the directory was deleted, and its files with it
        }
    }

    /** True for the names that {@link #temporary} makes. */
    private static boolean isTemporary(Path entry) {
        return OWN_TEMPORARY.matcher(entry.getFileName().toString()).matches()
                && !Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
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
