package io.forebay.store.compress;

import io.forebay.store.Compression;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** The LZ4 block format without a frame. Uses the pure and bounds-checked Java of the library, never its native code. */
final class Lz4Codec extends Codec {
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
            // The library's only way to say that there is too little room.
            return TOO_LARGE;
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
