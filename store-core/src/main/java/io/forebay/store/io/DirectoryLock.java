package io.forebay.store.io;

import io.forebay.store.StoreLockedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Exclusive use of a directory: an entry in a registry of this JVM, because locks of the operating system do not exclude
 * their own process, and a lock on the file LOCK against other processes. The file holds the id of the process that has
 * the lock and stays when the lock goes, because deleting it could race with the next owner.
 *
 * <p>The id is for people. It is written only over what an owner before may have left there, and not to a file that has
 * another name too: a file that somebody else put under the name is locked, and keeps its content.
 */
final class DirectoryLock implements AutoCloseable {
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    /** As many as the id of a process and the end of a line can take. */
    private static final int OWNER_BYTES = 20;

    private static final String UNKNOWN = "unknown";

    private final Path directory;
    private final FileChannel channel;
    private boolean released;

    private DirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /** @param directory exists, as a real path */
    static DirectoryLock acquire(Path directory) throws IOException {
        if (!HELD.add(directory)) {
            throw new StoreLockedException("Directory " + directory + " is in use by another store of this process ("
                    + ProcessHandle.current().pid() + "). Close it first.");
        }
        try {
            return new DirectoryLock(directory, lockFile(directory));
        } catch (Throwable e) {
            HELD.remove(directory);
            throw e;
        }
    }

    private static FileChannel lockFile(Path directory) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return tryLockFile(directory);
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static FileChannel tryLockFile(Path directory) throws IOException {
        Path file = directory.resolve(FileNames.LOCK);
        BasicFileAttributes found = RegularFiles.look(file);
        if (found != null) {
            RegularFiles.requireRegular(file, found);
        }
        FileChannel channel = FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        try {
            boolean writable = mayHold(channel) && hasOneName(file);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new StoreLockedException("Directory " + directory + " is in use by a store of another process ("
                        + (writable ? owner(channel) : UNKNOWN) + "). Close it there first.");
            }
            if (writable) {
                byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
                channel.truncate(0);
                channel.write(ByteBuffer.wrap(pid), 0);
            }
            return channel;
        } catch (OverlappingFileLockException e) {
            // Another class loader of this JVM has it. The channel stays open for good: closing it would make the
            // operating system drop the lock of its owner, which belongs to the process and not to a channel.
            throw new StoreLockedException(
                    "Directory " + directory + " is in use by another store of this process. Close it first.", e);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static String owner(FileChannel channel) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(OWNER_BYTES);
        channel.read(content, 0);
        String pid = new String(content.array(), 0, content.position(), StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? UNKNOWN : pid;
    }

    /** False when the content is none that an owner writes: the id of a process, or zeros where a crash lost it. */
    private static boolean mayHold(FileChannel channel) throws IOException {
        if (channel.size() > OWNER_BYTES) {
            return false;
        }
        ByteBuffer content = ByteBuffer.allocate(OWNER_BYTES);
        channel.read(content, 0);
        for (int i = 0; i < content.position(); i++) {
            byte b = content.get(i);
            if (b != 0 && b != '\n' && !(b >= '0' && b <= '9')) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasOneName(Path file) throws IOException {
        return !file.getFileSystem().supportedFileAttributeViews().contains("unix")
                || (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS) == 1;
    }

    @Override
    public synchronized void close() throws IOException {
        if (!released) {
            released = true;
            try (channel) {
                // closing the channel releases the lock
            } finally {
                HELD.remove(directory);
            }
        }
    }
}
