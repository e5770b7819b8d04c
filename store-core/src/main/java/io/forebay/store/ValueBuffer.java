package io.forebay.store;

import java.util.Arrays;

/**
 * A growable byte buffer that a caller owns and reuses, so that reads need not allocate. The content is {@code
 * array()[0, length())}. It stays valid until the buffer is passed to another call. Not thread-safe.
 */
public final class ValueBuffer {
    private byte[] bytes;
    private int length;

    /** An empty buffer with room for 256 bytes. */
    public ValueBuffer() {
        this(256);
    }

    /** An empty buffer with room for {@code capacity} bytes, from 0. */
    public ValueBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    /**
     * The array that holds the content, which ends at {@link #length()}. It is replaced by another array when the
     * buffer grows.
     */
    public byte[] array() {
        return bytes;
    }

    /** Bytes of the content. */
    public int length() {
        return length;
    }

    /**
     * Makes room for exactly {@code newLength} bytes, sets the length, and returns the array; the old content is lost.
     */
    public byte[] reset(int newLength) {
        if (bytes.length < newLength) {
            bytes = new byte[Math.max(newLength, (int) Math.min(Integer.MAX_VALUE - 16L, bytes.length * 2L))];
        }
        length = newLength;
        return bytes;
    }

    /** The content as a new array. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }
}
