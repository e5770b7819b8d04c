package io.forebay.store.compress;

import io.forebay.store.Compression;

/** One way to compress. Thread-safe. */
public abstract class Codec {
    /** What {@link #compress} returns when the payload would not fit. */
    public static final int TOO_LARGE = -1;

    private final Compression compression;
    private final byte id;

    Codec(Compression compression, byte id) {
        this.compression = compression;
        this.id = id;
    }

    public final Compression compression() {
        return compression;
    }

    /** The type of a block in its trailer; fixed on disk, see docs/format/sst.md. Never 0, which means stored as is. */
    public final byte id() {
        return id;
    }

    /**
     * Compresses {@code content[at, at + length)} to {@code payload[payloadAt, payloadAt + room)}.
     *
     * @return bytes of the payload, or {@link #TOO_LARGE}
     */
    public abstract int compress(byte[] content, int at, int length, byte[] payload, int payloadAt, int room);

    /**
     * How long the content of a payload is at the most, from a look at its structure: no memory is needed for that, however much
     * it claims.
     *
     * @throws BadPayloadException when it is no payload of this codec
     */
    public abstract long mostContent(byte[] payload, int at, int length) throws BadPayloadException;

    /**
     * Decompresses {@code payload[at, at + length)} to exactly {@code content[contentAt, contentAt + contentLength)}.
     *
     * @throws BadPayloadException when it is no payload of this codec, or one of another length
     */
    public abstract void decompress(
            byte[] payload, int at, int length, byte[] content, int contentAt, int contentLength)
            throws BadPayloadException;
}
