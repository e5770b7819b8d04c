package io.forebay.store.compress;

import com.github.luben.zstd.Zstd;
import io.forebay.store.Compression;

/** A Zstandard frame without a checksum. The only class that touches the library, which may be absent. */
final class ZstdCodec extends Codec {
    private static final int LEVEL = 3;

    ZstdCodec(byte id) {
        super(Compression.ZSTD, id);
        // Loads the native code, so that its absence shows here and not in the middle of a flush.
        Zstd.compressBound(0);
        Zstd.isError(Zstd.compressByteArray(new byte[64], 0, 64, new byte[1], 0, 1, LEVEL));
    }

    @Override
    public int compress(byte[] content, int at, int length, byte[] payload, int payloadAt, int room) {
        long written = Zstd.compressByteArray(payload, payloadAt, room, content, at, length, LEVEL);
        return Zstd.isError(written) ? TOO_LARGE : (int) written;
    }

    @Override
    public void decompress(byte[] payload, int at, int length, byte[] content, int contentAt, int contentLength)
            throws BadPayloadException {
        long found = Zstd.decompressByteArray(content, contentAt, contentLength, payload, at, length);
        if (Zstd.isError(found)) {
            throw new BadPayloadException("no Zstandard frame of that length (" + Zstd.getErrorName(found) + ")");
        }
        if (found != contentLength) {
            throw new BadPayloadException("a Zstandard frame of " + found + " bytes");
        }
    }
}
