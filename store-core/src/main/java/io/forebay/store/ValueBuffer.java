package io.forebay.store;

import java.util.Arrays;

/**
 * A growable byte buffer that a caller owns and reuses, so that reads need not allocate. Content is {@code array()[0,
 * length())}; it stays valid until the buffer is handed to another call. Not thread-safe.
 */
public final class ValueBuffer {
    private byte[] bytes;
    private int length;

    public ValueBuffer() {
        this(256);
    }

    public ValueBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    /** The backing array; valid up to {@link #length()}. It changes when the buffer grows. */
    public byte[] array() {
        return bytes;
    }

    public int length() {
        return length;
    }

    /** Makes room for exactly {@code newLength} bytes, sets the length, and returns the backing array; the old content is lost. */
    public byte[] reset(int newLength) {
        if (bytes.length < newLength) {
            bytes = new byte[Math.max(newLength, (int) Math.min(Integer.MAX_VALUE - 16L, bytes.length * 2L))];
        }
        length = newLength;
        return bytes;
    }

    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }
}
