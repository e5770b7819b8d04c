package io.forebay.store.sst;

import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.compress.BadPayloadException;
import io.forebay.store.compress.Codecs;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;

/**
 * Checks what the index of a file says of the lengths of its blocks, before memory is taken for them. Thread-safe.
 *
 * @param name of the file, for messages
 * @param encrypted true for a file whose index is authenticated, so that its claims are believed
 * @param mostContent the longest content that a data block may have according to the properties
 */
record ContentClaims(String name, Compression compression, boolean encrypted, long mostContent) {
    /** A block of one entry has fewer bytes than this besides key and value. */
    private static final int ENTRY_OVERHEAD = 128;
    /** A block that claims at most so much memory gets it without a check. */
    private static final int LEAST_BOLD_BYTES = 64 << 10;
    /** A block may claim to be so many times longer than its stored bytes without a check. */
    private static final int BOLD_RATIO = 8;

    static ContentClaims of(String name, SstMetadata metadata) {
        SstProperties properties = metadata.properties();
        return new ContentClaims(name, properties.compression(), metadata.cipher() != null, mostContent(properties));
    }

    /** A block is longer than the size at which blocks are closed only if it has a single entry. */
    private static long mostContent(SstProperties properties) {
        long entry = ENTRY_OVERHEAD + properties.rawKeyBytes() + properties.rawValueBytes();
        return entry < 0 ? Long.MAX_VALUE : Math.max(properties.blockBytes(), entry);
    }

    /** The index says how much memory a compressed block needs before the block is read, so that number must be plausible. */
    void checkPlausible(int content, int payload, long offset) {
        if (content < payload || content > Math.min(mostContent, Codecs.mostContent(compression, payload))) {
            throw new CorruptionException(
                    name, offset, "a content length that " + payload + " bytes may have", "" + content);
        }
    }

    /** True when the stored bytes have to be looked at before so much memory is taken for their content. */
    boolean isBold(int length, int content) {
        return !encrypted && content > LEAST_BOLD_BYTES && content / BOLD_RATIO > length;
    }

    /** Checks a claim against the stored bytes of the block. */
    void check(byte[] stored, int length, int content, long offset) {
        byte type = BlockTrailer.verifyType(new Slab(ByteBuffer.wrap(stored)), 0, length, name, offset);
        int payload = length - BlockTrailer.BYTES;
        long most = payload;
        if (type != BlockTrailer.STORED) {
            if (!Codecs.isId(type)) {
                throw BlockTrailer.unknownType(type, length, name, offset);
            }
            try {
                most = Codecs.ofBlock(type, name).mostContent(stored, 0, payload);
            } catch (BadPayloadException e) {
                throw new CorruptionException(
                        name, offset, "a block of " + content + " bytes of content", e.getMessage());
            }
        }
        if (content > most) {
            throw new CorruptionException(
                    name, offset, "a block of " + content + " bytes of content", "one of at most " + most);
        }
    }
}
