package io.forebay.store.sst.block;

import io.forebay.store.key.PointLookup;
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
        return block.getShort(at);
    }

    /** Index of the first entry whose key is at or after {@code key}; {@link #count} when there is none. */
    public static int lowerBound(Slab block, int at, byte[] key, int offset, int length) {
        int count = block.getShort(at);
        int prefixLengthAt = BlockFormat.prefixLengthAt(block, at);
        int prefixLength = Varint.getInt(block, prefixLengthAt);
        int headsAt = prefixLengthAt + Varint.size(prefixLength);
        if (prefixLength > 0) {
            int byPrefix = block.compare(headsAt, prefixLength, key, offset, Math.min(prefixLength, length));
            if (byPrefix != 0) {
                return byPrefix > 0 ? 0 : count;
            }
            headsAt += prefixLength;
        }
        int found = find(block, headsAt, count, key, offset + prefixLength, length - prefixLength);
        return found < 0 ? ~found : found;
    }

    /**
     * Searches a block for a suffix; {@code headsAt} is where its heads are.
     *
     * @return index of the first entry with this suffix; when there is none, {@code ~index} of the first entry after it
     */
    static int find(Slab block, int headsAt, int count, byte[] key, int suffixAt, int suffixLength) {
        int startsAt = headsAt + count * BlockFormat.HEAD_BYTES;
        long head = Slab.head(key, suffixAt, suffixLength) >>> 32;
        int low = 0;
        // Without branches, because none of them could be predicted.
        for (int left = count; left > 0; ) {
            int half = (left + 1) >>> 1;
            long other = block.getInt(headsAt + (low + half - 1) * BlockFormat.HEAD_BYTES) & 0xFFFFFFFFL;
            low += half & (int) ((other - head) >> 63);
            left -= half;
        }
        if (low == count || (block.getInt(headsAt + low * BlockFormat.HEAD_BYTES) & 0xFFFFFFFFL) != head) {
            return ~low;
        }
        int order = compareRest(block, startsAt, count, low, key, suffixAt, suffixLength);
        return order == 0
                ? low
                : order > 0 ? ~low : findAmongEqualHeads(block, headsAt, count, low + 1, key, suffixAt, suffixLength);
    }

    private static int findAmongEqualHeads(
            Slab block, int headsAt, int count, int from, byte[] key, int suffixAt, int suffixLength) {
        int startsAt = headsAt + count * BlockFormat.HEAD_BYTES;
        int head = block.getInt(headsAt + (from - 1) * BlockFormat.HEAD_BYTES);
        boolean exact = false;
        int low = from;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            int order = block.getInt(headsAt + middle * BlockFormat.HEAD_BYTES) != head
                    ? 1
                    : compareRest(block, startsAt, count, middle, key, suffixAt, suffixLength);
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle;
                exact = order == 0;
            }
        }
        return exact ? low : ~low;
    }

    /**
     * Touches the first cache lines of a block, where header, heads and starts are, so that memory delivers them at the same
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

    /** Order of the key of entry {@code index} against a suffix with the same head. */
    private static int compareRest(
            Slab block, int startsAt, int count, int index, byte[] key, int suffixAt, int suffixLength) {
        int entryAt = entriesAt(startsAt, count) + block.getShort(startsAt + index * BlockFormat.START_BYTES);
        int meta = Varint.getInt(block, entryAt);
        int entrySuffix = meta >>> BlockFormat.SUFFIX_SHIFT;
        if (entrySuffix <= BlockFormat.HEAD_BYTES || suffixLength <= BlockFormat.HEAD_BYTES) {
            // The heads are equal, so the longer suffix has only zeros, or more bytes than a head, in addition.
            return Integer.compare(entrySuffix, suffixLength);
        }
        return block.compare(
                entryAt + Varint.size(meta),
                entrySuffix - BlockFormat.HEAD_BYTES,
                key,
                suffixAt + BlockFormat.HEAD_BYTES,
                suffixLength - BlockFormat.HEAD_BYTES);
    }

    private static int entriesAt(int startsAt, int count) {
        return startsAt + count * BlockFormat.START_BYTES;
    }

    /** Where entry {@code index} ends, and with it its value. */
    public static int valueEnd(Slab block, int at, int end, int index) {
        int count = block.getShort(at);
        int prefixLengthAt = BlockFormat.prefixLengthAt(block, at);
        int prefixLength = Varint.getInt(block, prefixLengthAt);
        int startsAt = prefixLengthAt + Varint.size(prefixLength) + prefixLength + count * BlockFormat.HEAD_BYTES;
        return index + 1 < count
                ? entriesAt(startsAt, count) + block.getShort(startsAt + (index + 1) * BlockFormat.START_BYTES)
                : end;
    }

    /** Bytes of the value of entry {@code index}, in a block without sequences. */
    public static int valueLength(Slab block, int at, int end, int index) {
        int count = block.getShort(at);
        int prefixLengthAt = BlockFormat.prefixLengthAt(block, at);
        int prefixLength = Varint.getInt(block, prefixLengthAt);
        int startsAt = prefixLengthAt + Varint.size(prefixLength) + prefixLength + count * BlockFormat.HEAD_BYTES;
        int entryAt = entriesAt(startsAt, count) + block.getShort(startsAt + index * BlockFormat.START_BYTES);
        int meta = Varint.getInt(block, entryAt);
        int valueAt =
                entryAt + Varint.size(meta) + Math.max(0, (meta >>> BlockFormat.SUFFIX_SHIFT) - BlockFormat.HEAD_BYTES);
        return valueEnd(block, at, end, index) - valueAt;
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
        int count = block.getShort(at);
        int prefixLengthAt = BlockFormat.prefixLengthAt(block, at);
        int prefixLength = Varint.getInt(block, prefixLengthAt);
        int headsAt = prefixLengthAt + Varint.size(prefixLength);
        if (prefixLength > 0) {
            if (length < prefixLength
                    || block.compare(headsAt, prefixLength, key, lookup.offset(), prefixLength) != 0) {
                return ENDED;
            }
            headsAt += prefixLength;
        }
        int suffixAt = lookup.offset() + prefixLength;
        int suffixLength = length - prefixLength;
        int index = find(block, headsAt, count, key, suffixAt, suffixLength);
        if (index < 0) {
            return ENDED;
        }
        int startsAt = headsAt + count * BlockFormat.HEAD_BYTES;
        int head = block.getInt(headsAt + index * BlockFormat.HEAD_BYTES);
        while (!offerEntry(block, at, end, startsAt, count, index, lookup, overrideSequence)) {
            if (++index == count) {
                return CONTINUES;
            }
            if (block.getInt(headsAt + index * BlockFormat.HEAD_BYTES) != head
                    || compareRest(block, startsAt, count, index, key, suffixAt, suffixLength) != 0) {
                return ENDED;
            }
        }
        return SETTLED;
    }

    private static boolean offerEntry(
            Slab block,
            int at,
            int end,
            int startsAt,
            int count,
            int index,
            PointLookup lookup,
            long overrideSequence) {
        int entriesAt = entriesAt(startsAt, count);
        int startAt = startsAt + index * BlockFormat.START_BYTES;
        int next = entriesAt + block.getShort(startAt);
        int entryEnd = index + 1 < count ? entriesAt + block.getShort(startAt + BlockFormat.START_BYTES) : end;
        int meta = Varint.getInt(block, next);
        next += Varint.size(meta) + Math.max(0, (meta >>> BlockFormat.SUFFIX_SHIFT) - BlockFormat.HEAD_BYTES);
        long sequence = 0;
        if ((meta & BlockFormat.ZERO_SEQUENCE) == 0) {
            int deltaBytes = BlockFormat.deltaBytes(block, at);
            sequence = BlockFormat.sequenceBase(block, at) + BlockFormat.sequenceDelta(block, next, deltaBytes);
            next += deltaBytes;
        }
        if (overrideSequence >= 0) {
            sequence = overrideSequence;
        }
        return sequence <= lookup.limit()
                && lookup.offer((byte) (meta & BlockFormat.KIND_MASK), sequence, block, next, entryEnd - next);
    }
}
