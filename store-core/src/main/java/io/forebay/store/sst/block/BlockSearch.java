package io.forebay.store.sst.block;

import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.util.Slab;
import io.forebay.store.util.Varint;
import java.lang.invoke.VarHandle;

/**
 * Searches a validated block in place, without objects. {@code at} is where the block starts in its slab, {@code end} is where
 * it ends without the trailer. Thread-safe, without state.
 */
public final class BlockSearch {
    /** The key is not in this block, or its last version is: no later block has versions of it. */
    public static final int ENDED = 0;
    /** The lookup is settled. */
    public static final int SETTLED = 1;
    /** The last entry of the block has the key, and the lookup needs older versions: the next block may start with some. */
    public static final int CONTINUES = 2;

    private static final int FRONT_BYTES = 256;
    private static final int UNLIKELY = 0x5E1DB0B5;

    private BlockSearch() {}

    public static int count(Slab block, int at) {
        return BlockFormat.count(BlockFormat.header(block, at));
    }

    /** Index of the first entry whose key is at or after {@code key}; {@link #count} when there is none. */
    public static int lowerBound(Slab block, int at, byte[] key, int offset, int length) {
        int header = BlockFormat.header(block, at);
        int prefixLengthAt = BlockFormat.prefixLengthAt(at, header);
        int prefixLength = Varint.getInt(block, prefixLengthAt);
        int prefixAt = prefixLengthAt + Varint.size(prefixLength);
        return lowerBound(block, prefixAt, prefixLength, header, key, offset, length);
    }

    static int lowerBound(Slab block, int prefixAt, int prefixLength, int header, byte[] key, int offset, int length) {
        if (prefixLength > 0) {
            int byPrefix = block.compare(prefixAt, prefixLength, key, offset, Math.min(prefixLength, length));
            if (byPrefix != 0) {
                return byPrefix > 0 ? 0 : BlockFormat.count(header);
            }
        }
        return BlockHeads.lowerBound(
                block, prefixAt + prefixLength, header, key, offset + prefixLength, length - prefixLength);
    }

    /**
     * Touches the first cache lines of a block, where header, starts and heads are, so that memory delivers them at the same
     * time, and not one after the other when the search comes to them.
     */
    static void askForFront(Slab block, int at, int end) {
        if (end - at >= FRONT_BYTES) {
            int mix = block.getInt(at + 64) ^ block.getInt(at + 128) ^ block.getInt(at + 192);
            if (mix == UNLIKELY) {
                // Has no effect but that the compiler must keep the loads.
                VarHandle.loadLoadFence();
            }
        }
    }

    /** Where entry {@code index} ends, and with it its value. */
    public static int valueEnd(Slab block, int at, int end, int index) {
        int header = BlockFormat.header(block, at);
        return entryEnd(block, prefixEnd(block, at, header), end, header, index);
    }

    private static int entryEnd(Slab block, int prefixEnd, int end, int header, int index) {
        return index + 1 < BlockFormat.count(header) ? BlockHeads.entryAt(block, prefixEnd, header, index + 1) : end;
    }

    /** Bytes of the value of entry {@code index}, in a block without sequences. */
    public static int valueLength(Slab block, int at, int end, int index) {
        int header = BlockFormat.header(block, at);
        int prefixEnd = prefixEnd(block, at, header);
        int entryAt = BlockHeads.entryAt(block, prefixEnd, header, index);
        int meta = Varint.getInt(block, entryAt);
        int valueAt = entryAt + Varint.size(meta) + restBytes(meta, header);
        return entryEnd(block, prefixEnd, end, header, index) - valueAt;
    }

    private static int prefixEnd(Slab block, int at, int header) {
        int prefixLengthAt = BlockFormat.prefixLengthAt(at, header);
        int prefixLength = Varint.getInt(block, prefixLengthAt);
        return prefixLengthAt + Varint.size(prefixLength) + prefixLength;
    }

    private static int restBytes(int meta, int header) {
        return Math.max(0, (meta >>> BlockFormat.SUFFIX_SHIFT) - BlockFormat.elidedBytes(header));
    }

    /**
     * Offers the versions of the key of {@code lookup} in this block to it, newest first, except versions above its limit.
     *
     * @param overrideSequence if not negative, the sequence of all entries
     * @return {@link #ENDED}, {@link #SETTLED} or {@link #CONTINUES}
     */
    public static int offer(Slab block, int at, int end, PointLookup lookup, long overrideSequence) {
        askForFront(block, at, end);
        byte[] key = lookup.key();
        int length = lookup.length();
        int header = BlockFormat.header(block, at);
        int prefixLengthAt = BlockFormat.prefixLengthAt(at, header);
        int prefixLength = Varint.getInt(block, prefixLengthAt);
        int prefixAt = prefixLengthAt + Varint.size(prefixLength);
        if (prefixLength > 0
                && (length < prefixLength
                        || block.compare(prefixAt, prefixLength, key, lookup.offset(), prefixLength) != 0)) {
            return ENDED;
        }
        int prefixEnd = prefixAt + prefixLength;
        int suffixAt = lookup.offset() + prefixLength;
        int suffixLength = length - prefixLength;
        int index = BlockHeads.find(block, prefixEnd, header, key, suffixAt, suffixLength);
        if (index < 0) {
            return ENDED;
        }
        while (!offerEntry(block, at, end, prefixEnd, header, index, lookup, overrideSequence)) {
            if (++index == BlockFormat.count(header)) {
                return CONTINUES;
            }
            if (!BlockHeads.hasHeadOfPrevious(block, prefixEnd, header, index)
                    || BlockHeads.compare(block, prefixEnd, header, index, key, suffixAt, suffixLength) != 0) {
                return ENDED;
            }
        }
        return SETTLED;
    }

    private static boolean offerEntry(
            Slab block,
            int at,
            int end,
            int prefixEnd,
            int header,
            int index,
            PointLookup lookup,
            long overrideSequence) {
        int next = BlockHeads.entryAt(block, prefixEnd, header, index);
        int entryEnd = entryEnd(block, prefixEnd, end, header, index);
        int meta = Varint.getInt(block, next);
        next += Varint.size(meta) + restBytes(meta, header);
        long sequence = 0;
        if ((meta & BlockFormat.ZERO_SEQUENCE) == 0) {
            int deltaBytes = BlockFormat.deltaBytes(header);
            sequence = BlockFormat.sequenceBase(block, at, header) + BlockFormat.sequenceDelta(block, next, deltaBytes);
            next += deltaBytes;
        }
        if (overrideSequence >= 0) {
            sequence = overrideSequence;
        }
        if (sequence > lookup.limit()) {
            return false;
        }
        int kind = meta & BlockFormat.KIND_MASK;
        return kind == ValueKind.REFERENCE
                ? lookup.offerReference(sequence, block, next, entryEnd - next)
                : lookup.offer((byte) kind, sequence, block, next, entryEnd - next);
    }
}
