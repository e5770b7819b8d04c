package io.forebay.store.compress;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.forebay.store.Compression;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A Zstandard frame without a checksum. The only class that uses the library, which may be missing. Thread-safe.
 *
 * <p>To make a native workspace of the library takes several times longer than to decompress a block, so a few are kept: at
 * most {@value #KEPT} of each kind, of about 100 KiB each, outside of the memory budget. A thread takes a workspace out while
 * it uses it; when there is none in its place, it makes a new one.
 */
final class ZstdCodec extends Codec {
    private static final int LEVEL = 3;
    /** A power of two. */
    private static final int KEPT = 8;

    private final AtomicReferenceArray<ZstdCompressCtx> compressors = new AtomicReferenceArray<>(KEPT);
    private final AtomicReferenceArray<ZstdDecompressCtx> decompressors = new AtomicReferenceArray<>(KEPT);

    ZstdCodec(byte id) {
        super(Compression.ZSTD, id);
        // Loads the native code, so that its absence is reported here and not during a flush.
        Zstd.compressBound(0);
    }

    @Override
    public int compress(byte[] content, int at, int length, byte[] payload, int payloadAt, int room) {
        int place = place();
        ZstdCompressCtx context = compressors.getAndSet(place, null);
        if (context == null) {
            context = new ZstdCompressCtx().setLevel(LEVEL);
        }
        try {
            return context.compressByteArray(payload, payloadAt, room, content, at, length);
        } catch (ZstdException e) {
            if (e.getErrorCode() == Zstd.errDstSizeTooSmall()) {
                return TOO_LARGE;
            }
            throw e;
        } finally {
            if (!compressors.compareAndSet(place, null, context)) {
                context.close();
            }
        }
    }

    @Override
    public long mostContent(byte[] payload, int at, int length) throws BadPayloadException {
        return ZstdFrame.mostContent(payload, at, length);
    }

    @Override
    public void decompress(byte[] payload, int at, int length, byte[] content, int contentAt, int contentLength)
            throws BadPayloadException {
        int place = place();
        ZstdDecompressCtx context = decompressors.getAndSet(place, null);
        if (context == null) {
            context = new ZstdDecompressCtx();
        }
        int found;
        try {
            found = context.decompressByteArray(content, contentAt, contentLength, payload, at, length);
        } catch (ZstdException e) {
            throw new BadPayloadException("no Zstandard frame of that length (" + e.getMessage() + ")");
        } finally {
            if (!decompressors.compareAndSet(place, null, context)) {
                context.close();
            }
        }
        if (found != contentLength) {
            throw new BadPayloadException("a Zstandard frame of " + found + " bytes");
        }
    }

    private static int place() {
        return (int) Thread.currentThread().getId() & KEPT - 1;
    }
}
