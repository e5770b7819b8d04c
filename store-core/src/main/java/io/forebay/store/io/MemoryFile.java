package io.forebay.store.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The bytes of a file in memory. One writer appends; readers see what was appended before they ask. */
final class MemoryFile {
    private static final int MAX_BYTES = Integer.MAX_VALUE - 16;

    private volatile byte[] bytes = new byte[256];
    // written after the bytes it covers, read before them
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

    /** Gives up the room for growth. */
    void finish() {
        if (bytes.length - size > size / 4) {
            bytes = Arrays.copyOf(bytes, size);
        }
    }
}
