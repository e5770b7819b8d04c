package io.forebay.store.sst.block;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.util.Slab;
import io.forebay.store.util.Varint;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The part of a cursor that moves within one validated block; subclasses get the blocks. A step decodes one entry: the prefix
 * is copied to the key once for each block, the suffix once for each entry; the value is not copied. Used by one thread.
 */
public abstract class BlockIterator extends InternalIterator {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    /** Up to this length, copying longs is faster than a bulk copy. */
    private static final int MAX_REST_BY_LONGS = 64;
    /** The key array has so many bytes more, because heads and rests are stored as whole longs. */
    private static final int SLACK = Long.BYTES;

    private long overrideSequence;
    private Slab block;
    private int header;
    private int count;
    /** Bytes of a suffix that are in its head and not in its entry. */
    private int elided;

    private int prefixEnd;
    private int startsAt;
    private int headsAt;
    private int entriesAt;
    private int blockEnd;
    private int prefixLength;
    /** Head of the prefix. */
    private long prefixHead;

    private long sequenceBase;
    private int deltaBytes;
    /** False for an entry of sequence 0, which is the oldest of its key. */
    private boolean hasSequence;

    private int index;
    private int entryAt;
    private int entryEnd;

    /** @param overrideSequence if not negative, the sequence number of all entries */
    protected BlockIterator(long overrideSequence) {
        this.overrideSequence = overrideSequence;
    }

    /** Sets the override sequence from the next entry on. Only when no block is open. */
    protected final void overrideSequence(long newSequence) {
        overrideSequence = newSequence;
    }

    /**
     * Opens the block in {@code slab[at, at + length)} (without trailer), which must stay valid until the next call. There is
     * no position after it.
     */
    protected final void open(Slab slab, int at, int length) {
        BlockSearch.askForFront(slab, at, at + length);
        block = slab;
        header = BlockFormat.header(slab, at);
        count = BlockFormat.count(header);
        elided = BlockFormat.elidedBytes(header);
        blockEnd = at + length;
        sequenceBase = BlockFormat.sequenceBase(slab, at, header);
        deltaBytes = BlockFormat.deltaBytes(header);
        int prefixLengthAt = BlockFormat.prefixLengthAt(at, header);
        prefixLength = Varint.getInt(slab, prefixLengthAt);
        int prefixAt = prefixLengthAt + Varint.size(prefixLength);
        ensureKey(prefixLength + SLACK, 0);
        slab.get(prefixAt, key, 0, prefixLength);
        prefixHead = Slab.head(key, 0, prefixLength);
        prefixEnd = prefixAt + prefixLength;
        startsAt = BlockHeads.startsAt(prefixEnd, header);
        headsAt = BlockHeads.headsAt(prefixEnd, header);
        entriesAt = BlockHeads.entriesAt(prefixEnd, header);
    }

    /** Drops the reference to the block; the cursor is at no entry. */
    protected final void closeBlock() {
        dropBlock();
        valid = false;
    }

    /** Drops the reference to the block. The key and the other fields of the present entry stay readable, but not the value. */
    protected final void dropBlock() {
        block = null;
        valueSlab = null;
    }

    /** Whether the open block has this prefix length, and heads of these positions. */
    final boolean hasShape(int expectedPrefix, HeadPositions expected) {
        int shape = header >>> 8 & 0xFF;
        boolean same = prefixLength == expectedPrefix && shape == expected.shape(expectedPrefix);
        for (int i = 0; same && i < BlockFormat.positionBytes(header); i++) {
            same = (block.getByte(prefixEnd + i) & 0xFF) == expected.position(i) - expectedPrefix;
        }
        return same;
    }

    protected final boolean isOpen() {
        return block != null;
    }

    protected final int count() {
        return count;
    }

    /** Index of the current entry in its block. */
    protected final int index() {
        return index;
    }

    /** Index of the first entry of the block at or after {@code target}; {@link #count()} when there is none. */
    protected final int lowerBound(byte[] target, int offset, int length) {
        return BlockSearch.lowerBound(block, prefixEnd - prefixLength, prefixLength, header, target, offset, length);
    }

