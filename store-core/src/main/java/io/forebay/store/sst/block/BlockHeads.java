package io.forebay.store.sst.block;

import io.forebay.store.util.Slab;
import io.forebay.store.util.Varint;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Finds suffixes of keys in a block (layout: {@link BlockFormat}). {@code at} is where the prefix of the block ends. Thread-safe,
 * without state.
 *
 * <p>A suffix that is there has the head of its entry, so the heads lead to it. For one that is not there that holds in a plain
 * block too. In a gathered one it may differ from all entries at a position that is in no head; then the search is that of a
 * blind trie:
 *
 * <ol>
 *   <li>Of the two entries beside the place where the head belongs, take the one whose head agrees with it at more positions. No
 *       entry shares more with the suffix: one that did would agree with the taken one at all positions of D within what it
 *       shares, and so share that as well.
 *   <li>Compare the two in full. If the position where they first differ is in the heads, then every order between the suffix
 *       and an entry is decided at a position in the heads, so the place was right.
 *   <li>If it is not, but positions after it are, then the entries that share what comes before it agree at it, too. They are
 *       neighbours, told by the positions before it, and the suffix belongs before or behind all of them.
 *   <li>If it is behind all positions in heads, the suffix belongs among the entries with its head, which are compared in full.
 * </ol>
 */
final class BlockHeads {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private BlockHeads() {}

    static int headsAt(int at, int header) {
        return startsAt(at, header) + BlockFormat.count(header) * BlockFormat.START_BYTES;
    }

    static int startsAt(int at, int header) {
        return at + BlockFormat.positionBytes(header);
    }

    static int entriesAt(int at, int header) {
        return startsAt(at, header)
                + BlockFormat.count(header) * (BlockFormat.START_BYTES + BlockFormat.headBytes(header));
    }

    /** Where entry {@code index} starts. */
    static int entryAt(Slab block, int at, int header, int index) {
        return entriesAt(at, header) + block.getShort(startsAt(at, header) + index * BlockFormat.START_BYTES);
    }

    /** The head of entry {@code index} as a number. */
    static long head(Slab block, int headsAt, int width, int index) {
        return block.getLong(headsAt + (index + 1) * width - Long.BYTES) & mask(width);
    }

    /** Whether entries {@code index} and {@code index - 1} have the same head. */
    static boolean hasHeadOfPrevious(Slab block, int at, int header, int index) {
        int width = BlockFormat.headBytes(header);
        int headsAt = headsAt(at, header);
        return head(block, headsAt, width, index) == head(block, headsAt, width, index - 1);
    }

    private static long mask(int width) {
        return -1L >>> (Long.SIZE - 8 * width);
    }

    /** Index of the first entry with the suffix; negative when there is none. */
    static int find(Slab block, int at, int header, byte[] key, int suffixAt, int suffixLength) {
        int width = BlockFormat.headBytes(header);
        int headsAt = headsAt(at, header);
        long head = headOf(block, at, header, key, suffixAt, suffixLength);
        int low = firstNotBelow(block, headsAt, BlockFormat.count(header), width, head);
        if (low == BlockFormat.count(header) || head(block, headsAt, width, low) != head) {
            return -1;
        }
        int order = compare(block, at, header, low, key, suffixAt, suffixLength);
        if (order < 0) {
            low = firstNotBelowAmongEqualHeads(block, at, header, low + 1, key, suffixAt, suffixLength);
            boolean exact = low < BlockFormat.count(header)
                    && head(block, headsAt, width, low) == head
                    && compare(block, at, header, low, key, suffixAt, suffixLength) == 0;
            return exact ? low : -1;
        }
        return order == 0 ? low : -1;
    }

    /** Index of the first entry at or after the suffix; the number of entries when there is none. */
    static int lowerBound(Slab block, int at, int header, byte[] key, int suffixAt, int suffixLength) {
        int count = BlockFormat.count(header);
        int width = BlockFormat.headBytes(header);
        int headsAt = headsAt(at, header);
        long head = headOf(block, at, header, key, suffixAt, suffixLength);
        int low = firstNotBelow(block, headsAt, count, width, head);
        if (BlockFormat.isGathered(header)) {
            return blindLowerBound(block, at, header, head, low, key, suffixAt, suffixLength);
        }
        boolean behind = low < count
                && head(block, headsAt, width, low) == head
                && compare(block, at, header, low, key, suffixAt, suffixLength) < 0;
        return behind ? firstNotBelowAmongEqualHeads(block, at, header, low + 1, key, suffixAt, suffixLength) : low;
    }

