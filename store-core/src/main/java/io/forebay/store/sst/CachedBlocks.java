package io.forebay.store.sst;

import io.forebay.store.cache.CachedBlock;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Blocks through the cache; pins one of them. When cursors pin so much, or so much all over, that memory could become short,
 * because many are open and nobody moves them, it copies the block to the heap instead. A long scan reads what is not cached past the cache, some blocks at once,
 * unless the cache has room for all of it.
 */
final class CachedBlocks extends BlockAccess {
    /** Shorter scans may be repeated, and so leave their blocks in the cache. */
    private static final int LONG_SCAN_BLOCKS = 32;

    private final SlabPool pool;
    private CachedBlock pinned;
    private ScanWindow window;
    private int last = -2;
    /** How many blocks followed one another, in one direction. */
    private int sequential;

    private boolean backwards;

    /** @param pool for the memory of long scans */
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
        if (sequential < LONG_SCAN_BLOCKS || !isPastTheCache(blocks, dataBlock)) {
            CachedBlock block = blocks.data(dataBlock);
            length = block.length() - BlockTrailer.BYTES;
            if (block.tryHold()) {
                pinned = block;
                slab = block.slab();
                at = block.offset();
            } else {
                copy(block);
            }
        }
    }

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

    /** Shows the block if it is worth to be read with its neighbours, past the cache. */
    private boolean isPastTheCache(SstBlocks blocks, int dataBlock) throws IOException {
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
            pinned.endHold();
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
