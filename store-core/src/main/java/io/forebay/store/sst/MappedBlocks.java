package io.forebay.store.sst;

import io.forebay.store.Clock;
import io.forebay.store.CorruptionException;
import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.io.FileMapping;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The data blocks of a plain file that is mapped, which are read where they lie, as long as they are in memory. Each is verified
 * when it is first read, in a copy that is read from the file: a read says which bytes the disk does not deliver, and a checksum
 * over a mapping could end the process ({@link FileMapping}). Afterwards it has a word:
 *
 * <pre>
 *   bit  63      known: the block was verified
 *   bits 32-62   where it starts in the file
 *   bits 20-31   tick of the clock at which it was known to be in memory
 *   bits  0-19   its length without the trailer; 0 when it does not fit
 * </pre>
 *
 * <p><b>In memory.</b> A load from a page that is not in memory makes the system read what lies around it, up to several MiB, where
 * a read of the file reads the block. So in a tick, of about a second, the first read of a block asks whether it is in memory. If it
 * is not, it is read and verified once more. Pages that were used a second ago seldom leave, and if they do, the load waits for
 * them.
 *
 * <p>Index and filter blocks are in the cache. Thread-safe.
 */
final class MappedBlocks {
    /** As many bytes of blocks are verified, or looked for in memory, at a time by a cursor that goes on from block to block. */
    private static final int AHEAD_BYTES = SlabAllocator.SLAB_BYTES;

    /** This object and the header of its array. */
    private static final int OBJECT_BYTES = 56;

    private static final long KNOWN = Long.MIN_VALUE;
    private static final int LENGTH_BITS = 20;
    private static final int MOST_LENGTH = (1 << LENGTH_BITS) - 1;
    private static final int TICK_BITS = 12;
    private static final int TICK_MASK = (1 << TICK_BITS) - 1;
    /** A tick is 2^30 ns. */
    private static final int TICK_SHIFT = 30;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    final Slab slab;
    private final FileMapping mapping;
    private final Clock clock;
    // Opaque: but for the tick, which is a hint, a word depends on the file only, so threads write equal ones
    private final long[] words;

    MappedBlocks(FileMapping mapping, Clock clock, int dataBlocks) {
        this.slab = mapping.slab();
        this.mapping = mapping;
        this.clock = clock;
        this.words = new long[dataBlocks];
    }

    static long heapBytes(int dataBlocks) {
        return OBJECT_BYTES + (long) Long.BYTES * dataBlocks;
    }

    /**
     * The place of a data block that was verified and is in memory: {@link #at} and {@link #length} tell it.
     *
     * @param direction 1 or -1 when the blocks after or before it will be read next, else 0
     */
    long place(SstBlocks blocks, int dataBlock, int direction) throws IOException {
        long word = word(dataBlock);
        int tick = tick();
        if (isFresh(word, tick)) {
            int length = (int) word & MOST_LENGTH;
            if (length != 0) {
                return word >>> Integer.SIZE << Integer.SIZE & ~KNOWN | length;
            }
        }
        return find(blocks, dataBlock, direction, tick);
    }

    static int at(long place) {
        return (int) (place >>> Integer.SIZE);
    }

    static int length(long place) {
        return (int) place;
    }

    private int tick() {
        return (int) (clock.nanoTime() >>> TICK_SHIFT) & TICK_MASK;
    }

    private long word(int dataBlock) {
        return (long) WORD.getOpaque(words, dataBlock);
    }

    private static boolean isFresh(long word, int tick) {
        return word < 0 && (int) (word >>> LENGTH_BITS & TICK_MASK) == tick;
    }

    /**
     * Looks for a block, and its neighbours in that direction which are in the same partition and not known to be in memory.
     * Verifies them unless they are known and in memory.
     */
    private long find(SstBlocks blocks, int dataBlock, int direction, int tick) throws IOException {
        TopIndex top = blocks.top();
        int partition = top.partitionOfDataBlock(dataBlock);
        int low = top.firstDataBlock(partition);
        int high = low + top.dataBlocks(partition);
        int from = dataBlock;
        int to = dataBlock + 1;
        blocks.slots().countUses(1);
        long pin = blocks.pin(partition);
        long begin;
        int[] ends;
        try {
            Slab index = blocks.slab(partition, pin);
            int at = BlockSlots.offset(pin);
            int end = blocks.bodyEnd(index, pin);
            begin = SstBlocks.startOfData(index, at, end, from - low);
            long last = SstBlocks.endOfData(index, at, end, from - low);
            while (direction > 0
                    && to < high
                    && !isFresh(word(to), tick)
                    && SstBlocks.endOfData(index, at, end, to - low) - begin <= AHEAD_BYTES) {
                to++;
            }
            while (direction < 0
                    && from > low
                    && !isFresh(word(from - 1), tick)
                    && last - SstBlocks.startOfData(index, at, end, from - 1 - low) <= AHEAD_BYTES) {
                from--;
            }
            begin = SstBlocks.startOfData(index, at, end, from - low);
            ends = new int[to - from];
            for (int i = from; i < to; i++) {
                ends[i - from] = (int) (SstBlocks.endOfData(index, at, end, i - low) - begin);
            }
        } finally {
            blocks.unpin(partition, pin);
        }
        int offset = (int) (top.dataOffset(partition) + begin);
        if (!areKnown(from, to) || !mapping.isResident(offset, ends[ends.length - 1])) {
            try {
                verify(blocks, offset, ends);
            } catch (IOException | CorruptionException e) {
                if (ends.length > 1) {
                    return find(blocks, dataBlock, 0, tick); // it may be another block that cannot be read
                }
                throw e;
            }
        }
        for (int i = from; i < to; i++) {
            int start = i == from ? 0 : ends[i - from - 1];
            WORD.setOpaque(words, i, word(offset + start, tick, ends[i - from] - start - BlockTrailer.BYTES));
        }
        int start = dataBlock == from ? 0 : ends[dataBlock - from - 1];
        return (long) (offset + start) << Integer.SIZE | ends[dataBlock - from] - start - BlockTrailer.BYTES;
    }

    private boolean areKnown(int from, int to) {
        for (int i = from; i < to; i++) {
            if (word(i) == 0) {
                return false;
            }
        }
        return true;
    }

    /** Reads blocks that follow each other, which puts them into memory, and verifies them. */
    private static void verify(SstBlocks blocks, int offset, int[] ends) throws IOException {
        int bytes = ends[ends.length - 1];
        byte[] stored = Scratch.takeStored(bytes);
        Slab copy = new Slab(ByteBuffer.wrap(stored));
        blocks.readFully(offset, bytes, copy, 0);
        int at = 0;
        for (int end : ends) {
            blocks.slots().countRead();
            blocks.checkData(copy, at, end - at, (long) offset + at);
            at = end;
        }
        Scratch.keepStored(stored);
    }

    private static long word(int offset, int tick, int length) {
        return KNOWN | (long) offset << Integer.SIZE | (long) tick << LENGTH_BITS | (length > MOST_LENGTH ? 0 : length);
    }
}
