package io.forebay.store.sst;

import io.forebay.store.cache.BlockSlots;

/**
 * A file that was just written and has blocks in the cache: what its reader would load from it, and these blocks. It becomes a
 * reader by {@link SstReader#of}, or is closed. Used by one thread.
 */
public final class WrittenSst implements AutoCloseable {
    private final SstMetadata metadata;
    private final BlockSlots slots;

    WrittenSst(SstMetadata metadata, BlockSlots slots) {
        this.metadata = metadata;
        this.slots = slots;
    }

    SstMetadata metadata() {
        return metadata;
    }

    BlockSlots slots() {
        return slots;
    }

    /** Removes the blocks from the cache; not called when a reader has them. Idempotent. */
    @Override
    public void close() {
        slots.evictAll();
    }
}
