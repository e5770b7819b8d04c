package io.forebay.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.DirectSlabAllocator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What cursors hold counts once for each slab, whoever else holds the same. */
class BlockHoldsTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    private static final int BUDGET = 16 << 20;
    private static final int MOST_SLABS = BUDGET / 8 / SLAB - 1; // the cache has a little less than the budget
    private static final int BLOCK = 4_096;
    private static final int BLOCKS_OF_SLAB = SLAB / BLOCK;

    private final DirectSlabAllocator allocator = new DirectSlabAllocator(BUDGET);
    private final BlockCache cache = new BlockCache(new SlabPool(allocator, DirectSlabAllocator.usable(BUDGET)));
    private final List<TestBlock> held = new ArrayList<>();

    @AfterEach
    void close() {
        endAll();
        cache.close();
        allocator.close();
    }

    private boolean hold(TestFile file, int ordinal) throws IOException {
        TestBlock block = TestBlock.pin(file, ordinal);
        if (block.tryHold()) {
            held.add(block);
            return true;
        }
        block.unpin();
        return false;
    }

    private void endAll() {
        for (TestBlock block : held) {
            block.endHold();
            block.unpin();
        }
        held.clear();
    }

    /** @return how many slabs are held when one block of each was tried */
    private int holdOneOfEach(TestFile small) throws IOException {
        int slabs = 0;
        for (int i = 0; i < small.blocks(); i += BLOCKS_OF_SLAB) {
            slabs += hold(small, i) ? 1 : 0;
        }
        return slabs;
    }

    private TestFile small() throws IOException {
        TestFile file = TestFile.uniform(cache, 1, 100 * BLOCKS_OF_SLAB, BLOCK);
        for (int i = 0; i < file.blocks(); i++) {
            TestBlock.pin(file, i).unpin();
        }
        return file;
    }

    @Test
    void anEighthOfTheMemoryIsHeld() throws IOException {
        TestFile small = small();
        assertThat(holdOneOfEach(small)).isEqualTo(MOST_SLABS);
        endAll();
        assertThat(holdOneOfEach(small)).isEqualTo(MOST_SLABS);
    }

    @Test
    void manyCursorsAtOneBlockHoldItOnce() throws IOException {
        TestFile small = small();
        TestFile large = TestFile.uniform(cache, 2, 1, BUDGET / 16);
        for (int i = 0; i < 10_000; i++) {
            assertThat(hold(small, 0)).isTrue();
            assertThat(hold(large, 0)).isTrue();
        }
        assertThat(holdOneOfEach(small)).isBetween(MOST_SLABS / 2, MOST_SLABS / 2 + 1);
        endAll();
        assertThat(holdOneOfEach(small)).isEqualTo(MOST_SLABS);
    }

    @Test
    void soDoCursorsAtSeveralBlocksOfASlab() throws IOException {
        TestFile small = small();
        for (int i = 0; i < 20 * BLOCKS_OF_SLAB; i++) {
            assertThat(hold(small, i)).isTrue();
        }
        assertThat(holdOneOfEach(small)).isEqualTo(MOST_SLABS);
        held.get(0).endHold();
        held.remove(0).unpin();
        assertThat(hold(small, small.blocks() - 1))
                .as("others hold blocks of that slab")
                .isFalse();
    }

    /** The cache has no room for them, so each cursor has its own. */
    @Test
    void longBlocksOnTheHeapHaveALimitOfTheirOwn() throws IOException {
        TestFile longest = TestFile.uniform(cache, 3, 3, BUDGET / 4);
        assertThat(hold(longest, 0)).isTrue();
        assertThat(hold(longest, 1)).isFalse();
        assertThat(hold(longest, 0)).as("read once more").isFalse();
        endAll();
        assertThat(hold(longest, 1)).isTrue();
        assertThat(hold(small(), 0)).as("in the cache").isTrue();
        endAll();
        TestFile past = new TestFile(cache.closedSlots(), 4, BUDGET / 32, BUDGET / 32, 5 * BUDGET / 64, BLOCK);
        assertThat(hold(past, 0)).isTrue();
        assertThat(hold(past, 1)).isTrue();
        assertThat(hold(past, 2)).as("more than an eighth in all").isFalse();
        assertThat(hold(past, 0)).isTrue();
        for (int i = 0; i < 10_000; i++) {
            assertThat(hold(past, 3)).as("short").isTrue();
        }
        endAll();
        assertThat(hold(past, 2)).isTrue();
    }

    @Test
    void countsRightWhenManyComeAndGoAtOnce() throws IOException, InterruptedException, ExecutionException {
        TestFile small = small();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                Random random = new Random(thread);
                done.add(threads.submit(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        TestBlock block = TestBlock.pin(small, random.nextInt(2) * BLOCKS_OF_SLAB);
                        assertThat(block.tryHold()).isTrue();
                        block.endHold();
                        block.unpin();
                    }
                    return null;
                }));
            }
            for (Future<?> each : done) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(holdOneOfEach(small)).isEqualTo(MOST_SLABS);
    }
}
