package io.forebay.store.wal;

import io.forebay.store.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A part of a file in memory that moves along with the reader. It is as long as the longest record, not as the file.
 * Used by one thread.
 */
final class WalWindow {
    private static final int CHUNK_BYTES = 64 << 10;

    private final ReadableFile file;
    private final long size;
    private byte[] bytes = new byte[0];
    private long from;
    private int length;

    WalWindow(ReadableFile file) throws IOException {
        this.file = file;
        size = file.size();
    }

    /** Length of the file in bytes. */
    long size() {
        return size;
    }

    /** The array that {@link #at} returns an index of; may be another array after each call of that method. */
    byte[] bytes() {
        return bytes;
    }

    /**
     * Makes sure that {@code count} bytes of the file from {@code position} on, which exist, are in {@link #bytes}.
     *
     * @return the index of the first of them
     */
    int at(long position, int count) throws IOException {
        if (position < from || position + count > from + length) {
            int wanted = (int) Math.min(Math.max(count, CHUNK_BYTES), size - position);
            if (bytes.length < wanted) {
                bytes = new byte[wanted];
            }
            length = 0;
            file.read(position, ByteBuffer.wrap(bytes, 0, wanted));
            from = position;
            length = wanted;
        }
        return (int) (position - from);
    }
}
