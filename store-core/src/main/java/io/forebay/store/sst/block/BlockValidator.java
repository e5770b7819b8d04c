package io.forebay.store.sst.block;

import io.forebay.store.CorruptionException;
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
        int count = block.getShort(begin);
        int widths = block.getByte(begin + BlockFormat.WIDTHS_AT) & 0xFF;
        require(count > 0, begin, "at least one entry", count);
        require((widths >>> 4) <= 8 && (widths & 15) <= 8, begin + BlockFormat.WIDTHS_AT, "two widths to 8", widths);
        int at = BlockFormat.prefixLengthAt(block, begin);
        long prefixLength = varint(at, end);
        int headsAt = skipVarint(at);
        long fixedBytes = prefixLength + (long) count * (BlockFormat.HEAD_BYTES + BlockFormat.START_BYTES);
        require(fixedBytes <= end - headsAt, at, "prefix, heads and starts inside the block", fixedBytes);
        headsAt += (int) prefixLength;
        checkHeads(headsAt, count);
        checkEntries(headsAt + count * BlockFormat.HEAD_BYTES, count, (int) prefixLength, widths & 15);
    }

    private void checkHeads(int headsAt, int count) {
        int previous = block.getInt(headsAt);
        for (int i = 1; i < count; i++) {
            int head = block.getInt(headsAt + i * BlockFormat.HEAD_BYTES);
            require(Integer.compareUnsigned(previous, head) <= 0, headsAt + i * 4, "ascending heads", head);
            previous = head;
        }
    }

    private void checkEntries(int startsAt, int count, int prefixLength, int deltaBytes) {
        int entriesAt = startsAt + count * BlockFormat.START_BYTES;
        int start = block.getShort(startsAt);
        require(start == 0, startsAt, "start 0 of the first entry", start);
        for (int i = 0; i < count; i++) {
            int nextAt = startsAt + (i + 1) * BlockFormat.START_BYTES;
            int next = i + 1 < count ? block.getShort(nextAt) : end - entriesAt;
            require(next > start && next <= end - entriesAt, nextAt, "ascending starts inside the block", next);
            int headAt = startsAt - (count - i) * BlockFormat.HEAD_BYTES;
            checkEntry(entriesAt + start, entriesAt + next, prefixLength, deltaBytes, headAt);
            start = next;
        }
    }

    private void checkEntry(int at, int entryEnd, int prefixLength, int deltaBytes, int headAt) {
        long meta = varint(at, entryEnd);
        int kind = (int) meta & BlockFormat.KIND_MASK;
        long suffix = meta >>> BlockFormat.SUFFIX_SHIFT;
        long needed = Math.max(0, suffix - BlockFormat.HEAD_BYTES)
                + ((meta & BlockFormat.ZERO_SEQUENCE) != 0 ? 0 : deltaBytes);
        require(ValueKind.isKnown((byte) kind), at, "a kind of entry", kind);
        require(needed <= entryEnd - skipVarint(at), at, "key and sequence inside the entry", needed);
        require(prefixLength + suffix <= Integer.MAX_VALUE - 64, at, "a key length", prefixLength + suffix);
        if (suffix < BlockFormat.HEAD_BYTES) {
            // With other bytes, a search would not find the key, and a cursor would show it.
            int padding = block.getInt(headAt) << (Byte.SIZE * (int) suffix);
            require(padding == 0, headAt, "zeros after a short suffix", padding);
        }
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
        throw new CorruptionException(file, fileOffset + (at - begin), "a number that ends", "none");
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
