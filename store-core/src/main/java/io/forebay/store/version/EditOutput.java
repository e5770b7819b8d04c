package io.forebay.store.version;

import io.forebay.store.util.Varint;
import java.util.Arrays;

/** Writes the field types of edits to a growing array. Used by one thread. */
final class EditOutput {
    private byte[] bytes = new byte[256];
    private int size;

    void writeByte(int value) {
        room(1);
        bytes[size++] = (byte) value;
    }

    void writeNumber(long value) {
        room(Varint.MAX_LONG_BYTES);
        size = Varint.putLong(bytes, size, value);
    }

    void writeFixed(long value) {
        room(Long.BYTES);
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes[size++] = (byte) (value >>> shift);
        }
    }

    /** Writes the length and the content. */
    void writeBytes(byte[] value) {
        writeNumber(value.length);
        room(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    private void room(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }
}
