package io.forebay.store.io;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Positioned reads of a local file. When a thread is interrupted during a read, the JDK closes the channel for all readers; a
 * reader that finds it closed opens it again and repeats the read. The file is finished, so its size is read only once.
 * Thread-safe.
 */
final class LocalReadableFile implements MappableFile {
    private final Path path;
    private final long size;

    // Written under this, read without
    private volatile FileChannel channel;

    // Guarded by this
    private volatile boolean closed;

    LocalReadableFile(Path path) throws IOException {
        this.path = path;
        Opened first = openFirst(path);
        this.channel = first.channel;
        this.size = first.size;
    }

    private record Opened(FileChannel channel, long size) {}

    private static Opened openFirst(Path path) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                FileChannel channel = RegularFiles.open(path, StandardOpenOption.READ);
                try {
                    return new Opened(channel, channel.size());
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                } catch (IOException e) {
                    channel.close();
                    throw e;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer into) throws IOException {
        // A pending interrupt would close the channel for all readers.
        boolean interrupted = Thread.interrupted();
        int end = into.limit();
        try {
            while (into.position() < end) {
                FileChannel current = channel;
                int before = into.position();
                HeapSteps.limit(into, end);
                try {
                    int count = current.read(into, position);
                    if (count < 0) {
                        throw new EOFException("File " + path + " has " + size + " bytes; a read of " + (end - before)
                                + " more bytes at " + position + " goes past its end");
                    }
                    position += count;
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                    into.position(before);
                    reopen(current);
                }
            }
        } finally {
            into.limit(end);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public boolean isMappable() {
        return MappedFiles.isPossible() && size > 0 && size <= Integer.MAX_VALUE;
    }

    /**
     * Through a channel of its own, which the interrupt of a reader does not close: when the JDK finds the channel closed after the
     * system has mapped the file, it forgets where. An interrupt of this thread in that moment still leaves such a mapping.
     */
    @Override
    public FileMapping map() throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return mapOnce();
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private FileMapping mapOnce() throws IOException {
        if (closed) {
            throw closedException();
        }
        FileMapping mapping = null;
        boolean complete = false;
        try {
            try (FileChannel own = RegularFiles.open(path, StandardOpenOption.READ)) {
                mapping = map(own);
            }
            complete = true;
            return mapping;
        } finally {
            if (!complete && mapping != null) {
                mapping.close();
            }
        }
    }

    private FileMapping map(FileChannel from) throws IOException {
        AutoCloseable arena = ForeignMemory.newArena();
        FileMapping mapping = null;
        try {
            mapping = new FileMapping(ForeignMemory.map(from, (int) size, arena), arena);
            return mapping;
        } catch (ClosedChannelException e) {
            throw e; // by an interrupt
        } catch (IOException | RuntimeException e) { // channels of other file systems may know no such mappings
            throw new MappingRefusedException("No mapping of " + path, e);
        } finally {
            if (mapping == null) {
                FileMapping.close(arena);
            }
        }
    }

    private synchronized void reopen(FileChannel broken) throws IOException {
        if (closed) {
            throw closedException();
        }
        if (channel == broken) {
            channel = RegularFiles.open(path, StandardOpenOption.READ);
        }
    }

    private IOException closedException() {
        return new IOException("File " + path + " was closed");
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        channel.close();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
