package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.testing.Interleavings;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * A pinned block keeps its bytes, while other threads bring blocks that there is no room for, and give memory back. In the end
 * nothing is pinned.
 */
public class BlockCacheInterleavingTest {
    private static final int BLOCKS = 3;

    private static final BlockSource SOURCE = new BlockSource() {
        @Override
        public int length(int ordinal) {
            return SlabAllocator.SLAB_BYTES;
        }

        @Override
        public void read(int ordinal, Slab into, int offset) {
            into.putByte(offset, (byte) ordinal);
            into.putByte(offset + SlabAllocator.SLAB_BYTES - 1, (byte) ordinal);
        }
    };

    private final SlabPool pool = new SlabPool(new EdgePoison(), 2L * SlabAllocator.SLAB_BYTES);
    private final BlockCache cache = new BlockCache(pool);
    private final BlockSlots slots = cache.slots(BLOCKS);

    @Operation
    public int read(@Param(gen = IntGen.class, conf = "0:2") int ordinal) {
        try {
            TestBlock block = TestBlock.pin(slots, ordinal, SOURCE);
            int first = block.getByte(0);
            int last = block.getByte(block.length() - 1);
            block.unpin();
            return first == last ? first : -1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A memtable takes memory from the cache; whether it gets some depends on what is pinned. */
    @Operation
    public void squeeze() {
        Slab slab = pool.tryTake(SlabPool.Use.MEMTABLE);
        if (slab != null) {
            pool.give(SlabPool.Use.MEMTABLE, slab);
        }
    }

    @Operation(runOnce = true)
    public void closeFile() {
        slots.evictAll();
    }

    @Operation
    public boolean isWithinBudget() {
        return pool.used() <= pool.budget() && pool.used(SlabPool.Use.CACHE) <= pool.budget();
    }

    @Validate
    public void noPinIsLeft() {
        if (cache.pinnedBlocks() != 0) {
            throw new IllegalStateException(cache.pinnedBlocks() + " blocks are pinned by nobody");
        }
    }

    @Test
    void everyOrder() {
        Interleavings.check(BlockCacheInterleavingTest.class, Specification.class, 2, 900, name -> false);
    }

    /** Memory that shows at its edges that it was given back: a loop over all of it would look like a hang. */
    private static final class EdgePoison implements SlabAllocator {
        @Override
        public ByteBuffer allocate(int bytes) {
            return ByteBuffer.allocate(bytes);
        }

        @Override
        public void release(ByteBuffer buffer) {
            buffer.put(0, (byte) -2);
            buffer.put(buffer.capacity() - 1, (byte) -3);
        }
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        public int read(int ordinal) {
            return ordinal;
        }

        public void squeeze() {}

        public void closeFile() {}

        public boolean isWithinBudget() {
            return true;
        }
    }
}
