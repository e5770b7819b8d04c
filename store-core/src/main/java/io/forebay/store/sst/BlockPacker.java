package io.forebay.store.sst;

import io.forebay.store.compress.Codec;
import io.forebay.store.sst.block.BlockBuilder;
import io.forebay.store.sst.block.BlockTrailer;
import java.nio.ByteBuffer;

/**
 * Compresses one data block at a time and keeps the result until it is written. A block that would shrink by less than an
 * eighth is stored as it is, because to decompress it would cost more than it saves. Used by one thread.
 */
final class BlockPacker {
    private static final int KEPT_BYTES = 65 << 10;
    private static final int LEAST_GAIN = 8;

    private final Codec codec;
    private byte[] content = new byte[8 << 10];
    private byte[] payload = new byte[8 << 10];
    private int contentLength;
    private boolean compressed;
    private int length;

    BlockPacker(Codec codec) {
        this.codec = codec;
    }

    /** Takes the block from the builder, which is empty after it. @return bytes of the payload */
    int pack(BlockBuilder builder) {
        int size = builder.size();
        room(size + BlockBuilder.SLACK);
        builder.finish(content, 0);
        return pack(size);
    }

    /** Takes a block of one entry. @return bytes of the payload */
    int packLone(byte[] key, int keyOffset, int keyLength, long sequence, byte kind, ByteBuffer value) {
        room(Math.addExact(BlockBuilder.loneSize(keyLength, sequence), value.remaining()));
        int at = BlockBuilder.putLone(content, 0, key, keyOffset, keyLength, sequence, kind);
        int valueLength = value.remaining();
        value.get(content, at, valueLength);
        return pack(at + valueLength);
    }

    private int pack(int size) {
        int packed = codec.compress(content, 0, size, payload, 0, size - size / LEAST_GAIN);
        contentLength = size;
        compressed = packed != Codec.TOO_LARGE;
        length = compressed ? packed : size;
        return length;
    }

    private void room(int size) {
        if (content.length < size) {
            content = new byte[size];
            payload = new byte[size];
        }
    }

    /** What was packed: {@code content[0, contentLength)}. */
    byte[] content() {
        return content;
    }

    int contentLength() {
        return contentLength;
    }

    /** The payload is {@code bytes[0, length)}. */
    byte[] bytes() {
        return compressed ? payload : content;
    }

    int length() {
        return length;
    }

    /** The type for the trailer. */
    byte type() {
        return compressed ? codec.id() : BlockTrailer.STORED;
    }

    /** Gives back the memory of a large block. */
    void release() {
        if (content.length > KEPT_BYTES) {
            content = new byte[KEPT_BYTES];
            payload = new byte[KEPT_BYTES];
        }
    }
}
