package io.forebay.store.sst.block;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.util.Slab;
import io.forebay.store.util.Varint;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The part of a cursor that moves within one validated block; subclasses get the blocks. A step decodes one entry: the prefix
 * is copied to the key once for each block, head and rest once for each entry; the value is not copied. Used by one thread.
 */
public abstract class BlockIterator extends InternalIterator {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    /** Up to this length, copying longs is faster than a bulk copy. */
    private static final int MAX_REST_BY_LONGS = 64;
    /** The key array has so many bytes more, because a whole head is stored even if the suffix is shorter. */
    private static final int SLACK = BlockFormat.HEAD_BYTES;

    private long overrideSequence;
    private Slab block;
    private int count;
    private int headsAt;
    private int startsAt;
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
        count = slab.getShort(at);
        blockEnd = at + length;
        sequenceBase = BlockFormat.sequenceBase(slab, at);
        deltaBytes = BlockFormat.deltaBytes(slab, at);
        int prefixLengthAt = BlockFormat.prefixLengthAt(slab, at);
        prefixLength = Varint.getInt(slab, prefixLengthAt);
        int prefixAt = prefixLengthAt + Varint.size(prefixLength);
        ensureKey(prefixLength + SLACK, 0);
        slab.get(prefixAt, key, 0, prefixLength);
        prefixHead = Slab.head(key, 0, prefixLength);
        headsAt = prefixAt + prefixLength;
        startsAt = headsAt + count * BlockFormat.HEAD_BYTES;
        entriesAt = startsAt + count * BlockFormat.START_BYTES;
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
        if (prefixLength > 0) {
            int byPrefix =
                    block.compare(headsAt - prefixLength, prefixLength, target, offset, Math.min(prefixLength, length));
            if (byPrefix != 0) {
                return byPrefix > 0 ? 0 : count;
            }
        }
        int found = BlockSearch.find(block, headsAt, count, target, offset + prefixLength, length - prefixLength);
        return found < 0 ? ~found : found;
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
        return hasSequence && (index + 1 == count || hasHeadOf(index + 1));
    }

    @Override
    public final boolean mayHaveNewer() {
        return index == 0 || hasHeadOf(index - 1);
    }

    private boolean hasHeadOf(int other) {
        return block.getInt(headsAt + other * BlockFormat.HEAD_BYTES)
                == block.getInt(headsAt + index * BlockFormat.HEAD_BYTES);
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
        int suffix = meta >>> BlockFormat.SUFFIX_SHIFT;
        int length = prefixLength + suffix;
        if (key.length < length + SLACK) {
            ensureKey(length + SLACK, prefixLength);
        }
        int suffixHead = slab.getInt(headsAt + newIndex * BlockFormat.HEAD_BYTES);
        INT.set(key, prefixLength, suffixHead);
        int rest = suffix - BlockFormat.HEAD_BYTES;
        // The head is made from values in registers, because a load from the key would wait for the stores.
        long suffixStart = (long) suffixHead << 32;
        if (rest >= 8) {
            long first = slab.getLong(at);
            suffixStart |= first >>> 32;
            LONG.set(key, prefixLength + BlockFormat.HEAD_BYTES, first);
            copyRest(slab, at, rest);
            at += rest;
        } else if (rest > 0) {
            suffixStart |= copyShortRest(slab, at, rest);
            at += rest;
        }
        keyLength = length;
        head = prefixLength < 8 ? prefixHead | suffixStart >>> (8 * prefixLength) : prefixHead;
        long entrySequence = 0;
        hasSequence = (meta & BlockFormat.ZERO_SEQUENCE) == 0;
        if (hasSequence) {
            entrySequence = sequenceBase + BlockFormat.sequenceDelta(slab, at, deltaBytes);
            at += deltaBytes;
        }
        sequence = overrideSequence >= 0 ? overrideSequence : entrySequence;
        kind = (byte) (meta & BlockFormat.KIND_MASK);
        valueSlab = slab;
        valueOffset = at;
        valueLength = entryEnd - at;
        valid = true;
    }

    /** Copies all but the first eight bytes of a rest. */
    private void copyRest(Slab slab, int at, int rest) {
        int to = prefixLength + BlockFormat.HEAD_BYTES;
        if (rest > MAX_REST_BY_LONGS) {
            slab.get(at, key, to, rest);
            return;
        }
        int last = rest - 8;
        for (int i = 8; i < last; i += 8) {
            LONG.set(key, to + i, slab.getLong(at + i));
        }
        LONG.set(key, to + last, slab.getLong(at + last));
    }

    /** Copies a rest of 1 to 7 bytes. @return its first four bytes, padded with zeros */
    private long copyShortRest(Slab slab, int at, int rest) {
        int to = prefixLength + BlockFormat.HEAD_BYTES;
        if (rest >= 4) {
            int first = slab.getInt(at);
            INT.set(key, to, first);
            INT.set(key, to + rest - 4, slab.getInt(at + rest - 4));
            return first & 0xFFFFFFFFL;
        }
        long first = 0;
        for (int i = 0; i < rest; i++) {
            byte next = slab.getByte(at + i);
            key[to + i] = next;
            first |= (next & 0xFFL) << (24 - 8 * i);
        }
        return first;
    }
}
