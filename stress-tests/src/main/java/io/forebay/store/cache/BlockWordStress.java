package io.forebay.store.cache;

import io.forebay.store.util.DirectSlabAllocator;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * The word of one block, which is evicted from one frame and shown in another one while another thread pins it twice: a pin has
 * the bytes of the frame in its handle, and no pin is lost or left over.
 */
@JCStressTest
@Outcome(
        id = {"0, 0, 0", "0, 7, 0", "7, 0, 0", "7, 7, 0"},
        expect = Expect.ACCEPTABLE,
        desc = "the bytes of the block, or not in the cache")
@Outcome(
        expect = Expect.FORBIDDEN,
        desc = "bytes of a frame that was given to another block, or pins that do not add up")
@State
public class BlockWordStress {
    private static final BlockCache CACHE = new BlockCache(new SlabPool(new DirectSlabAllocator(1 << 20), 1 << 19));
    private static final int LENGTH = 100;

    private final BlockSlots slots = CACHE.slots(1);
    /** What lies in the frames. The second one is not filled yet. */
    private final int[] frames = {7, 99};

    public BlockWordStress() {
        show(0);
    }

    private void show(int frame) {
        long handle = BlockWord.frame(BlockWord.place(false, frame), 0, LENGTH);
        synchronized (CACHE) {
            slots.unpin(0, slots.install(0, handle)); // 0 when a thread is adding a pin to the empty element
        }
    }

    private int pinned() {
        long block = slots.tryPin(0);
        if (block == 0) {
            return 0;
        }
        int seen = frames[BlockWord.location(block)];
        slots.unpin(0, block);
        return seen;
    }

    @Actor
    public void reader(III_Result seen) {
        seen.r1 = pinned();
        seen.r2 = pinned();
    }

    @Actor
    public void evictor() {
        synchronized (CACHE) {
            if (slots.tryEvict(0) != 0) {
                frames[0] = 99;
                frames[1] = 7;
                show(1);
            }
        }
    }

    @Arbiter
    public void pinsThatAreLeft(III_Result seen) {
        seen.r3 = BlockWord.pins(slots.word(0));
    }
}