    /** @param low index of the first entry with a head not below that of the suffix */
    private static int blindLowerBound(
            Slab block, int at, int header, long head, int low, byte[] key, int suffixAt, int suffixLength) {
        int count = BlockFormat.count(header);
        int width = BlockFormat.headBytes(header);
        int headsAt = headsAt(at, header);
        int nearest = nearest(block, headsAt, count, width, low, head);
        int entryAt = entryAt(block, at, header, nearest);
        int meta = Varint.getInt(block, entryAt);
        int entryLength = meta >>> BlockFormat.SUFFIX_SHIFT;
        int entrySuffixAt = entryAt + Varint.size(meta);
        int differs = block.mismatch(entrySuffixAt, entryLength, key, suffixAt, suffixLength);
        if (differs < 0) {
            return low; // It has the head of the suffix, and is the first one with it.
        }
        boolean entryIsLess = differs == entryLength
                || (differs < suffixLength
                        && (block.getByte(entrySuffixAt + differs) & 0xFF) < (key[suffixAt + differs] & 0xFF));
        if (differs == entryLength) {
            // Zeros that follow do not show in heads. (A suffix that ends is before all that go on, whatever follows.)
            while (differs < suffixLength && key[suffixAt + differs] == 0) {
                differs++;
            }
            differs = differs < suffixLength ? differs : Integer.MAX_VALUE;
        }
        int before = 0;
        while (before < width) {
            int position = block.getByte(at + before) & 0xFF;
            if (position >= differs) {
                if (position == differs) {
                    return low;
                }
                int dropped = 8 * (width - before);
                long group = (head >>> dropped) + (entryIsLess ? 1 : 0);
                return firstNotBelow(block, headsAt, count, width, group << dropped);
            }
            before++;
        }
        return entryIsLess
                ? firstNotBelowAmongEqualHeads(block, at, header, low + 1, key, suffixAt, suffixLength)
                : low;
    }

    /** Index of the entry whose head agrees with {@code head} at most positions; {@code low} if that has it. */
    private static int nearest(Slab block, int headsAt, int count, int width, int low, long head) {
        if (low == count || low == 0) {
            return low == 0 ? 0 : low - 1;
        }
        long above = head(block, headsAt, width, low) ^ head;
        long below = head(block, headsAt, width, low - 1) ^ head;
        return above < below ? low : low - 1;
    }

    /** Index of the first entry with this head or a greater one; {@code count} when there is none. */
    private static int firstNotBelow(Slab block, int headsAt, int count, int width, long head) {
        long mask = mask(width);
        int low = 0;
        int wordAt = headsAt + width - Long.BYTES;
        // Without branches, because none of them could be predicted.
        for (int left = count; left > 0; ) {
            int half = (left + 1) >>> 1;
            int step = half * width;
            long other = block.getLong(wordAt + step - width) & mask;
            int below = (int) ((other - head) >> 63);
            wordAt += step & below;
            low += half & below;
            left -= half;
        }
        return low;
    }

    /** As {@link #lowerBound}, in {@code [from, count)}, where the entries with the head of entry {@code from - 1} come first. */
    private static int firstNotBelowAmongEqualHeads(
            Slab block, int at, int header, int from, byte[] key, int suffixAt, int suffixLength) {
        int width = BlockFormat.headBytes(header);
        int headsAt = headsAt(at, header);
        long head = head(block, headsAt, width, from - 1);
        int low = from;
        int high = BlockFormat.count(header);
        while (low < high) {
            int middle = (low + high) >>> 1;
            boolean below = head(block, headsAt, width, middle) == head
                    && compare(block, at, header, middle, key, suffixAt, suffixLength) < 0;
            if (below) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Order of the suffix of entry {@code index} against one with the same head. */
    static int compare(Slab block, int at, int header, int index, byte[] key, int suffixAt, int suffixLength) {
        int entryAt = entryAt(block, at, header, index);
        int meta = Varint.getInt(block, entryAt);
        int entryLength = meta >>> BlockFormat.SUFFIX_SHIFT;
        int elided = BlockFormat.elidedBytes(header);
        if (entryLength <= elided || suffixLength <= elided) {
            // The heads are equal, so the longer one has only zeros, or more bytes than a head, in addition.
            return Integer.compare(entryLength, suffixLength);
        }
        return block.compare(
                entryAt + Varint.size(meta), entryLength - elided, key, suffixAt + elided, suffixLength - elided);
    }

    /** The head that a suffix would have in this block. */
    private static long headOf(Slab block, int at, int header, byte[] key, int suffixAt, int suffixLength) {
        int width = BlockFormat.headBytes(header);
        return BlockFormat.isGathered(header)
                ? gather(block, at, width, key, suffixAt, suffixLength)
                : firstBytes(key, suffixAt, suffixLength) >>> (Long.SIZE - 8 * width);
    }

    private static long gather(Slab block, int positionsAt, int width, byte[] key, int suffixAt, int suffixLength) {
        long head = 0;
        for (int i = 0; i < width; i++) {
            int position = block.getByte(positionsAt + i) & 0xFF;
            head = head << 8 | (position < suffixLength ? key[suffixAt + position] & 0xFF : 0);
        }
        return head;
    }

    private static long firstBytes(byte[] key, int at, int length) {
        int end = at + length;
        if (length >= Long.BYTES || end < Long.BYTES) {
            return Slab.head(key, at, length);
        }
        return length == 0 ? 0 : (long) LONG.get(key, end - Long.BYTES) << (Long.SIZE - 8 * length);
    }
}
