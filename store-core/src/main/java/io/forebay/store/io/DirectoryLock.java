package io.forebay.store.io;

import io.forebay.store.StoreLockedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Exclusive use of a directory: an entry in a registry of this JVM, because locks of the operating system do not exclude
 * their own process, and a lock on the file LOCK against other processes. The file holds the id of the process that has
 * the lock and stays when the lock goes, because deleting it could race with the next owner.
 */
final class DirectoryLock implements AutoCloseable {
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

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
        FileChannel channel = FileChannel.open(
                directory.resolve(FileNames.LOCK),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new StoreLockedException("Directory " + directory + " is in use by a store of another process ("
                        + owner(channel) + "). Close it there first.");
            }
            byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(pid), 0);
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
        ByteBuffer content = ByteBuffer.allocate(32);
        channel.read(content, 0);
        String pid = new String(content.array(), 0, content.position(), StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? "unknown" : pid;
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
