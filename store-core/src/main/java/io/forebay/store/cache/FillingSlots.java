package io.forebay.store.cache;

/**
 * The cached blocks of a file that is being written: its blocks enter the cache while they are in memory anyway, before there is
 * a reader. Until then nobody else finds them; the cache evicts them as it evicts others, and no file or reader is needed for that.
 *
 * <p>Made by {@link BlockCache#fillingSlots}. Used by one thread, which calls {@link #finish} or {@link #close()} in the end.
 */
public final class FillingSlots implements AutoCloseable {
    private final BlockCache cache;
    private final BlockSlots slots;

    FillingSlots(BlockCache cache, BlockSlots slots) {
        this.cache = cache;
        this.slots = slots;
    }

    /** Makes room for so many blocks, of {@link BlockSlots#BYTES_PER_BLOCK} each; not fewer than before. */
    public void grow(int blocks) {
        cache.resize(slots, blocks);
    }

    /**
     * Puts a block into the cache, once for each ordinal. Blocks longer than a slab do not enter: memory in one piece may have to
     * be made for them.
     *
     * @param ordinal below what was asked for with {@link #grow}
     * @param bytes the block is {@code bytes[at, at + length)}; copied
     * @param cachedLength length of the block in the cache, not less than {@code length}; the content of the rest is undefined
     * @param used true to count the block as recently used, so that it may take the place of one that is not; else it enters
     *     only where no other has to leave
     * @return false when there is no frame for it
     */
    public boolean put(int ordinal, byte[] bytes, int at, int length, int cachedLength, boolean used) {
        return cache.fill(slots, ordinal, bytes, at, length, cachedLength, used);
    }

    /**
     * Ends the filling.
     *
     * @param blocks of the file, at least as many as were put
     * @return the slots for the reader of the file, which closes them; null, with this closed, when none of the blocks is in the
     *     cache
     */
    public BlockSlots finish(int blocks) {
        if (cache.finish(slots, blocks)) {
            return slots;
        }
        close();
        return null;
    }

    /** Removes all blocks from the cache. Idempotent. */
    @Override
    public void close() {
        slots.evictAll();
    }
}