    /** Moves to entry {@code newIndex} of the block. */
    protected final void moveTo(int newIndex) {
        entryAt = entriesAt + block.getShort(startsAt + newIndex * BlockFormat.START_BYTES);
        entryEnd = endOf(newIndex);
        decode(newIndex);
    }

    /** Moves to the next entry of the block, which must exist. */
    protected final void stepForward() {
        int next = index + 1;
        entryAt = entryEnd;
        entryEnd = endOf(next);
        decode(next);
    }

    /** Moves to the previous entry of the block, which must exist. */
    protected final void stepBack() {
        int previous = index - 1;
        entryEnd = entryAt;
        entryAt = entriesAt + block.getShort(startsAt + previous * BlockFormat.START_BYTES);
        decode(previous);
    }

    /** Compares heads only: keys with different heads differ. A caller that must know for sure compares the keys. */
    @Override
    public final boolean mayHaveOlder() {
        return hasSequence && (index + 1 == count || BlockHeads.hasHeadOfPrevious(block, prefixEnd, header, index + 1));
    }

    @Override
    public final boolean mayHaveNewer() {
        return index == 0 || BlockHeads.hasHeadOfPrevious(block, prefixEnd, header, index);
    }

    private int endOf(int entry) {
        return entry + 1 < count
                ? entriesAt + block.getShort(startsAt + (entry + 1) * BlockFormat.START_BYTES)
                : blockEnd;
    }

    private void decode(int newIndex) {
        Slab slab = block;
        index = newIndex;
        int at = entryAt;
        int meta = slab.getByte(at++);
        if (meta < 0) {
            meta = Varint.getInt(slab, at - 1);
            at += Varint.size(meta) - 1;
        }
        int length = prefixLength + (meta >>> BlockFormat.SUFFIX_SHIFT);
        if (key.length < length + SLACK) {
            ensureKey(length + SLACK, prefixLength);
        }
        // The head is made from values in registers, because a load from the key would wait for the stores.
        long start = 0;
        int to = prefixLength;
        if (elided > 0) {
            start = slab.getLong(headsAt + (newIndex + 1) * elided - Long.BYTES) << (Long.SIZE - 8 * elided);
            LONG.set(key, to, start);
            to += elided;
        }
        int rest = length - to;
        if (rest > 0) {
            // The eight bytes that end with a short rest are inside the block, those that start with it may not be.
            long first = rest >= Long.BYTES ? slab.getLong(at) : slab.getLong(at + rest - Long.BYTES) << (-8 * rest);
            LONG.set(key, to, first);
            start |= first >>> (8 * elided);
            if (rest > Long.BYTES) {
                copyRest(slab, at, to, rest);
            }
            at += rest;
        }
        keyLength = length;
        head = prefixLength < Long.BYTES ? prefixHead | start >>> (8 * prefixLength) : prefixHead;
        decodeFrom(slab, at, meta);
    }

    /** Decodes what comes after the key. */
    private void decodeFrom(Slab slab, int at, int meta) {
        long entrySequence = 0;
        int valueAt = at;
        hasSequence = (meta & BlockFormat.ZERO_SEQUENCE) == 0;
        if (hasSequence) {
            entrySequence = sequenceBase + BlockFormat.sequenceDelta(slab, at, deltaBytes);
            valueAt += deltaBytes;
        }
        sequence = overrideSequence >= 0 ? overrideSequence : entrySequence;
        kind = (byte) (meta & BlockFormat.KIND_MASK);
        valueSlab = slab;
        valueOffset = valueAt;
        valueLength = entryEnd - valueAt;
        valid = true;
    }

    /** Copies all but the first eight bytes of a rest of more. */
    private void copyRest(Slab slab, int at, int to, int rest) {
        if (rest > MAX_REST_BY_LONGS) {
            slab.get(at, key, to, rest);
            return;
        }
        int last = rest - Long.BYTES;
        for (int i = Long.BYTES; i < last; i += Long.BYTES) {
            LONG.set(key, to + i, slab.getLong(at + i));
        }
        LONG.set(key, to + last, slab.getLong(at + last));
    }
}
