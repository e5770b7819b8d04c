package io.forebay.store.sst;

import io.forebay.store.cache.CachedBlock;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import java.io.IOException;

/** Blocks through the cache; pins one of them. */
final class CachedBlocks extends BlockAccess {
    private final SstBlocks blocks;
    private CachedBlock pinned;

    CachedBlocks(SstBlocks blocks) {
        this.blocks = blocks;
    }

    @Override
    int find(int partition, byte[] key, int offset, int keyLength) throws IOException {
        CachedBlock index = blocks.index(partition);
        try {
            return blocks.top().firstDataBlock(partition)
                    + BlockSearch.lowerBound(index.slab(), index.offset(), key, offset, keyLength);
        } finally {
            index.release();
        }
    }

    @Override
    void data(int dataBlock) throws IOException {
        release();
        CachedBlock block = blocks.data(dataBlock);
        pinned = block;
        slab = block.slab();
        at = block.offset();
        length = block.length() - BlockTrailer.BYTES;
    }

    @Override
    void release() {
        if (pinned != null) {
            pinned.release();
            pinned = null;
        }
    }

    @Override
    void close() {
        release();
    }
}
