package io.forebay.store.sst;

import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.FillingSlots;
import io.forebay.store.sst.CacheAdmission.Place;
import io.forebay.store.sst.block.BlockTrailer;

/**
 * Puts blocks of a file that is being written into the cache, as reads of the file would: decrypted and decompressed. That some
 * or all of them do not enter is no failure. Used by one thread; ends with {@link #finish} or {@link #close()}.
 */
public final class CacheFill implements AutoCloseable {
    private static final int FIRST_BLOCKS = 256;
    /** Places for so many blocks are not counted: they are no more than the output buffer. */
    private static final int UNCOUNTED_BLOCKS = 8 << 10;

    private final FillingSlots slots;
    private final CacheAdmission admission;
    /** Null to count nothing. */
    private final HeldMemory memory;

    /** The ordinal of the next block. */
    private int next;

    private int room;
    private long reserved;

    /**
     * @param memory counts the places of the blocks until the file has a reader; null to count nothing
     */
    public CacheFill(BlockCache cache, CacheAdmission admission, HeldMemory memory) {
        this.slots = cache.fillingSlots();
        this.admission = admission;
        this.memory = memory;
    }

    /** The content of the next data block. */
    void data(byte[] bytes, int at, int length) {
        put(admission.data(length + BlockTrailer.BYTES), bytes, at, length);
    }

    /** The next data block is so long that it does not enter. */
    void longData() {
        next++;
    }

    /** Asked when a filter or index block is complete: where it may enter once it is written. */
    Place tailPlace(int length) {
        return admission.tail(length + BlockTrailer.BYTES);
    }

    /** The content of the next filter or index block, after all data blocks. */
    void tail(Place place, byte[] bytes, int at, int length) {
        put(place, bytes, at, length);
    }

    private void put(Place place, byte[] bytes, int at, int length) {
        int ordinal = next++;
        if (place != Place.NONE && hasRoom(ordinal)) {
            slots.put(ordinal, bytes, at, length, length + BlockTrailer.BYTES, place == Place.UNUSED);
        }
    }

    private boolean hasRoom(int ordinal) {
        if (ordinal < room) {
            return true;
        }
        int wanted = Math.max(FIRST_BLOCKS, Math.max(ordinal + 1, 2 * room));
        if (memory != null && wanted > UNCOUNTED_BLOCKS) {
            long bytes = (long) wanted * BlockSlots.BYTES_PER_BLOCK - reserved;
            if (!memory.pool().tryReserve(memory.use(), bytes)) {
                return false;
            }
            reserved += bytes;
        }
        slots.grow(wanted);
        room = wanted;
        return true;
    }

    /**
     * After all blocks.
     *
     * @return the slots of the file for its reader; null when the cache has none of its blocks
     */
    BlockSlots finish() {
        giveBack();
        return slots.finish(next);
    }

    /** Removes all blocks from the cache; after {@link #finish} their new owner does so. Idempotent. */
    @Override
    public void close() {
        giveBack();
        slots.close();
    }

    private void giveBack() {
        if (reserved > 0) {
            memory.pool().unreserve(memory.use(), reserved);
            reserved = 0;
        }
    }
}
