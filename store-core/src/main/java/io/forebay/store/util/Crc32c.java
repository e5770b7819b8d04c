package io.forebay.store.util;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC-32C in the masked form in which it is stored: rotated right by 15 bits, plus a constant. Without the mask, the checksum
 * of bytes that contain checksums of the same kind would be weak, and a run of zeros would be valid.
 */
public final class Crc32c {
    private static final int MASK = 0xA282EAD8;

    private Crc32c() {}

    public static int masked(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return mask((int) crc.getValue());
    }

    /** The masked checksum of the bytes between position and limit; the position moves to the limit. */
    public static int masked(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return mask((int) crc.getValue());
    }

    public static int masked(Slab slab, int offset, int length) {
        return masked(slab.slice(offset, length));
    }

    /** The stored form of a plain CRC-32C. */
    public static int mask(int crc) {
        return ((crc >>> 15) | (crc << 17)) + MASK;
    }
}
