package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A pinned block keeps its bytes, although another thread brings more blocks to the cache than it has room for. */
@JCStressTest
@Outcome(id = "7", expect = Expect.ACCEPTABLE, desc = "the bytes of the block")
@Outcome(expect = Expect.FORBIDDEN, desc = "bytes of another block, or none")
@State
public class PinStress {
    private static final int BLOCK_BYTES = 4096;
    /** More than the memory holds. */
    private static final int OTHERS = 40;

    private static final SlabAllocator HEAP = new SlabAllocator() {
        @Override
        public ByteBuffer allocate(int bytes) {
            return ByteBuffer.allocate(bytes);
        }

        @Override
        public void release(ByteBuffer buffer) {
            for (int i = 0; i < buffer.capacity(); i += BLOCK_BYTES / 2) {
                buffer.put(i, (byte) 99);
            }
        }
    };

    /** Every block is full of seven and its number. */
    private static final BlockSource SOURCE = new BlockSource() {
        @Override
        public int length(int ordinal) {
            return BLOCK_BYTES;
        }

        @Override
        public void read(int ordinal, Slab into, int offset) {
            for (int i = 0; i < BLOCK_BYTES; i += BLOCK_BYTES / 4) {
                into.putByte(offset + i, (byte) (7 + ordinal));
            }
        }
    };

    private final BlockCache cache = new BlockCache(new SlabPool(HEAP, 128 << 10));
    private final BlockSlots slots = cache.slots(2);

    @Actor
    public void reader(I_Result seen) {
        long block = pin(slots, 0);
        Slab slab = slots.slab(block);
        int first = slab.getByte(BlockSlots.offset(block));
        for (int i = 0; i < BLOCK_BYTES; i += BLOCK_BYTES / 2) {
            if (slab.getByte(BlockSlots.offset(block) + i) != first) {
                first = -1;
            }
        }
        slots.unpin(0, block);
        seen.r1 = first;
    }

    @Actor
    public void evictor() {
        BlockSlots others = cache.slots(OTHERS);
        for (int i = 1; i < OTHERS; i++) {
            others.unpin(i, pin(others, i));
        }
    }

    private static long pin(BlockSlots from, int ordinal) {
        try {
            return from.pin(ordinal, SOURCE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
