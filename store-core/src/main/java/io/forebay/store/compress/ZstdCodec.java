package io.forebay.store.compress;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.forebay.store.Compression;

/** A Zstandard frame without a checksum. The only class that touches the library, which may be absent. */
final class ZstdCodec extends Codec {
    private static final int LEVEL = 3;

    ZstdCodec(byte id) {
        super(Compression.ZSTD, id);
        // Loads the native code, so that its absence shows here and not in the middle of a flush.
        Zstd.compressBound(0);
    }

    @Override
    public int compress(byte[] content, int at, int length, byte[] payload, int payloadAt, int room) {
        try {
            long written = Zstd.compressByteArray(payload, payloadAt, room, content, at, length, LEVEL);
            return (int) written;
        } catch (ZstdException e) {
            if (e.getErrorCode() == Zstd.errDstSizeTooSmall()) {
                return TOO_LARGE;
            }
            throw e;
        }
    }

    @Override
    public void decompress(byte[] payload, int at, int length, byte[] content, int contentAt, int contentLength)
            throws BadPayloadException {
        long found;
        try {
            found = Zstd.decompressByteArray(content, contentAt, contentLength, payload, at, length);
        } catch (ZstdException e) {
            throw new BadPayloadException("no Zstandard frame of that length (" + e.getMessage() + ")");
        }
        if (found != contentLength) {
            throw new BadPayloadException("a Zstandard frame of " + found + " bytes");
        }
    }
}
