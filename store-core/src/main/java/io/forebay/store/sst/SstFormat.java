package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.sst.filter.BlockedBloom;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.FormatVersion;
import java.nio.ByteBuffer;

/**
 * The layout of an SST, and its plain footer. {@link SstWriter} writes files, {@link SstReader} reads them, {@link SstBlocks}
 * their blocks.
 *
 * <pre>
 * Sst          --> DataBlock*, Tail
 * Tail         --> FilterBlock*, IndexBlock^Partitions, TopIndex, Tombstones?, Properties, Footer
 * DataBlock    --> {@link io.forebay.store.sst.block.BlockBuilder block} of entries, Trailer
 * FilterBlock  --> up to 63 lines of a {@link BlockedBloom filter} over the distinct keys of a partition, Trailer
 * IndexBlock   --> block with an entry for each data block of a partition: separator to BlockPlace, Trailer
 * BlockPlace   --> ContentLength:u32?, End:u32; the length only in files with compressed blocks, without trailer
 * TopIndex     --> {@link TopIndex}, Trailer
 * Tombstones   --> {@link TombstoneBlock}, Trailer; only when there are range deletes
 * Properties   --> {@link PropertiesBlock}, Trailer
 * Trailer      --> {@link BlockTrailer}
 * Footer       --> Offsets, Version:u32, Checksum:u32, Magic:u64
 * Offsets      --> TailOffset:u64, TopIndexOffset:u64, TombstonesOffset:u64, PropertiesOffset:u64
 * </pre>
 *
 * <pre>
 *   0                          |&lt;--------------------------------- tail ---------------------------------&gt;|
 *   | data | data | data | data | filter 0 | filter 1 | index 0 | index 1 | top index | tombstones | properties | footer |
 *   |&lt; partition 0 &gt;||&lt; partition 1 &gt;|                                      |&lt;------------ read at the open ----------&gt;|
 *
 *   point read:  footer --&gt; top index --&gt; filter line --&gt; index block of the partition --&gt; data block
 *                (in memory, as are tombstones     |------------- through the block cache -----------|
 *                 and properties)
 * </pre>
 *
 * All that is not a data block lies in the tail, so one ranged read gets it, and a scan reads nothing else than data. What is
 * read to open the file is its end.
 *
 * <p>In a file with compression a data block is compressed if that pays; the {@link BlockTrailer} says so. In an encrypted file
 * every block is a {@link FileCipher message} at the offset of the block, whose kind is the type in its trailer, and the footer
 * is an {@link EncryptedFooter}.
 *
 * <p>The footer's checksum is the masked CRC-32C of all footer bytes before it. Every version keeps the length of the footer
 * and its last 16 bytes, so that a reader can tell a newer file from a damaged one.
 *
 * @param tailOffset where the data blocks end and the filters start
 * @param topIndexOffset where the index blocks end and the top index starts
 * @param tombstonesOffset where the range deletes start; equal to {@code propertiesOffset} when there are none
 * @param propertiesOffset where the properties start; they end at the footer
 */
record SstFormat(long tailOffset, long topIndexOffset, long tombstonesOffset, long propertiesOffset) {
    /** "FOREBAYS". */
    static final long MAGIC = 0x464F524542415953L;

    static final int OFFSETS_BYTES = 32;
    static final int FOOTER_BYTES = OFFSETS_BYTES + 16;
    private static final int CHECKED_BYTES = OFFSETS_BYTES + 4;
    private static final int VERSION_FROM_END = 16;

    /**
     * The size, with the trailer, at which index and filter blocks are closed, whatever the size of data blocks is. An index
     * block may be longer by the prefix of its keys.
     */
    static final int META_BLOCK_BYTES = 4096;

    static final int LINES_PER_FILTER_BLOCK = (META_BLOCK_BYTES - BlockTrailer.BYTES) / BlockedBloom.LINE_BYTES;

    byte[] encode() {
        ByteBuffer footer = ByteBuffer.allocate(FOOTER_BYTES);
        putOffsets(footer);
        footer.putInt(FormatVersion.CURRENT);
        footer.putInt(Crc32c.masked(footer.array(), 0, CHECKED_BYTES)).putLong(MAGIC);
        return footer.array();
    }

    void putOffsets(ByteBuffer into) {
        into.putLong(tailOffset)
                .putLong(topIndexOffset)
                .putLong(tombstonesOffset)
                .putLong(propertiesOffset);
    }

    /** The offsets as they were read, not checked. */
    static SstFormat ofOffsets(ByteBuffer in) {
        return new SstFormat(in.getLong(), in.getLong(), in.getLong(), in.getLong());
    }

    /** @param footer the last {@link #FOOTER_BYTES} bytes of a file of {@code size} bytes */
    static SstFormat decode(byte[] footer, String file, long size) {
        ByteBuffer in = ByteBuffer.wrap(footer);
        SstFormat format = ofOffsets(in);
        int version = in.getInt();
        int expected = in.getInt();
        long magic = in.getLong();
        if (magic != MAGIC) {
            throw new CorruptionException(file, size - 8, "magic " + Long.toHexString(MAGIC), Long.toHexString(magic));
        }
        int found = Crc32c.masked(footer, 0, CHECKED_BYTES);
        if (expected != found) {
            throw new CorruptionException(
                    file,
                    size - FOOTER_BYTES,
                    "footer checksum " + Integer.toHexString(expected),
                    Integer.toHexString(found));
        }
        format.check(version, size - FOOTER_BYTES, file, size);
        return format;
    }

    /** @param begin offset of the footer in the file, which is {@code size} bytes long */
    void check(int version, long begin, String file, long size) {
        checkVersion(version, file, size);
        boolean ordered = tailOffset >= 0
                && tailOffset <= topIndexOffset
                && topIndexOffset < tombstonesOffset
                && tombstonesOffset <= propertiesOffset
                && propertiesOffset < begin;
        if (!ordered) {
            throw new CorruptionException(file, begin, "ascending offsets", toString());
        }
    }

    static void checkVersion(int version, String file, long size) {
        FormatVersion.check(version, "SST " + file, file, size - VERSION_FROM_END);
    }

    /**
     * Bytes that a block takes in the file beyond its content.
     *
     * @param cipher null for a plain file
     */
    static int overhead(FileCipher cipher) {
        return BlockTrailer.BYTES + (cipher == null ? 0 : FileCipher.TAG_BYTES);
    }

    /** Bytes of an index entry's value. */
    static int placeBytes(boolean sized) {
        return sized ? 2 * Integer.BYTES : Integer.BYTES;
    }

    /** Bytes that a filter of so many lines takes in a plain file. */
    static long filterBytes(int lines) {
        return filterBytes(lines, overhead(null));
    }

    /** Bytes that a filter of so many lines takes in the file. */
    static long filterBytes(int lines, int overhead) {
        return (long) lines * BlockedBloom.LINE_BYTES + (long) filterBlocks(lines) * overhead;
    }

    static int filterBlocks(int lines) {
        return (int) (((long) lines + LINES_PER_FILTER_BLOCK - 1) / LINES_PER_FILTER_BLOCK);
    }
}
