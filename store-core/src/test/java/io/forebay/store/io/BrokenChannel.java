package io.forebay.store.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A channel on a real file that can be locked and closed, and read if it may; everything else fails, as on a broken disk. */
class BrokenChannel extends FileChannel {
    static final String MESSAGE = "broken disk";

    final FileChannel real;
    private final boolean readable;

    BrokenChannel(Path file, boolean readable) throws IOException {
        this.readable = readable;
        real = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    static BrokenChannel unreadable(Path file) throws IOException {
        return new BrokenChannel(file, false);
    }

    static BrokenChannel unwritable(Path file) throws IOException {
        return new BrokenChannel(file, true);
    }

    private FileChannel readable() throws IOException {
        if (!readable) {
            throw new IOException(MESSAGE);
        }
        return real;
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        return real.lock(position, size, shared);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        return real.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        real.close();
    }

    @Override
    public long size() throws IOException {
        return readable().size();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public long read(ByteBuffer[] into, int offset, int length) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
        return readable().read(into, position);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public long position() throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public FileChannel position(long position) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public void force(boolean metaData) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) throws IOException {
        throw new IOException(MESSAGE);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
        throw new IOException(MESSAGE);
    }
}
