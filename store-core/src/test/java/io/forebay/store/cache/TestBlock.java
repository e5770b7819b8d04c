package io.forebay.store.cache;

import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A pinned block; one that the cache has no room for is on the heap. */
final class TestBlock {
    final long handle;
    private final BlockSlots slots;
    private final int ordinal;
    private final Slab slab;
    private final int length;

    private TestBlock(BlockSlots slots, int ordinal, long handle, Slab slab, int length) {
        this.slots = slots;
        this.ordinal = ordinal;
        this.handle = handle;
        this.slab = slab;
        this.length = length;
    }

    static TestBlock pin(TestFile file, int ordinal) throws IOException {
        return pin(file.slots, ordinal, file);
    }

    static TestBlock pin(BlockSlots slots, int ordinal, BlockSource source) throws IOException {
        slots.countUses(1);
        long handle = slots.pin(ordinal, source);
        if (handle != 0) {
            return new TestBlock(slots, ordinal, handle, slots.slab(handle), slots.length(handle));
        }
        Slab heap = new Slab(ByteBuffer.allocate(source.length(ordinal)));
        source.read(ordinal, heap, 0);
        return new TestBlock(slots, ordinal, 0, heap, heap.capacity());
    }

    int length() {
        return length;
    }

    byte getByte(int index) {
        return slab.getByte(BlockSlots.offset(handle) + index);
    }

    /** The region in which the block lies. */
    HeldRegion region() {
        return slots.home(handle).region;
    }

    boolean tryHold() {
        return slots.tryHold(handle, length);
    }

    void endHold() {
        slots.endHold(handle, length);
    }

    void unpin() {
        slots.unpin(ordinal, handle);
    }
}
