package io.forebay.store.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileLock;
import java.nio.file.Path;

/**
 * A channel on a lock file that another process has locked, as on Windows: the lock is refused, and bytes that it covers cannot
 * be read. The other process runs the same code, so it holds what is asked for here.
 */
final class MandatoryLockChannel extends BrokenChannel {
    private long lockedFrom;
    private long lockedTo;

    MandatoryLockChannel(Path file) throws IOException {
        super(file, true);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) {
        lockedFrom = position;
        lockedTo = position + size;
        return null;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
        if (position < lockedTo && position + into.remaining() > lockedFrom) {
            throw new IOException("another process has locked a portion of the file");
        }
        return real.read(into, position);
    }
}
