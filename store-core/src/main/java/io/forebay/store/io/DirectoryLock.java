package io.forebay.store.io;

import io.forebay.store.StoreLockedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
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
import org.slf4j.LoggerFactory;

/**
 * Exclusive use of a directory: an entry in a registry of this JVM, because locks of the operating system do not exclude their
 * own process, and a lock on the file LOCK against other processes. The file holds the id of the process that has the lock and
 * stays when the lock goes, because deleting it could race with the next owner.
 *
 * <p>The id is for people. It is written only over content that an earlier owner may have left, and not to a file that has
 * another name as well: a file that another program put under the name is locked, and keeps its content. Thread-safe.
 *
 * <p>A process loses a lock of the operating system when it closes any channel on the file. So a channel that is opened while
 * another class loader has the directory, or another directory has the same file, stays open as long as that owner
 * ({@link KeptChannels}).
 */
final class DirectoryLock implements AutoCloseable {
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    /** The most bytes that the id of a process and the end of a line take. */
    private static final int OWNER_BYTES = 20;

    private static final String UNKNOWN = "unknown";

    /**
     * Position of the byte that is locked, far after the content: on Windows other processes cannot read bytes that are locked,
     * and the id of the owner must stay readable.
     */
    private static final long LOCKED_BYTE = 1L << 30;

    /**
     * Opens a lock file for reading and writing, and creates it if there is none. Tests replace it by an opener whose files
     * fail.
     */
    interface Opener {
        FileChannel open(Path file) throws IOException;
    }

    private final Path directory;
    /** The identity of the file in the file system, whatever its name is. */
    private final String file;

    private final FileChannel channel;

    // Guarded by this
    private boolean released;

    private DirectoryLock(Path directory, String file, FileChannel channel) {
        this.directory = directory;
        this.file = file;
        this.channel = channel;
    }

    /** @param directory must exist, and be a real path */
    static DirectoryLock acquire(Path directory) throws IOException {
        return acquire(directory, DirectoryLock::open);
    }

    static DirectoryLock acquire(Path directory, Opener opener) throws IOException {
        if (!HELD.add(directory)) {
            throw new StoreLockedException("Directory " + directory + " is in use by another store of this process ("
                    + ProcessHandle.current().pid() + "). Close it first.");
        }
        try {
            return lockFile(directory, opener);
        } catch (Throwable e) {
            HELD.remove(directory);
            throw e;
        }
    }

    private static DirectoryLock lockFile(Path directory, Opener opener) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return tryLockFile(directory, opener);
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

    private static DirectoryLock tryLockFile(Path directory, Opener opener) throws IOException {
        Path path = directory.resolve(FileNames.LOCK);
        BasicFileAttributes found = RegularFiles.look(path);
        FileChannel made = null;
        if (found == null) {
            made = opener.open(path);
            found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        }
        RegularFiles.requireRegular(path, found);
        String file =
                found.fileKey() == null ? path.toString() : found.fileKey().toString();
        synchronized (KeptChannels.monitor(file)) {
            FileChannel channel = made;
            if (channel == null) {
                FileChannel kept = KeptChannels.take(file);
                channel = kept == null ? opener.open(path) : kept;
            }
            return lock(directory, file, channel);
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
    }

    /** Reads nothing before it has tried the lock, so that a failure does not close a channel that must stay open. */
    private static DirectoryLock lock(Path directory, String file, FileChannel channel) throws IOException {
        try {
            boolean locked = isLocked(file, channel);
            boolean writable = mayHold(channel) && hasOneName(directory.resolve(FileNames.LOCK));
            if (!locked) {
                throw new StoreLockedException("Directory " + directory + " is in use by a store of another process ("
                        + (writable ? owner(channel) : UNKNOWN) + "). Close it there first.");
            }
            if (writable) {
                writeOwner(directory, channel);
            }
            return new DirectoryLock(directory, file, channel);
        } catch (OverlappingFileLockException e) {
            throw new StoreLockedException(
                    "Directory " + directory + " is in use by another store of this process, or its file "
                            + FileNames.LOCK + " is another name of the lock file of such a store. Close it first.",
                    e);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** The lock does not need the id, so a full disk does not keep a store from being read. */
    private static void writeOwner(Path directory, FileChannel channel) throws ClosedChannelException {
        byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        try {
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(pid), 0);
        } catch (ClosedChannelException e) {
            throw e; // an interrupt closed the channel, and the lock is lost with it
        } catch (IOException e) {
            // The logger is not a field of the class: that would start the logging of every class loader that finds a
            // lock.
            LoggerFactory.getLogger(DirectoryLock.class)
                    .warn("The id of this process could not be written to {}", directory.resolve(FileNames.LOCK), e);
        }
    }

    /**
     * Tries to lock {@code channel}; false when another process has the lock. The channel is kept open when a store of this JVM
     * may have the lock, in this class loader or another one.
     *
     * @throws OverlappingFileLockException when a store of this JVM has it
     */
    private static boolean isLocked(String file, FileChannel channel) throws IOException {
        boolean answered = false;
        try {
            FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
            answered = true;
            return lock != null;
        } catch (IOException e) {
            answered = true; // by the operating system, which the JDK asks when no channel of this JVM has the lock
            throw e;
        } finally {
            if (!answered) {
                KeptChannels.keep(file, channel);
            }
        }
    }

    private static String owner(FileChannel channel) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(OWNER_BYTES);
        channel.read(content, 0);
        String pid = new String(content.array(), 0, content.position(), StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? UNKNOWN : pid;
    }

    /** False when the content is not what an owner writes: the id of a process, or zeros where a crash lost it. */
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
            try {
                release();
            } finally {
                HELD.remove(directory);
            }
        }
    }

    private void release() throws IOException {
        synchronized (KeptChannels.monitor(file)) {
            try (channel) {
                // closing the channel releases the lock
            } finally {
                KeptChannels.closeAll(file);
            }
        }
    }
}
