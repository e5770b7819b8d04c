package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import java.util.Arrays;

/**
 * Reads what {@link MetaWriter} wrote. Bytes that it cannot have written are a {@link CorruptionException}. Used by one thread.
 */
final class MetaReader {
    private final byte[] bytes;
    private final int end;
    private final String file;
    private final long fileOffset;
    private int at;

    /** @param fileOffset where {@code bytes[0]} is in the file */
    MetaReader(byte[] bytes, int length, String file, long fileOffset) {
        this.bytes = bytes;
        this.end = length;
        this.file = file;
        this.fileOffset = fileOffset;
    }

    /** Reads any long. */
    long number() {
        int begin = at;
        long value = 0;
        for (int shift = 0; shift < 64 && at < end; shift += 7) {
            byte next = bytes[at++];
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                if ((next == 0 && shift > 0) || (shift == 63 && next > 1)) {
                    break;
                }
                return value;
            }
        }
        throw new CorruptionException(file, fileOffset + begin, "a number in its shortest form", "none");
    }

    long number(String what, long min, long max) {
        int begin = at;
        long value = number();
        if (value < min || value > max) {
            throw new CorruptionException(
                    file, fileOffset + begin, what + " from " + min + " to " + max, Long.toString(value));
        }
        return value;
    }

    /**
     * Reads the number of items that follow, of which each takes at least {@code bytesEach} bytes. The result is limited by the
     * bytes that are left, so that damage does not lead to a large allocation.
     */
    int count(String what, int bytesEach) {
        return (int) number(what, 0, (end - at) / bytesEach);
    }

    /** Reads a length and so many bytes. */
    byte[] string(String what) {
        return bytes(count(what, 1));
    }

    byte[] bytes(int length) {
        if (length > end - at) {
            throw corrupt(length + " bytes", (end - at) + " bytes");
        }
        at += length;
        return Arrays.copyOfRange(bytes, at - length, at);
    }

    void end() {
        if (at != end) {
            throw new CorruptionException(file, fileOffset + at, "the end of the block", (end - at) + " more bytes");
        }
    }

    CorruptionException corrupt(String expected, String found) {
        return new CorruptionException(file, fileOffset + at, expected, found);
    }
}
