package io.forebay.store.util;

import io.forebay.store.CorruptionException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what a {@link FieldWriter} wrote. Bytes that it cannot have written are a {@link CorruptionException}, which names file
 * and offset. Damage does not lead to a large allocation. Used by one thread.
 */
public final class FieldReader {
    private final byte[] bytes;
    private final int end;
    private final String file;
    private final long fileOffset;
    /** What ends at {@code end}, for messages. */
    private final String whole;

    private int at;

    /**
     * @param length how many bytes there are, from {@code bytes[0]} on
     * @param fileOffset where {@code bytes[0]} is in the file
     */
    public FieldReader(byte[] bytes, int length, String file, long fileOffset) {
        this(bytes, 0, length, file, fileOffset, "the block");
    }

    private FieldReader(byte[] bytes, int at, int end, String file, long fileOffset, String whole) {
        this.bytes = bytes;
        this.at = at;
        this.end = end;
        this.file = file;
        this.fileOffset = fileOffset;
        this.whole = whole;
    }

    /** Name of the file. */
    public String file() {
        return file;
    }

    /** Goes on behind the next {@code length} bytes. @return a reader of these bytes, which are not copied */
    FieldReader part(int length) {
        need(length);
        at += length;
        return new FieldReader(bytes, at - length, at, file, fileOffset, "the field");
    }

    public boolean hasMore() {
        return at < end;
    }

    /** Reads a varint, any long. */
    public long number() {
        try {
            long value = Varint.getLong(bytes, at);
            int next = at + Varint.size(value);
            if (next <= end) {
                at = next;
                return value;
            }
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw corrupt("a number in its shortest form", e.getMessage());
        }
        throw corrupt("a number in its shortest form", "the end within it");
    }

    /** Reads a varint. Both limits are inclusive. */
    public long number(String what, long min, long max) {
        int begin = at;
        long value = number();
        if (value < min || value > max) {
            String allowed = max == Long.MAX_VALUE ? " of " + min + " or more" : " from " + min + " to " + max;
            throw new CorruptionException(file, fileOffset + begin, what + allowed, Long.toString(value));
        }
        return value;
    }

    /** Reads a varint that is not negative. */
    public long number(String what) {
        return number(what, 0, Long.MAX_VALUE);
    }

    /**
     * Reads the number of items that follow, of which each takes at least {@code bytesEach} bytes. The result is limited by the
     * bytes that are left.
     */
    public int count(String what, int bytesEach) {
        return (int) number(what, 0, (end - at) / bytesEach);
    }

    /** Reads a length and so many bytes. */
    public byte[] string(String what) {
        return bytes(count(what, 1));
    }

    /** Reads a length and so many bytes, which are UTF-8. */
    public String text(String what) {
        long begin = at;
        return text(what, count("length of " + what, 1), begin);
    }

    /** As {@link #text(String)}, of at most {@code most} bytes. */
    public String text(String what, int most) {
        long begin = at;
        return text(what, (int) number("length of " + what, 0, Math.min(most, end - at)), begin);
    }

    /** Reads all bytes that are left, which are UTF-8. */
    public String restAsText(String what) {
        return text(what, end - at, (long) at);
    }

    private String text(String what, int length, long begin) {
        byte[] text = bytes(length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(text))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new CorruptionException(file, fileOffset + begin, what + " in UTF-8", "other bytes");
        }
    }

    public byte[] bytes(int length) {
        need(length);
        at += length;
        return Arrays.copyOfRange(bytes, at - length, at);
    }

    /** Reads one byte, 0 to 255. */
    public int octet() {
        need(1);
        return bytes[at++] & 0xFF;
    }

    /** Reads eight bytes, the most significant first. */
    public long fixed() {
        need(Long.BYTES);
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = value << 8 | (bytes[at++] & 0xFF);
        }
        return value;
    }

    /** Checks that everything was read. */
    public void end() {
        if (at != end) {
            throw corrupt("the end of " + whole, (end - at) + " more bytes");
        }
    }

    /** What was found at the present place instead of what was expected there. */
    public CorruptionException corrupt(String expected, String found) {
        return new CorruptionException(file, fileOffset + at, expected, found);
    }

    private void need(int length) {
        if (length > end - at) {
            throw corrupt(length + " bytes", (end - at) + " bytes");
        }
    }
}
