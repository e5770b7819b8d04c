package io.forebay.store.sst.block;

import io.forebay.store.util.Slab;

/**
 * The layout of a block of sorted entries. All numbers are big-endian and unsigned, varints are LEB128.
 *
 * <pre>
 * Block        --> Count:u16, Widths:u8, SequenceBase, PrefixLength:varint, Prefix, Head^Count, Start^Count, Entry^Count
 * Widths       --> bytes of SequenceBase (0 to 8) &lt;&lt; 4 | bytes of SequenceDelta (0 to 8)
 * Head         --> u32: the first four bytes of the suffix, padded with zeros
 * Start        --> u16: where the entry starts, counted from the first one
 * Entry        --> Meta:varint, Rest, SequenceDelta, Value
 * Meta         --> SuffixLength &lt;&lt; 3 | ZeroSequence:1 &lt;&lt; 2 | Kind:2
 * </pre>
 *
 * A key is Prefix + suffix, and the suffix is its head (up to four bytes) + Rest: the bytes in the head are not repeated. The
 * prefix is the common prefix of all keys, but ends at least four bytes before the end of the shortest key, so that heads are
 * full where keys are long enough. An entry with ZeroSequence has sequence 0 and no SequenceDelta; any other has SequenceBase +
 * SequenceDelta. The value ends where the next entry starts, or the block ends.
 *
 * <p>A search touches the front of the block, where heads and starts lie together, and then usually one entry. A start fits 16
 * bits, because a block of more than 64 KiB has a single entry.
 */
final class BlockFormat {
    /** Header, head, start and meta of one entry with an empty key and value. */
    static final int MIN_BLOCK_BYTES = 2 + 1 + 1 + 4 + 2 + 1;

    static final int WIDTHS_AT = 2;
    static final int BASE_AT = 3;
    static final int HEAD_BYTES = 4;
    static final int START_BYTES = 2;
    static final int KIND_MASK = 3;
    static final int ZERO_SEQUENCE = 4;
    static final int SUFFIX_SHIFT = 3;
    static final int MAX_STARTS = 1 << 16;

    private BlockFormat() {}

    /** Offset of the prefix length. */
    static int prefixLengthAt(Slab block, int at) {
        return at + BASE_AT + (block.getByte(at + WIDTHS_AT) >> 4 & 15);
    }

    static long sequenceBase(Slab block, int at) {
        int bytes = block.getByte(at + WIDTHS_AT) >> 4 & 15;
        // A block is never shorter than the eight bytes read here.
        return bytes == 0 ? 0 : block.getLong(at + BASE_AT) >>> (64 - 8 * bytes);
    }

    static int deltaBytes(Slab block, int at) {
        return block.getByte(at + WIDTHS_AT) & 15;
    }

    /** The delta of {@code bytes} bytes at {@code at}. The eight bytes that end with it are always inside the block. */
    static long sequenceDelta(Slab block, int at, int bytes) {
        return bytes == 0 ? 0 : block.getLong(at + bytes - 8) & (-1L >>> (64 - 8 * bytes));
    }

    static int bytesFor(long number) {
        return (71 - Long.numberOfLeadingZeros(number)) >>> 3;
    }
}
