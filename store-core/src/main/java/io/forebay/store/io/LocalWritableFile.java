package io.forebay.store.io;

import io.forebay.store.WritableFile;
import io.forebay.store.util.Failures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Executor;

/**
 * A local file that is being written. Writes have explicit positions, so that a write which an interrupt cut off can be
 * repeated on a new channel. Syncs use a second handle, which is open from creation to close and which an interrupt cannot
 * close: the system reports a write-back error once to each open handle, and a handle that is opened later may never get it.
 * Used by one writer; another thread may sync what was written so far meanwhile ({@link #startSync}).
 */
final class LocalWritableFile implements WritableFile {
    private final Path path;
    private final SyncHandle syncHandle;
    private FileChannel channel;
    private long position;
    private IOException failedSync;
    /** The last one; null before the first. */
    private StartedSync started;

    /** @throws java.nio.file.FileAlreadyExistsException when {@code path} exists */
    LocalWritableFile(Path path, SyncHandle.Opener handles) throws IOException {
        this.path = path;
        FileChannel created = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try {
            syncHandle = handles.open(path);
        } catch (IOException | RuntimeException e) {
            try (created) {
                Files.deleteIfExists(path);
            } catch (IOException suppressed) {
                Failures.suppress(e, suppressed);
            }
            throw e;
        }
        channel = created;
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
        requireOpen();
        boolean interrupted = Thread.interrupted();
        int end = bytes.limit();
        try {
            while (bytes.position() < end) {
                int before = bytes.position();
                HeapSteps.limit(bytes, end);
                try {
                    position += channel.write(bytes, position);
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                    bytes.position(before);
                    channel = RegularFiles.open(path, StandardOpenOption.WRITE);
                }
            }
        } finally {
            bytes.limit(end);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public long position() {
        return position;
    }

    /** Leaves it out while the one before has not ended. */
    @Override
    public void startSync(Executor executor) {
        boolean isDue = started == null || (started.hasEnded() && started.failure() == null);
        if (channel == null || !isDue) {
            return; // a failure is for sync() to say
        }
        StartedSync next = new StartedSync(syncHandle);
        boolean accepted = false;
        started = next;
        try {
            executor.execute(next);
            accepted = true;
        } finally {
            if (!accepted) {
                next.end();
            }
        }
    }

    @Override
    public void sync() throws IOException {
        requireOpen();
        if (started != null) {
            started.end();
            noteFailure(started.failure());
        }
        if (failedSync != null) {
            throw new IOException("An earlier sync of " + path + " failed; its bytes may be lost", failedSync);
        }
        try {
            syncHandle.sync();
        } catch (IOException e) {
            failedSync = new IOException("Cannot sync " + path, e);
            throw failedSync;
        }
    }

    private void noteFailure(Throwable failure) throws IOException {
        if (failure != null && failedSync == null) {
            failedSync = new IOException("Cannot sync " + path, failure);
            throw failedSync;
        }
    }

    private void requireOpen() throws IOException {
        if (channel == null) {
            throw new IOException("File " + path + " was closed");
        }
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            FileChannel last = channel;
            channel = null;
            try (syncHandle;
                    last) {
                if (started != null) {
                    started.end();
                }
            }
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
