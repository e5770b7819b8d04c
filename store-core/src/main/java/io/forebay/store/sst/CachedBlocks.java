package io.forebay.store.sst;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.CachedBlock;
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
 *   the block is cached                                          pinned in the cache
 *   not cached, and the scan is short or the cache has room      read to the cache, pinned there
 *   not cached, and the scan is long                             read to a ScanWindow, with its neighbours
 *   a block that must not stay pinned, up to 64 KiB              copied to the heap
 *   a longer one                                                 pinned for the move only, see {@link #isBrief}
 * </pre>
 *
 * <p>A pin lasts until the cursor is moved, which may be forever. So it is a hold ({@link CachedBlock#tryHold}), and holds are
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
    /** The block that is shown, which this cursor holds unless it is brief; null when its bytes are elsewhere. */
    private CachedBlock pinned;
    /** Null until a long scan needs it. */
    private ScanWindow window;
    /** The block that was shown last; at first no neighbour of any block. */
    private int last = -2;
    /** How many blocks have followed each other in one direction. */
    private int sequential;
    /** The direction in which they did. */
    private boolean backwards;

    /** @param pool gives the memory of long scans */
    CachedBlocks(SlabPool pool) {
        this.pool = pool;
    }

    @Override
    int find(SstBlocks blocks, int partition, byte[] key, int offset, int keyLength) throws IOException {
        CachedBlock index = blocks.index(partition);
        try {
            return blocks.top().firstDataBlock(partition)
                    + BlockSearch.lowerBound(index.slab(), index.offset(), key, offset, keyLength);
        } finally {
            index.release();
        }
    }

    @Override
    void data(SstBlocks blocks, int dataBlock) throws IOException {
        release();
        countSequential(dataBlock);
        if (sequential < LONG_SCAN_BLOCKS || !showPastTheCache(blocks, dataBlock)) {
            CachedBlock block = blocks.data(dataBlock);
            length = block.length() - BlockTrailer.BYTES;
            boolean held = block.tryHold();
            if (held || length > MOST_COPIED && BlockSearch.count(block.slab(), block.offset()) == 1) {
                pinned = block;
                isBrief = !held;
                slab = block.slab();
                at = block.offset();
            } else {
                copy(block);
            }
        }
    }

    /** Shows a copy of the block, and releases the block. */
    private void copy(CachedBlock block) {
        try {
            byte[] bytes = new byte[length];
            block.slab().get(block.offset(), bytes, 0, length);
            slab = new Slab(ByteBuffer.wrap(bytes));
            at = 0;
        } finally {
            block.release();
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
        if (pinned != null) {
            if (!isBrief) {
                pinned.endHold();
            }
            isBrief = false;
            pinned.release();
            pinned = null;
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
