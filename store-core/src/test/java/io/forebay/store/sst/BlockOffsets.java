package io.forebay.store.sst;

import io.forebay.store.cache.BlockSlots;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.util.Slab;
import java.io.IOException;

/** Where data blocks begin, as the index says. */
final class BlockOffsets {
    private BlockOffsets() {}

    /** The offset of the data block that a search for the key would start with; the end of the data blocks when there is none. */
    static long of(SstReader reader, byte[] key) throws IOException {
        TopIndex top = reader.top();
        SstBlocks blocks = reader.blocks();
        int partition = top.find(key, 0, key.length);
        if (partition == top.partitions()) {
            return top.dataOffset(partition);
        }
        int ordinal = blocks.indexOrdinal(partition);
        long pin = blocks.pin(ordinal);
        try {
            Slab index = blocks.slab(ordinal, pin);
            int at = BlockSlots.offset(pin);
            int number = BlockSearch.lowerBound(index, at, key, 0, key.length);
            return top.dataOffset(partition) + SstBlocks.startOfData(index, at, blocks.bodyEnd(index, pin), number);
        } finally {
            blocks.unpin(ordinal, pin);
        }
    }
}
