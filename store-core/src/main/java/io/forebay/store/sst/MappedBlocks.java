package io.forebay.store.sst;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The data blocks of a plain file that is mapped, which are read where they lie. Each is verified when it is first read, in a copy
 * that is read from the file: a read says which bytes the disk does not deliver, and a checksum over a mapping could end the
 * process ({@link io.forebay.store.io.FileMapping}). Afterwards it has a place:
 *
 * <pre>
 *   bits 32-62   where the block starts in the file
 *   bits  0-31   its length without the trailer; a block has at least one byte, so 0 is no place
 * </pre>
 *
 * <p>A page that leaves memory and comes back later is not verified again. Index and filter blocks are in the cache. Thread-safe.
 */
final class MappedBlocks {
    /** As many bytes of blocks are verified at a time by a cursor that goes on from block to block. */
    private static final int AHEAD_BYTES = SlabAllocator.SLAB_BYTES;

    /** This object and the header of its array. */
    private static final int OBJECT_BYTES = 48;

    private static final VarHandle PLACE = MethodHandles.arrayElementVarHandle(long[].class);

    final Slab slab;
    // Opaque: a place depends on the file only, so threads write equal ones
    private final long[] places;

    MappedBlocks(Slab slab, int dataBlocks) {
        this.slab = slab;
        this.places = new long[dataBlocks];
    }

    static long heapBytes(int dataBlocks) {
        return OBJECT_BYTES + (long) Long.BYTES * dataBlocks;
    }

    /**
     * The place of a data block.
     *
     * @param direction 1 or -1 when the blocks after or before it will be read next, else 0
     */
    long place(SstBlocks blocks, int dataBlock, int direction) throws IOException {
        long place = known(dataBlock);
        if (place != 0) {
            return place;
        }
        verify(blocks, dataBlock, direction);
        return known(dataBlock);
    }

    static int at(long place) {
        return (int) (place >>> Integer.SIZE);
    }

    static int length(long place) {
        return (int) place;
    }

    private long known(int dataBlock) {
        return (long) PLACE.getOpaque(places, dataBlock);
    }

    /** Verifies a block, and its neighbours in that direction which are not verified and in the same partition. */
    private void verify(SstBlocks blocks, int dataBlock, int direction) throws IOException {
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
            while (direction > 0 && to < high && known(to) == 0) {
                long next = SstBlocks.endOfData(index, at, end, to - low);
                if (next - begin > AHEAD_BYTES) {
                    break;
                }
                last = next;
                to++;
            }
            while (direction < 0 && from > low && known(from - 1) == 0) {
                long previous = SstBlocks.startOfData(index, at, end, from - 1 - low);
                if (last - previous > AHEAD_BYTES) {
                    break;
                }
                begin = previous;
                from--;
            }
            ends = new int[to - from];
            for (int i = from; i < to; i++) {
                ends[i - from] = (int) (SstBlocks.endOfData(index, at, end, i - low) - begin);
            }
        } finally {
            blocks.unpin(partition, pin);
        }
        verify(blocks, top.dataOffset(partition) + begin, from, ends);
    }

    private void verify(SstBlocks blocks, long offset, int from, int[] ends) throws IOException {
        int bytes = ends[ends.length - 1];
        byte[] stored = Scratch.takeStored(bytes);
        Slab copy = new Slab(ByteBuffer.wrap(stored));
        blocks.readFully(offset, bytes, copy, 0);
        int at = 0;
        for (int i = 0; i < ends.length; i++) {
            int length = ends[i] - at;
            blocks.slots().countRead();
            blocks.checkData(copy, at, length, offset + at);
            PLACE.setOpaque(places, from + i, place(offset + at, length));
            at = ends[i];
        }
        Scratch.keepStored(stored);
    }

    /** @param length with the trailer */
    private static long place(long offset, int length) {
        return offset << Integer.SIZE | length - BlockTrailer.BYTES;
    }
}
