package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.util.Varint;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the field types of edits. An impossible value is a {@link CorruptionException} that names file and offset. Used
 * by one thread.
 */
final class EditInput {
    private final String file;
    private final long base;
    private final byte[] bytes;
    private int at;

    /** @param base offset of the bytes in the file, for messages */
    EditInput(String file, long base, byte[] bytes) {
        this.file = file;
        this.base = base;
        this.bytes = bytes;
    }

    boolean hasMore() {
        return at < bytes.length;
    }

    int readByte() {
        need(1, "a byte");
        return bytes[at++] & 0xFF;
    }

    long readNumber() {
        try {
            long value = Varint.getLong(bytes, at);
            at += Varint.size(value);
            return value;
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw corrupt("a varint", e.getMessage());
        }
    }

    /** A number that is not negative. */
    long readCount(String what) {
        long value = readNumber();
        if (value < 0) {
            throw corrupt(what + " of 0 or more", Long.toString(value));
        }
        return value;
    }

    long readFixed() {
        need(Long.BYTES, "8 bytes");
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = value << 8 | (bytes[at++] & 0xFF);
        }
        return value;
    }

    byte[] readBytes() {
        long length = readCount("a length");
        if (length > bytes.length - at) {
            throw corrupt(length + " bytes", bytes.length - at + " left");
        }
        byte[] value = Arrays.copyOfRange(bytes, at, at + (int) length);
        at += (int) length;
        return value;
    }

    /** Reads bytes that are UTF-8. */
    String readText() {
        byte[] text = readBytes();
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(text))
                    .toString();
        } catch (CharacterCodingException e) {
            throw corrupt("a name in UTF-8", "other bytes");
        }
    }

    CorruptionException corrupt(String expected, String found) {
        return new CorruptionException(file, base + at, expected, found);
    }

    private void need(int length, String what) {
        if (bytes.length - at < length) {
            throw corrupt(what, "the end of the record");
        }
    }
}
