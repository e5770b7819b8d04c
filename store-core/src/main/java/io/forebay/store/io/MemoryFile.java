package io.forebay.store.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The bytes of a file in memory. One writer appends; a reader sees what was appended before its call. */
final class MemoryFile {
    private static final int MAX_BYTES = Integer.MAX_VALUE - 16;

    // Written by the writer, read with acquire
    private volatile byte[] bytes = new byte[256];
    /** Written after the bytes that it covers, and read before them. */
    // Written by the writer, read with acquire
    private volatile int size;

    int size() {
        return size;
    }

    void append(ByteBuffer from) throws IOException {
        int at = size;
        int count = from.remaining();
        if (count > MAX_BYTES - at) {
            throw new IOException("A file in memory cannot grow over " + MAX_BYTES + " bytes");
        }
        if (at + count > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_BYTES, Math.max(at + (long) count, bytes.length * 2L)));
        }
        from.get(bytes, at, count);
        size = at + count;
    }

    /** {@code position + into.remaining()} must not be over {@link #size()}. */
    void read(int position, ByteBuffer into) {
        into.put(bytes, position, into.remaining());
    }

    /** Frees the room for growth, because the file is complete. */
    void finish() {
        if (bytes.length - size > size / 4) {
            bytes = Arrays.copyOf(bytes, size);
        }
    }
}
