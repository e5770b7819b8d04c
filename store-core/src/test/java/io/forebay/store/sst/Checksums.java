package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.sst.block.BlockValidator;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Makes the checksums of a damaged SST right again, as far as its blocks can be found, so that what is behind them is
 * attacked as well.
 */
final class Checksums {
    private static final int FOOTER_CHECKSUM_AT = SstFormat.OFFSETS_BYTES + 4;

    private final byte[] file;

    private Checksums(byte[] file) {
        this.file = file;
    }

    static void repair(byte[] file) {
        try {
            new Checksums(file).repairAll();
        } catch (CorruptionException | FormatTooNewException | FormatTooOldException e) {
            // What cannot be found stays as it is; the reader will meet the same.
            return;
        }
    }

    /** Of the footer in the last bytes of {@code bytes}. */
    static void repairFooter(byte[] bytes) {
        int at = bytes.length - SstFormat.FOOTER_BYTES;
        if (at >= 0) {
            ByteBuffer.wrap(bytes).putInt(at + FOOTER_CHECKSUM_AT, Crc32c.masked(bytes, at, FOOTER_CHECKSUM_AT));
        }
    }

    private void repairAll() {
        if (file.length < SstFormat.FOOTER_BYTES) {
            return;
        }
        repairFooter(file);
        int end = file.length - SstFormat.FOOTER_BYTES;
        byte[] footer = new byte[SstFormat.FOOTER_BYTES];
        System.arraycopy(file, end, footer, 0, footer.length);
        SstFormat format = SstFormat.decode(footer, "f", file.length);
        int topAt = (int) format.topIndexOffset();
        int topEnd = (int) format.tombstonesOffset();
        repairBlock(topAt, topEnd);
        repairBlock(topEnd, (int) format.propertiesOffset());
        repairBlock((int) format.propertiesOffset(), end);
        byte[] top = new byte[Math.max(0, topEnd - topAt - BlockTrailer.BYTES)];
        System.arraycopy(file, topAt, top, 0, top.length);
        partitions(new TopIndex(new FieldReader(top, top.length, "f", topAt), format.tailOffset(), topAt));
    }

    private void partitions(TopIndex top) {
        for (int partition = 0; partition < top.partitions(); partition++) {
            int indexAt = (int) top.indexOffset(partition);
            repairBlock(indexAt, indexAt + top.indexBytes(partition));
            for (int line = 0; line < top.filterLines(partition); line += SstFormat.LINES_PER_FILTER_BLOCK) {
                int ordinal = top.filterOrdinal(partition, line);
                int at = (int) top.filterOffset(ordinal);
                repairBlock(at, at + top.filterBytes(ordinal));
            }
        }
        for (int partition = 0; partition < top.partitions(); partition++) {
            dataBlocks(top, partition);
        }
    }

    private void dataBlocks(TopIndex top, int partition) {
        int at = (int) top.indexOffset(partition);
        int length = top.indexBytes(partition) - BlockTrailer.BYTES;
        Slab slab = new Slab(ByteBuffer.wrap(file));
        BlockValidator.check(slab, at, length, "f", at);
        int base = (int) top.dataOffset(partition);
        for (int i = 0; i < BlockSearch.count(slab, at); i++) {
            // The end of the block is all of the value, or the last number in it.
            if (BlockSearch.valueLength(slab, at, at + length, i) >= Integer.BYTES) {
                long begin = base + SstBlocks.startOfData(slab, at, at + length, i);
                long end = base + SstBlocks.endOfData(slab, at, at + length, i);
                if (end <= at) {
                    repairBlock((int) begin, (int) end);
                }
            }
        }
    }

    /** The block with its trailer in {@code [begin, end)}; its type stays. */
    private void repairBlock(int begin, int end) {
        if (begin < 0 || end - begin < BlockTrailer.BYTES || end > file.length) {
            return;
        }
        CRC32C crc = new CRC32C();
        crc.update(file, begin, end - begin - Integer.BYTES);
        ByteBuffer.wrap(file).putInt(end - Integer.BYTES, BlockTrailer.checksum(crc, begin));
    }
}
