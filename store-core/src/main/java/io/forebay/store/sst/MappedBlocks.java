package io.forebay.store.sst;

import io.forebay.store.SlabAllocator;
import io.forebay.store.io.FileMapping;
import io.forebay.store.io.PageClock;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The data blocks of a plain file that is mapped: which of them may be read where they lie. That are those that were verified, on
 * their way to the cache or to a window of a scan, and are in memory. A block that was verified has a word:
 *
 * <pre>
 *   bit  63      verified
 *   bits 32-62   where it starts in the file
 *   bits 17-31   tick of the clock at which it was known to be in memory
 *   bits  0-16   its length without the trailer; a longer block has no word
 * </pre>
 *
 * <p><b>In memory.</b> A load from a page that is not in memory makes the system read what lies around it, up to several MiB, where
 * a read of the file reads the block. So a read of a block that is not in the cache, and was not known to be in memory for some time,
 * asks whether it is there ({@link PageClock}). If it is not, it goes to the cache, as if the file were not mapped. Should the page
 * have left since it was asked for, the load waits for it.
 *
 * <p>It reads nothing, and verifies nothing: a checksum over a mapping could end the process ({@link FileMapping}). Thread-safe.
 */
final class MappedBlocks {
    /** For a cursor that goes on from block to block, so many bytes are looked for at a time. */
    private static final int AHEAD_BYTES = SlabAllocator.SLAB_BYTES;

    /** This object and the header of its array. */
    private static final int OBJECT_BYTES = 56;

    private static final long VERIFIED = Long.MIN_VALUE;
    private static final int LENGTH_BITS = 17;
    private static final int MOST_LENGTH = (1 << LENGTH_BITS) - 1;
    private static final int TICK_BITS = 15;
    private static final int TICK_MASK = (1 << TICK_BITS) - 1;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    final Slab slab;
    private final FileMapping mapping;
    private final PageClock pages;
    // Opaque: but for the tick, which is a hint, a word depends on the file only, so threads write equal ones
    private final long[] words;

    MappedBlocks(FileMapping mapping, PageClock pages, int dataBlocks) {
        this.slab = mapping.slab();
        this.mapping = mapping;
        this.pages = pages;
        this.words = new long[dataBlocks];
    }

    static long heapBytes(int dataBlocks) {
        return OBJECT_BYTES + (long) Long.BYTES * dataBlocks;
    }

    /**
     * Notes that a block was read from the file, which has put it into memory, and verified.
     *
     * @param bytes with the trailer
     */
    void verified(int dataBlock, long offset, int bytes) {
        int length = bytes - BlockTrailer.BYTES;
        if (length <= MOST_LENGTH) {
            WORD.setOpaque(
                    words,
                    dataBlock,
                    VERIFIED | offset << Integer.SIZE | (long) (pages.tick() & TICK_MASK) << LENGTH_BITS | length);
        }
    }

    /**
     * The place of a data block that may be read where it lies: {@link #at} and {@link #length} tell it.
     *
     * @param direction 1 or -1 when the blocks after or before it will be read next, else 0
     * @return 0 when the block is to be read through the cache
     */
    long place(SstBlocks blocks, int dataBlock, int direction) throws IOException {
        long word = word(dataBlock);
        if (word == 0) {
            return 0;
        }
        int now = pages.tick();
        if (pages.isShort(now)) {
            return 0;
        }
        int tick = now & TICK_MASK;
        return isFresh(word, tick) || !blocks.isCached(dataBlock) && isInMemory(dataBlock, direction, tick) ? word : 0;
    }

    static int at(long place) {
        return (int) (place >>> Integer.SIZE) & Integer.MAX_VALUE;
    }

    static int length(long place) {
        return (int) place & MOST_LENGTH;
    }

    private static int end(long word) {
        return at(word) + length(word) + BlockTrailer.BYTES;
    }

    private long word(int dataBlock) {
        return (long) WORD.getOpaque(words, dataBlock);
    }

    private boolean isFresh(long word, int tick) {
        return (tick - (int) (word >>> LENGTH_BITS) & TICK_MASK) < pages.ticks();
    }

    /** Asks for a block, together with those that will come next. */
    private boolean isInMemory(int dataBlock, int direction, int tick) throws IOException {
        int last = dataBlock;
        if (direction != 0) {
            while (isNextToAsk(last + direction, last, direction, tick)
                    && Math.abs(at(word(last + direction)) - at(word(dataBlock))) < AHEAD_BYTES) {
                last += direction;
            }
        }
        return areInMemory(Math.min(dataBlock, last), Math.max(dataBlock, last), tick)
                || last != dataBlock && areInMemory(dataBlock, dataBlock, tick);
    }

    /** Whether a block was verified, is not known to be in memory, and lies beside another one. */
    private boolean isNextToAsk(int dataBlock, int other, int direction, int tick) {
        if (dataBlock < 0 || dataBlock >= words.length) {
            return false;
        }
        long word = word(dataBlock);
        return word != 0
                && !isFresh(word, tick)
                && (direction > 0 ? at(word) == end(word(other)) : end(word) == at(word(other)));
    }

    private boolean areInMemory(int first, int last, int tick) throws IOException {
        int at = at(word(first));
        boolean inMemory = mapping.isResident(at, end(word(last)) - at);
        pages.asked(inMemory);
        if (!inMemory) {
            return false;
        }
        for (int i = first; i <= last; i++) {
            long word = word(i) & ~((long) TICK_MASK << LENGTH_BITS);
            WORD.setOpaque(words, i, word | (long) tick << LENGTH_BITS);
        }
        return true;
    }
}
