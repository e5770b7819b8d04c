package io.forebay.store.sst;

import io.forebay.store.util.Varint;
import java.util.Arrays;

/** A growing array of varints and byte strings, for the blocks that are decoded when a file is opened. Used by one thread. */
final class MetaWriter {
    private byte[] bytes = new byte[256];
    private int size;

    byte[] array() {
        return bytes;
    }

    int size() {
        return size;
    }

    MetaWriter number(long value) {
        ensure(Varint.MAX_LONG_BYTES);
        size = Varint.putLong(bytes, size, value);
        return this;
    }

    /** Writes the length and the bytes. */
    MetaWriter string(byte[] from) {
        return number(from.length).bytes(from);
    }

    MetaWriter bytes(byte[] from) {
        return bytes(from, 0, from.length);
    }

    MetaWriter append(MetaWriter other) {
        return bytes(other.bytes, 0, other.size);
    }

    private MetaWriter bytes(byte[] from, int offset, int length) {
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
