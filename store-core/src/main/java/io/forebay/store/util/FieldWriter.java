package io.forebay.store.util;

import java.util.Arrays;

/**
 * A growing array of varints and byte strings, for what is decoded when a file is opened: the metadata blocks of SSTs, and edits
 * of manifests. Used by one thread.
 */
public final class FieldWriter {
    private byte[] bytes = new byte[256];
    private int size;

    /** The array, which may be longer than {@link #size()}; not a copy. */
    public byte[] array() {
        return bytes;
    }

    public int size() {
        return size;
    }

    /** Forgets what was written. */
    void clear() {
        size = 0;
    }

    /** A copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    /** Writes a varint. */
    public FieldWriter number(long value) {
        ensure(Varint.MAX_LONG_BYTES);
        size = Varint.putLong(bytes, size, value);
        return this;
    }

    /** Writes the length and the bytes. */
    public FieldWriter string(byte[] from) {
        return number(from.length).bytes(from);
    }

    public FieldWriter bytes(byte[] from) {
        return bytes(from, 0, from.length);
    }

    /** Writes one byte. */
    public FieldWriter octet(int value) {
        ensure(1);
        bytes[size++] = (byte) value;
        return this;
    }

    /** Writes eight bytes, the most significant first. */
    public FieldWriter fixed(long value) {
        ensure(Long.BYTES);
        for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            bytes[size++] = (byte) (value >>> shift);
        }
        return this;
    }

    public FieldWriter append(FieldWriter other) {
        return bytes(other.bytes, 0, other.size);
    }

    private FieldWriter bytes(byte[] from, int offset, int length) {
        ensure(length);
        System.arraycopy(from, offset, bytes, size, length);
        size += length;
        return this;
    }

    private void ensure(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(
                    bytes, Math.max(Math.addExact(size, more), Math.min(size, Integer.MAX_VALUE / 4) * 2));
        }
    }
}
