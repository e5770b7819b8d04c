package io.forebay.store.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A file, or a directory to be synced, of a {@link CrashFileSystem}: what local files ask for, and nothing else. */
final class CrashChannel extends FileChannel {
    private final CrashFileSystem system;
    private final CrashPath path;
    private final CrashNode node;

    CrashChannel(CrashFileSystem system, CrashPath path, CrashNode node) {
        this.system = system;
        this.path = path;
        this.node = node;
    }

    private CrashNode.File file() throws IOException {
        if (node instanceof CrashNode.File file) {
            return file;
        }
        throw new IOException(path + " is a directory");
    }

    @Override
    public long size() throws IOException {
        return file().content.size();
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
        DiskFile content = file().content;
        int count = (int) Math.min(into.remaining(), content.size() - position);
        if (count <= 0) {
            return into.hasRemaining() ? -1 : 0;
        }
        ByteBuffer part = into.duplicate().limit(into.position() + count);
        if (!content.read(position, part)) {
            return -1;
        }
        into.position(into.position() + count);
        return count;
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
        int count = from.remaining();
        system.write(path, file(), from, position);
        return count;
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        if (size != 0) {
            throw new UnsupportedOperationException();
        }
        system.clear(path, file());
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        if (node instanceof CrashNode.File file) {
            system.syncFile(path, file);
        } else {
            system.syncDirectory(path);
        }
    }

    /** There is one process. */
    @Override
    public FileLock tryLock(long position, long size, boolean shared) {
        return new FileLock(this, position, size, shared) {
            @Override
            public boolean isValid() {
                return isOpen();
            }

            @Override
            public void release() {}
        };
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) {
        return tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() {}

    @Override
    public int read(ByteBuffer into) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] into, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer from) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long position() {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel position(long position) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) {
        throw new UnsupportedOperationException();
    }
}
