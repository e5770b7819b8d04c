package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** A file is closed while another thread pins its block: it has its bytes, and the last one gives the frame back. */
@JCStressTest
@Outcome(id = "7, 7, 0", expect = Expect.ACCEPTABLE, desc = "the bytes of the block, and then its frame is free")
@Outcome(expect = Expect.FORBIDDEN, desc = "other bytes, or a frame that is lost")
@State
public class EvictPinnedStress {
    private static final int BLOCK_BYTES = 4096;

    private static final SlabAllocator HEAP = new SlabAllocator() {
        @Override
        public ByteBuffer allocate(int bytes) {
            return ByteBuffer.allocate(bytes);
        }

        @Override
        public void release(ByteBuffer buffer) {
            buffer.put(0, (byte) 99);
        }
    };

    private static final BlockSource SOURCE = new BlockSource() {
        @Override
        public int length(int ordinal) {
            return BLOCK_BYTES;
        }

        @Override
        public void read(int ordinal, Slab into, int offset) {
            into.putByte(offset, (byte) 7);
        }
    };

    private final BlockCache cache = new BlockCache(new SlabPool(HEAP, 128 << 10));
    private final BlockSlots slots = cache.slots(1);

    public EvictPinnedStress() {
        slots.unpin(0, pin());
    }

    private long pin() {
        try {
            return slots.pin(0, SOURCE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int pinned() {
        long block = pin();
        if (block == 0) {
            return 7; // closed already
        }
        int seen = slots.slab(block).getByte(BlockSlots.offset(block));
        slots.unpin(0, block);
        return seen;
    }

    @Actor
    public void reader(III_Result seen) {
        seen.r1 = pinned();
        seen.r2 = pinned();
    }

    @Actor
    public void closer() {
        slots.evictAll();
    }

    @Arbiter
    public void bytesThatAreLeft(III_Result seen) {
        seen.r3 = (int) cache.cachedBytes();
    }
}
