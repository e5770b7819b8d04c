package io.forebay.store.compress;

import io.forebay.store.Compression;

/** A compression algorithm. Thread-safe. */
public abstract class Codec {
    /** Result of {@link #compress} when the payload does not fit. */
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

    /**
     * The type of a block in its trailer; fixed on disk, see docs/format/sst.md. Never 0, which stands for a block that is
     * stored as it is.
     */
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
     * The most bytes that the content of a payload can have, from its structure. This needs no memory, however much the payload
     * claims.
     *
     * @throws BadPayloadException when it is no payload of this codec
     */
    public abstract long mostContent(byte[] payload, int at, int length) throws BadPayloadException;

    /**
     * Decompresses {@code payload[at, at + length)} to exactly {@code content[contentAt, contentAt + contentLength)}.
     *
     * @throws BadPayloadException when the bytes are no payload of this codec, or one with another content length
     */
    public abstract void decompress(
            byte[] payload, int at, int length, byte[] content, int contentAt, int contentLength)
            throws BadPayloadException;
}
