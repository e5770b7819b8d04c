package io.forebay.store.sst.block;

import io.forebay.store.CorruptionException;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.Slab;
import java.util.zip.CRC32C;

/**
 * The trailer, which follows every block of an SST. Thread-safe, without state.
 *
 * <pre>
 * Trailer  --> Type:u8, Checksum:u32
 * Checksum --> masked CRC-32C of block and type, exclusive-or the offset of the block in the file (both halves of it)
 * </pre>
 *
 * The offset is part of the checksum, so that a block which was written to, or is read from, the wrong place of a file is
 * noticed. Type 0 is a block that is stored as it is; other types say how the block is compressed, see
 * {@link io.forebay.store.compress.Codecs}.
 */
public final class BlockTrailer {
    public static final int BYTES = 5;
    public static final byte STORED = 0;

    private BlockTrailer() {}

    /** The checksum of a block at file offset {@code blockOffset}; {@code crc} has seen the block and its type. */
    public static int checksum(CRC32C crc, long blockOffset) {
        return Crc32c.mask((int) crc.getValue()) ^ (int) (blockOffset ^ (blockOffset >>> 32));
    }

    /**
     * Checks the trailer of a block that is stored as it is and was read, with its trailer, to {@code slab[at, at + length)}.
     *
     * @throws CorruptionException when the block is too short, the checksum differs, or the type is another one
     */
    public static void verify(Slab slab, int at, int length, String file, long blockOffset) {
        byte type = verifyType(slab, at, length, file, blockOffset);
        if (type != STORED) {
            throw unknownType(type, length, file, blockOffset);
        }
    }

    /** As {@link #verify}, for a block of any type. @return the type */
    public static byte verifyType(Slab slab, int at, int length, String file, long blockOffset) {
        if (length < BYTES) {
            throw new CorruptionException(
                    file, blockOffset, "a block of at least " + BYTES + " bytes", length + " bytes");
        }
        CRC32C crc = new CRC32C();
        crc.update(slab.slice(at, length - 4));
        int expected = slab.getInt(at + length - 4);
        int found = checksum(crc, blockOffset);
        if (expected != found) {
            throw new CorruptionException(
                    file,
                    blockOffset,
                    "checksum " + Integer.toHexString(expected) + " of a block of " + length + " bytes",
                    Integer.toHexString(found));
        }
        return slab.getByte(at + length - BYTES);
    }

    public static CorruptionException unknownType(byte type, int length, String file, long blockOffset) {
        return new CorruptionException(
                file, blockOffset + length - BYTES, "a block type that belongs here", "type " + type);
    }
}
