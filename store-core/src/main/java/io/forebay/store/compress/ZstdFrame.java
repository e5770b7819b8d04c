package io.forebay.store.compress;

/**
 * The structure of a Zstandard frame (RFC 8878): a header, then blocks. Each block has its length, and its kind: the content
 * itself, one byte that repeats so often, or compressed content of at most {@value #MOST_BLOCK_BYTES} bytes. Used by one
 * thread.
 */
final class ZstdFrame {
    private static final int MAGIC = 0xFD2FB528;
    private static final int MOST_BLOCK_BYTES = 128 << 10;
    private static final int RAW = 0;
    private static final int REPEATED = 1;
    private static final int COMPRESSED = 2;
    private static final int[] DICTIONARY_BYTES = {0, 1, 2, 4};

    private final byte[] bytes;
    private final int end;
    private int at;

    private ZstdFrame(byte[] bytes, int at, int end) {
        this.bytes = bytes;
        this.at = at;
        this.end = end;
    }

    static long mostContent(byte[] payload, int at, int length) throws BadPayloadException {
        ZstdFrame frame = new ZstdFrame(payload, at, at + length);
        long said = frame.header();
        long most = frame.blocks();
        return said < 0 ? most : Math.min(said, most);
    }

    /** @return the content length in the header; negative when it has none */
    private long header() throws BadPayloadException {
        if (number(4) != (MAGIC & 0xFFFFFFFFL)) {
            throw new BadPayloadException("no Zstandard frame");
        }
        int descriptor = (int) number(1);
        boolean single = (descriptor & 0x20) != 0;
        if (!single) {
            number(1);
        }
        number(DICTIONARY_BYTES[descriptor & 3]);
        return switch (descriptor >>> 6) {
            case 0 -> single ? number(1) : -1;
            case 1 -> number(2) + 256;
            case 2 -> number(4);
            default -> number(8);
        };
    }

    private long blocks() throws BadPayloadException {
        long most = 0;
        while (true) {
            int block = (int) number(3);
            int size = block >>> 3;
            switch (block >>> 1 & 3) {
                case RAW -> {
                    skip(size);
                    most += size;
                }
                case REPEATED -> {
                    skip(1);
                    most += Math.min(size, MOST_BLOCK_BYTES);
                }
                case COMPRESSED -> {
                    skip(size);
                    most += MOST_BLOCK_BYTES;
                }
                default -> throw new BadPayloadException("a Zstandard block of an unknown kind");
            }
            if ((block & 1) != 0) {
                return most;
            }
        }
    }

    /** Reads a number of {@code count} bytes, the least significant first. */
    private long number(int count) throws BadPayloadException {
        int from = at;
        skip(count);
        long value = 0;
        for (int i = count - 1; i >= 0; i--) {
            value = value << 8 | bytes[from + i] & 0xFF;
        }
        return value;
    }

    private void skip(int count) throws BadPayloadException {
        if (count > end - at) {
            throw new BadPayloadException("a Zstandard frame that ends too early");
        }
        at += count;
    }
}
