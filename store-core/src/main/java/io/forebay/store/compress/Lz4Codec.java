package io.forebay.store.compress;

import io.forebay.store.Compression;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * The LZ4 block format without a frame. Uses the bounds-checked Java code of the library, never its native code. Thread-safe.
 */
final class Lz4Codec extends Codec {
    private static final int OFFSET_BYTES = 2;
    private static final int LEAST_MATCH = 4;

    private final LZ4Compressor compressor;
    private final LZ4SafeDecompressor decompressor;

    Lz4Codec(byte id) {
        super(Compression.LZ4, id);
        LZ4Factory library = LZ4Factory.safeInstance();
        compressor = library.fastCompressor();
        decompressor = library.safeDecompressor();
    }

    @Override
    public int compress(byte[] content, int at, int length, byte[] payload, int payloadAt, int room) {
        try {
            return compressor.compress(content, at, length, payload, payloadAt, room);
        } catch (LZ4Exception e) {
            // In this way the library reports too little room.
            return TOO_LARGE;
        }
    }

    /** The exact length: a block is a sequence of literals and matches with their lengths. */
    @Override
    public long mostContent(byte[] payload, int at, int length) throws BadPayloadException {
        Tokens in = new Tokens(payload, at, at + length);
        long content = 0;
        while (true) {
            int token = in.next();
            long literals = in.length(token >>> 4);
            content += literals;
            in.skip(literals);
            if (in.isAtEnd()) {
                return content;
            }
            in.skip(OFFSET_BYTES);
            content += in.length(token & 0xF) + LEAST_MATCH;
        }
    }

    /** Reads the bytes of a block one by one. */
    private static final class Tokens {
        private static final int MORE = 0xF;
        private final byte[] bytes;
        private final int end;
        private int at;

        Tokens(byte[] bytes, int at, int end) {
            this.bytes = bytes;
            this.at = at;
            this.end = end;
        }

        boolean isAtEnd() {
            return at == end;
        }

        int next() throws BadPayloadException {
            if (at == end) {
                throw new BadPayloadException("an LZ4 block that ends too early");
            }
            return bytes[at++] & 0xFF;
        }

        /** The length in half a token and in the bytes that continue it. */
        long length(int half) throws BadPayloadException {
            long length = half;
            for (int more = half == MORE ? 255 : 0; more == 255; ) {
                more = next();
                length += more;
            }
            return length;
        }

        void skip(long count) throws BadPayloadException {
            if (count > end - at) {
                throw new BadPayloadException("an LZ4 block that ends too early");
            }
            at += (int) count;
        }
    }

    @Override
    public void decompress(byte[] payload, int at, int length, byte[] content, int contentAt, int contentLength)
            throws BadPayloadException {
        int found;
        try {
            found = decompressor.decompress(payload, at, length, content, contentAt, contentLength);
        } catch (LZ4Exception | IndexOutOfBoundsException e) {
            throw new BadPayloadException("no LZ4 block of that length");
        }
        if (found != contentLength) {
            throw new BadPayloadException("an LZ4 block of " + found + " bytes");
        }
    }
}
