package io.forebay.store.sst;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The blocks of a cursor that a user moves: the current block is pinned in the cache, or its bytes are in memory of the cursor.
 *
 * <pre>
 *   the file is mapped, and the block in memory                  read where it lies, see {@link MappedBlocks}
 *   the block is cached                                          pinned in the cache
 *   not cached, and the scan is short or the cache has room      read to the cache, pinned there
 *   not cached, and the scan is long                             read to a ScanWindow, with its neighbours
 *   a block that must not stay pinned, up to 64 KiB              copied to the heap
 *   a longer one                                                 pinned for the move only, see {@link #isBrief}
 * </pre>
 *
 * <p>A pin lasts until the cursor is moved, which may be forever. So it is a hold ({@link BlockSlots#tryHold}), and holds are
 * limited: many cursors that are open and not moved must leave memory to others. A copy is not limited by anything, so only
 * short blocks are copied. A longer one has a single entry, which the cursor can show without its value.
 *
 * <p>It does not read or check blocks; {@link SstBlocks} does. Jobs, which read each block once, use {@link ReadAheadBlocks}.
 * Used by one thread.
 */
final class CachedBlocks extends BlockAccess {
    /** A scan is long from so many blocks on. A shorter one may be repeated, so its blocks enter the cache. */
    private static final int LONG_SCAN_BLOCKS = 32;
    /** Longer blocks are not copied. A block with several entries is never longer. */
    private static final int MOST_COPIED = SlabAllocator.SLAB_BYTES;

    private final SlabPool pool;
    /** The slots of the block that is shown, which this cursor holds unless it is brief; null when its bytes are elsewhere. */
    private BlockSlots pinnedIn;

    private int pinnedOrdinal;
    /** The handle of that block; 0 when the cache has no room for it, so that it lies on the heap. */
    private long pinned;
    /** Null until a long scan needs it. */
    private ScanWindow window;
    /** The block that was shown last; at first no neighbour of any block. */
    private int last = -2;
    /** How many blocks have followed each other in one direction. */
    private int sequential;
    /** The direction in which they did. */
    private boolean backwards;
    /** 1 when the index block was used since the uses of blocks were counted. */
    private int uncounted;

    /** @param pool gives the memory of long scans */
    CachedBlocks(SlabPool pool) {
        this.pool = pool;
    }

    @Override
    int find(SstBlocks blocks, int partition, byte[] key, int offset, int keyLength) throws IOException {
        uncounted = 1;
        return blocks.find(partition, key, offset, keyLength);
    }

    @Override
    void data(SstBlocks blocks, int dataBlock) throws IOException {
        release();
        countSequential(dataBlock);
        if (blocks.mapped() != null && showInPlace(blocks, dataBlock)) {
            return;
        }
        if (sequential < LONG_SCAN_BLOCKS || !showPastTheCache(blocks, dataBlock)) {
            blocks.slots().countUses(1 + uncounted);
            uncounted = 0;
            long pin = blocks.pin(dataBlock);
            slab = blocks.slab(dataBlock, pin);
            at = BlockSlots.offset(pin);
            length = blocks.bodyEnd(slab, pin) - at;
            keep(blocks.slots(), dataBlock, pin);
        }
    }

    /** Shows a block of a mapped file where it lies. @return false when it is to be read through the cache */
    private boolean showInPlace(SstBlocks blocks, int dataBlock) throws IOException {
        MappedBlocks mapped = blocks.mapped();
        long place = mapped.place(blocks, dataBlock, sequential == 0 ? 0 : backwards ? -1 : 1);
        if (place == 0) {
            return false;
        }
        if (uncounted > 0) {
            blocks.slots().countUses(uncounted);
            uncounted = 0;
        }
        slab = mapped.slab;
        at = MappedBlocks.at(place);
        length = MappedBlocks.length(place);
        return true;
    }

    /** Keeps the block that is shown, or a copy if it must not stay in memory. */
    private void keep(BlockSlots slots, int ordinal, long pin) {
        boolean held = slots.tryHold(pin, length + BlockTrailer.BYTES);
        if (held || length > MOST_COPIED && BlockSearch.count(slab, at) == 1) {
            pinnedIn = slots;
            pinnedOrdinal = ordinal;
            pinned = pin;
            isBrief = !held;
            return;
        }
        try {
            byte[] bytes = new byte[length];
            slab.get(at, bytes, 0, length);
            slab = new Slab(ByteBuffer.wrap(bytes));
            at = 0;
        } finally {
            slots.unpin(ordinal, pin);
        }
    }

    /** Notes whether the block follows the last one in the same direction. The end of a scan gives back its window. */
    private void countSequential(int dataBlock) {
        boolean follows = dataBlock == last + 1;
        boolean precedes = dataBlock == last - 1;
        sequential = (backwards ? precedes : follows) ? sequential + 1 : 0;
        backwards = precedes;
        last = dataBlock;
        if (sequential == 0 && window != null) {
            window.close();
        }
    }

    /** Shows the block if it can be read together with neighbours, past the cache. @return false when it is not shown */
    private boolean showPastTheCache(SstBlocks blocks, int dataBlock) throws IOException {
        if (blocks.isCached(dataBlock)) {
            return false;
        }
        if (window == null) {
            if (blocks.hasCacheRoom()) {
                return false;
            }
            window = new ScanWindow(pool);
        }
        return window.show(blocks, dataBlock, backwards, this);
    }

    @Override
    void release() {
        slab = null;
        if (pinnedIn != null) {
            if (!isBrief) {
                pinnedIn.endHold(pinned, length + BlockTrailer.BYTES);
            }
            isBrief = false;
            pinnedIn.unpin(pinnedOrdinal, pinned);
            pinnedIn = null;
        }
    }

    @Override
    void close() {
        release();
        if (window != null) {
            window.close();
            window = null;
        }
    }
}
