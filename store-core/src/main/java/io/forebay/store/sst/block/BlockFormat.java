package io.forebay.store.sst.block;

import io.forebay.store.util.Slab;

/**
 * The layout of a block of sorted entries. All numbers are big-endian and unsigned, varints are LEB128.
 *
 * <pre>
 * Block        --> Count:u16, Shape:u8, Widths:u8, SequenceBase, PrefixLength:varint, Prefix, Positions, Start^Count, Head^Count,
 *                  Entry^Count
 * Shape        --> gathered:1 &lt;&lt; 7 | bytes of a head (1 to 7)
 * Widths       --> bytes of SequenceBase (0 to 8) &lt;&lt; 4 | bytes of SequenceDelta (0 to 8)
 * Positions    --> nothing in a plain block; in a gathered one u8 ^ bytes of a head, rising: where in the suffix these bytes are
 * Start        --> u16: where the entry starts, counted from the first one
 * Head         --> plain: the first bytes of the suffix; gathered: its bytes at the positions; zeros for bytes behind its end
 * Entry        --> Meta:varint, Rest, SequenceDelta, Value
 * Meta         --> SuffixLength &lt;&lt; 3 | ZeroSequence:1 &lt;&lt; 2 | Kind:2
 * Rest         --> plain: the suffix without the bytes in its head; gathered: the whole suffix
 * </pre>
 *
 * A key is Prefix + suffix; the prefix is the common prefix of all keys. An entry with ZeroSequence has sequence 0 and no
 * SequenceDelta; any other has SequenceBase + SequenceDelta. The value ends where the next entry starts, or the block ends.
 *
 * <p>Heads have the bytes in which keys differ. Think of suffixes as followed by zeros without end, and let D be the positions
 * at which two neighbours first differ, as {@link HeadPositions} collects them. Any two suffixes that differ first do so at a
 * position in D, because what they share is the least of what the neighbours between them share. So their bytes at D, in order,
 * compare like the keys. If D ends within the first seven bytes of suffixes, the block is plain, with heads that just cover it.
 * Else it is gathered, with the bytes at the first seven positions of D, at most. {@link BlockHeads} says how such a block is
 * searched for keys that are not in it. Gathering the bytes that tell keys apart is what the tries named Patricia
 * (D. Morrison, 1968) do with bits.
 *
 * <p>Reads of a head take the eight bytes that end with it: a header, a start and a head are never fewer. A start fits 16 bits,
 * because a block of more than 64 KiB has a single entry.
 */
final class BlockFormat {
    /** Header, start, head and meta of one entry with an empty key and value. */
    static final int MIN_BLOCK_BYTES = 4 + 1 + 2 + 1 + 1;

    static final int SHAPE_AT = 2;
    static final int WIDTHS_AT = 3;
    static final int BASE_AT = 4;
    static final int GATHERED = 0x80;
    static final int MAX_HEAD_BYTES = 7;
    static final int MAX_POSITION = 255;
    static final int START_BYTES = 2;
    static final int KIND_MASK = 3;
    static final int ZERO_SEQUENCE = 4;
    static final int SUFFIX_SHIFT = 3;

    private BlockFormat() {}

    /** Count, shape and widths of a block, as one number. */
    static int header(Slab block, int at) {
        return block.getInt(at);
    }

    static int count(int header) {
        return header >>> 16;
    }

    static boolean isGathered(int header) {
        return (header & GATHERED << 8) != 0;
    }

    /** Bytes of a head, 1 to 7. */
    static int headBytes(int header) {
        return header >>> 8 & 7;
    }

    /** Bytes of the suffix that are in its head only. */
    static int elidedBytes(int header) {
        return isGathered(header) ? 0 : headBytes(header);
    }

    /** Bytes between the prefix and the starts. */
    static int positionBytes(int header) {
        return isGathered(header) ? headBytes(header) : 0;
    }

    /** Offset of the prefix length. */
    static int prefixLengthAt(int at, int header) {
        return at + BASE_AT + baseBytes(header);
    }

    /** The sequence of an entry with the delta of 0. */
    static long sequenceBase(Slab block, int at, int header) {
        int bytes = baseBytes(header);
        if (bytes == 0) {
            return 0;
        }
        // The eight bytes that end with a long base start inside the block, and those that end with a short one may
        // not.
        long word = bytes <= Integer.BYTES ? block.getInt(at + bytes) : block.getLong(at + bytes - Integer.BYTES);
        return word & (-1L >>> (Long.SIZE - 8 * bytes));
    }

    private static int baseBytes(int header) {
        return header >>> 4 & 15;
    }

    static int deltaBytes(int header) {
        return header & 15;
    }

    /** The delta of {@code bytes} bytes at {@code at}. The eight bytes that end with it are always inside the block. */
    static long sequenceDelta(Slab block, int at, int bytes) {
        return bytes == 0 ? 0 : block.getLong(at + bytes - 8) & (-1L >>> (64 - 8 * bytes));
    }

    static int bytesFor(long number) {
        return (71 - Long.numberOfLeadingZeros(number)) >>> 3;
    }
}
