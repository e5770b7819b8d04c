package io.forebay.store.testing;

import io.forebay.store.ReadableFile;
import java.io.EOFException;
import java.nio.ByteBuffer;

/** A finished file whose bytes a test chooses. Thread-safe as long as nobody changes them. */
public final class ByteArrayFile implements ReadableFile {
    private final byte[] bytes;

    public ByteArrayFile(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public void read(long position, ByteBuffer into) throws EOFException {
        if (position < 0) {
            throw new IllegalArgumentException("Position " + position);
        }
        if (position > bytes.length - into.remaining()) {
            throw new EOFException("Read of " + into.remaining() + " bytes at " + position + " of " + bytes.length);
        }
        into.put(bytes, (int) position, into.remaining());
    }

    @Override
    public void close() {}
}
