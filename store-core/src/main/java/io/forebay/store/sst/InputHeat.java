package io.forebay.store.sst;

import io.forebay.store.cache.BlockSlots;

/**
 * For a merge: as many bytes of its outputs enter the cache as it has read of blocks that are there, so that what is read often
 * stays in the cache, and what is not does not come in. The blocks that were read leave the cache with their files.
 *
 * <pre>
 *   read:    | cached | cached, used |  not cached  |              each adds its bytes to what may enter
 *   written:    | enters | enters, used | stays out | stays out
 * </pre>
 *
 * What a read allows is for the outputs right after it, because they have the same keys: more than a block or two of each run
 * are not saved up. Filter and index blocks, which belong to thousands of keys, are counted by themselves, partition by partition. Used by
 * one thread.
 */
public final class InputHeat implements CacheAdmission {
    private final int runs;
    private final Allowance data = new Allowance();
    private final Allowance tail = new Allowance();
    /** Length of the longest data block that was read, in bytes. */
    private int longest;
    /** The most bytes that the filter and index blocks of one partition take. */
    private long longestTail;

    /** @param runs that are merged */
    public InputHeat(int runs) {
        this.runs = runs;
    }

    /** Bytes that may enter the cache. */
    private static final class Allowance {
        long unused;
        long used;

        void add(boolean wasUsed, long bytes) {
            if (wasUsed) {
                used += bytes;
            } else {
                unused += bytes;
            }
        }

        void limit(long most) {
            used = Math.min(used, most);
            unused = Math.min(unused, most - used);
        }

        Place take(long bytes) {
            if (bytes > used + unused) {
                return Place.NONE;
            }
            Place place = bytes <= used ? Place.UNUSED : Place.FREE;
            unused -= Math.max(0, bytes - used);
            used -= Math.min(used, bytes);
            return place;
        }
    }

    /** Notes a data block that was read, past the cache. @param slots of its file; null when the file has none */
    void readData(BlockSlots slots, int ordinal, int bytes) {
        longest = Math.max(longest, bytes);
        note(data, slots, ordinal, bytes);
        data.limit((long) (runs + 1) * longest);
    }

    /** Notes the filter and index blocks of a partition that begins, which were not all read. */
    void beginPartition(SstBlocks blocks, int partition) {
        BlockSlots slots = blocks.slots();
        TopIndex top = blocks.top();
        long bytes = blocks.cachedBytes(top.indexBytes(partition));
        note(tail, slots, blocks.indexOrdinal(partition), bytes);
        for (int line = 0; line < top.filterLines(partition); line += SstFormat.LINES_PER_FILTER_BLOCK) {
            int ordinal = top.filterOrdinal(partition, line);
            int filterBytes = blocks.cachedBytes(top.filterBytes(ordinal));
            note(tail, slots, ordinal, filterBytes);
            bytes += filterBytes;
        }
        longestTail = Math.max(longestTail, bytes);
        tail.limit((runs + 1) * longestTail);
    }

    private static void note(Allowance into, BlockSlots slots, int ordinal, long bytes) {
        if (slots != null && slots.isCached(ordinal)) {
            into.add(slots.isRecentlyUsed(ordinal), bytes);
        }
    }

    @Override
    public Place data(int bytes) {
        return data.take(bytes);
    }

    @Override
    public Place tail(int bytes) {
        return tail.take(bytes);
    }
}
