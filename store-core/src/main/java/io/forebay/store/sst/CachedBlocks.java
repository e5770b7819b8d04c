package io.forebay.store.sst;

import io.forebay.store.cache.CachedBlock;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Gets blocks through the cache and pins the current one. When cursors hold so many blocks, or blocks in so many regions, that
 * memory could become short, because many of them are open and not moved, this copies the block to the heap instead. A long scan
 * reads blocks that are not cached past the cache, several at once, unless the cache has free room. Used by one thread.
 */
final class CachedBlocks extends BlockAccess {
    /** A scan of fewer blocks may be repeated, so its blocks enter the cache. */
    private static final int LONG_SCAN_BLOCKS = 32;

    private final SlabPool pool;
    private CachedBlock pinned;
    private ScanWindow window;
    private int last = -2;
    /** How many blocks have followed each other in one direction. */
    private int sequential;

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

    /** Shows the block if it can be read together with neighbours, past the cache; else returns false. */
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
