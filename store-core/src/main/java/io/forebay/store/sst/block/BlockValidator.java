package io.forebay.store.sst.block;

import io.forebay.store.CorruptionException;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.util.Slab;

/**
 * Checks once, when a block enters memory, that every offset and length in it stays inside of it. So a search needs no checks,
 * and a block that was written wrongly is reported by name instead of failing somewhere. Costs a few nanoseconds for each
 * entry.
 */
public final class BlockValidator {
    private final Slab block;
    private final int begin;
    private final int end;
    private final String file;
    private final long fileOffset;
    private int header;
    private int count;
    private int width;
    private long prefixLength;
    private int prefixEnd;
    private int headsAt;

    private BlockValidator(Slab block, int begin, int end, String file, long fileOffset) {
        this.block = block;
        this.begin = begin;
        this.end = end;
        this.file = file;
        this.fileOffset = fileOffset;
    }

    /**
     * Checks the block in {@code slab[at, at + length)}, without its trailer.
     *
     * @throws CorruptionException naming the file and the offset in it of what is wrong
     */
    public static void check(Slab slab, int at, int length, String file, long fileOffset) {
        new BlockValidator(slab, at, at + length, file, fileOffset).check();
    }

    private void check() {
        require(end - begin >= BlockFormat.MIN_BLOCK_BYTES, begin, "a block of entries", end - begin);
        header = BlockFormat.header(block, begin);
        count = BlockFormat.count(header);
        width = BlockFormat.headBytes(header);
        int shape = block.getByte(begin + BlockFormat.SHAPE_AT) & 0xFF;
        int widths = block.getByte(begin + BlockFormat.WIDTHS_AT) & 0xFF;
        require(count > 0, begin, "at least one entry", count);
        require(
                width > 0 && (shape & ~(BlockFormat.GATHERED | 7)) == 0,
                begin + BlockFormat.SHAPE_AT,
                "a shape with heads of 1 to 7 bytes",
                shape);
        require((widths >>> 4) <= 8 && (widths & 15) <= 8, begin + BlockFormat.WIDTHS_AT, "two widths to 8", widths);
        int at = BlockFormat.prefixLengthAt(begin, header);
        prefixLength = varint(at, end);
        int prefixAt = skipVarint(at);
        long fixedBytes =
                prefixLength + BlockFormat.positionBytes(header) + (long) count * (BlockFormat.START_BYTES + width);
        require(fixedBytes <= end - prefixAt, at, "prefix, positions, starts and heads inside the block", fixedBytes);
        prefixEnd = prefixAt + (int) prefixLength;
        headsAt = BlockHeads.headsAt(prefixEnd, header);
        checkPositions();
        checkHeads();
        checkEntries(BlockHeads.startsAt(prefixEnd, header), BlockHeads.entriesAt(prefixEnd, header));
    }

    private void checkPositions() {
        int previous = -1;
        for (int i = 0; i < BlockFormat.positionBytes(header); i++) {
            int position = block.getByte(prefixEnd + i) & 0xFF;
            require(position > previous, prefixEnd + i, "rising positions", position);
            previous = position;
        }
    }

    private void checkHeads() {
        long previous = 0;
        for (int i = 0; i < count; i++) {
            long head = BlockHeads.head(block, headsAt, width, i);
            require(previous <= head, headsAt + i * width, "ascending heads", head);
            previous = head;
        }
    }

    private void checkEntries(int startsAt, int entriesAt) {
        int start = block.getShort(startsAt);
        require(start == 0, startsAt, "start 0 of the first entry", start);
        for (int i = 0; i < count; i++) {
            int nextAt = startsAt + (i + 1) * BlockFormat.START_BYTES;
            int next = i + 1 < count ? block.getShort(nextAt) : end - entriesAt;
            require(next > start && next <= end - entriesAt, nextAt, "ascending starts inside the block", next);
            checkEntry(entriesAt + start, entriesAt + next, i);
            start = next;
        }
    }

    private void checkEntry(int at, int entryEnd, int index) {
        long meta = varint(at, entryEnd);
        int kind = (int) meta & BlockFormat.KIND_MASK;
        long suffix = meta >>> BlockFormat.SUFFIX_SHIFT;
        int deltaBytes = (meta & BlockFormat.ZERO_SEQUENCE) != 0 ? 0 : BlockFormat.deltaBytes(header);
        long needed = Math.max(0, suffix - BlockFormat.elidedBytes(header)) + deltaBytes;
        int restAt = skipVarint(at);
        require(needed <= entryEnd - restAt, at, "key and sequence inside the entry", needed);
        if (kind == ValueKind.REFERENCE) {
            long reference = entryEnd - restAt - needed;
            boolean possible = reference > 0 && reference <= PointLookup.MAX_REFERENCE_BYTES;
            require(possible, at, "a reference of at most " + PointLookup.MAX_REFERENCE_BYTES + " bytes", reference);
        }
        require(prefixLength + suffix <= Integer.MAX_VALUE - 64, at, "a key length", prefixLength + suffix);
        // With another head, a search would not find the key, and a cursor would show it.
        long head = BlockHeads.head(block, headsAt, width, index);
        if (BlockFormat.isGathered(header)) {
            require(head == gather(restAt, (int) suffix), headsAt + index * width, "the bytes at the positions", head);
        } else if (suffix < width) {
            long padding = head & (-1L >>> (8 * (Long.BYTES - width + (int) suffix)));
            require(padding == 0, headsAt + index * width, "zeros after a short suffix", padding);
        }
    }

    /** The head of the suffix at {@code suffixAt} in a gathered block. */
    private long gather(int suffixAt, int suffixLength) {
        long head = 0;
        for (int i = 0; i < width; i++) {
            int position = block.getByte(prefixEnd + i) & 0xFF;
            head = head << 8 | (position < suffixLength ? block.getByte(suffixAt + position) & 0xFF : 0);
        }
        return head;
    }

    /** Reads the number of at most 31 bits at {@code at}, which must end before {@code bound}. */
    private long varint(int at, int bound) {
        long value = 0;
        for (int i = 0; i < 5 && at + i < bound; i++) {
            byte next = block.getByte(at + i);
            value |= (next & 0x7FL) << (7 * i);
            if (next >= 0) {
                require(value <= Integer.MAX_VALUE, at, "a length", value);
                require(next != 0 || i == 0, at, "a number in its shortest form", i + 1);
                return value;
            }
        }
        // The place may lie behind the block, when what comes before it is damaged.
        throw new CorruptionException(file, fileOffset + (Math.min(at, end) - begin), "a number that ends", "none");
    }

    private int skipVarint(int at) {
        int next = at;
        while (block.getByte(next) < 0) {
            next++;
        }
        return next + 1;
    }

    private void require(boolean holds, int at, String expected, long found) {
        if (!holds) {
            throw new CorruptionException(file, fileOffset + (at - begin), expected, Long.toString(found));
        }
    }
}
