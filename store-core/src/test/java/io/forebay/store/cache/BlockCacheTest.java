package io.forebay.store.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class BlockCacheTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    private static final int SLABS = 16;

    private final CountingAllocator allocator = new CountingAllocator((long) SLABS * SLAB);
    private final SlabPool pool = new SlabPool(allocator, (long) SLABS * SLAB);
    private final BlockCache cache = new BlockCache(pool);

    private void read(TestFile file, int ordinal) throws IOException {
        TestBlock block = TestBlock.pin(file, ordinal);
        file.verify(ordinal, block);
        block.unpin();
    }

    @Test
    void aBlockIsReadOnceAndThenFound() throws IOException {
        TestFile file = TestFile.uniform(cache, 1, 10, 4_000);
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 10; i++) {
                read(file, i);
            }
        }
        assertThat(file.reads).hasValue(10);
        assertThat(file.slots.misses()).isEqualTo(10);
        assertThat(file.slots.hits()).isEqualTo(40);
        assertThat(cache.cachedBytes()).isEqualTo(40_000);
        assertThat(pool.used(Use.CACHE)).isEqualTo(SLAB);
        assertThat(cache.transientBlocks()).isZero();
    }

    @Test
    void blocksOfAllSizesShareTheMemory() throws IOException {
        int[] lengths = {
            1, 511, 512, 513, 1_024, 2_000, 4_096, 4_097, 9_000, 16_384, 30_000, 40_000, 65_536, 65_537, 100_000
        };
        TestFile file = new TestFile(cache, 2, lengths);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < lengths.length; i++) {
                read(file, i);
            }
        }
        assertThat(file.reads).hasValue(lengths.length);
        assertThat(cache.transientBlocks()).isZero();
    }

    @Test
    void theCacheTakesTheWholeBudgetAndNoMore() throws IOException {
        TestFile file = TestFile.uniform(cache, 3, 1_000, 4_096);
        for (int i = 0; i < 1_000; i++) {
            read(file, i);
        }
        assertThat(pool.used(Use.CACHE)).isEqualTo((long) SLABS * SLAB);
        assertThat(cache.cachedBytes()).isEqualTo((long) SLABS * SLAB);
        assertThat(cache.transientBlocks()).isZero();
    }

    @Test
    void aPinnedBlockStaysWhateverElseIsRead() throws IOException {
        TestFile file = TestFile.uniform(cache, 4, 2_000, 4_096);
        TestBlock pinned = TestBlock.pin(file, 0);
        TestBlock twice = TestBlock.pin(file, 0);
        assertThat(BlockWord.location(twice.handle)).isEqualTo(BlockWord.location(pinned.handle));
        for (int i = 1; i < 2_000; i++) {
            read(file, i);
        }
        file.verify(0, pinned);
        pinned.unpin();
        for (int i = 1; i < 2_000; i++) {
            read(file, i);
        }
        file.verify(0, twice);
        twice.unpin();
        assertThatThrownBy(twice::unpin).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aScanDoesNotPushOutWhatIsUsedAgain() throws IOException {
        TestFile hot = TestFile.uniform(cache, 5, 64, 4_096);
        TestFile scanned = TestFile.uniform(cache, 6, 20_000, 4_096);
        for (int i = 0; i < 20_000; i++) {
            read(scanned, i);
            read(hot, i % 64);
        }
        assertThat(hot.reads.get()).isLessThan(64 * 3);
    }

    @Test
    void whenAllIsPinnedBlocksAreReadOutsideThePool() throws IOException {
        TestFile file = TestFile.uniform(cache, 7, 300, 4_096);
        List<TestBlock> pinned = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            pinned.add(TestBlock.pin(file, i));
        }
        assertThat(cache.transientBlocks()).isEqualTo(300 - SLABS * 16);
        assertThat(pool.used()).isEqualTo(pool.budget());
        for (int i = 0; i < 300; i++) {
            file.verify(i, pinned.get(i));
            pinned.get(i).unpin();
        }
        for (int i = 0; i < 300; i++) {
            read(file, i);
        }
        assertThat(cache.transientBlocks()).isEqualTo(300 - SLABS * 16);
    }

    @Test
    void withoutAnyBudgetBlocksAreStillRead() throws IOException {
        Slab all = pool.tryTakeLarge(Use.MEMTABLE, SLABS * SLAB);
        TestFile file = TestFile.uniform(cache, 8, 3, 100);
        read(file, 0);
        read(file, 0);
        assertThat(file.slots.misses()).isEqualTo(2);
        assertThat(cache.transientBlocks()).isEqualTo(2);
        pool.give(Use.MEMTABLE, all);
        read(file, 0);
        read(file, 0);
        assertThat(file.slots.hits()).isEqualTo(1);
    }

    @Test
    void aBlockLargerThanTheCacheMayHoldIsReadOutsideThePool() throws IOException {
        TestFile file = new TestFile(cache, 9, 2 * SLAB, 2 * SLAB + 1);
        read(file, 0);
        read(file, 1);
        assertThat(cache.transientBlocks()).isEqualTo(1);
        assertThat(pool.used(Use.CACHE)).isEqualTo(2 * SLAB);
    }

    @Test
    void largeBlocksMakeRoomForThemselves() throws IOException {
        TestFile small = TestFile.uniform(cache, 10, 400, 4_096);
        for (int i = 0; i < 400; i++) {
            read(small, i);
        }
        TestFile large = TestFile.uniform(cache, 11, 20, 2 * SLAB);
        for (int i = 0; i < 20; i++) {
            read(large, i);
        }
        assertThat(cache.transientBlocks()).isZero();
        for (int i = 0; i < 400; i++) {
            read(small, i);
        }
        assertThat(cache.transientBlocks()).isZero();
    }

    @Test
    void memoryMovesToTheSizeThatNeedsIt() throws IOException {
        TestFile small = TestFile.uniform(cache, 12, 3_000, 1_024);
        for (int i = 0; i < 3_000; i++) {
            read(small, i);
        }
        TestFile big = TestFile.uniform(cache, 13, 24, 32_768);
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < 24; i++) {
                read(big, i);
            }
        }
        int before = big.reads.get();
        for (int i = 0; i < 24; i++) {
            read(big, i);
        }
        assertThat(big.reads.get() - before).isZero();
        assertThat(cache.transientBlocks()).isZero();
    }

    @Test
    void aReadThatFailsLeavesNothingBehind() throws IOException {
        TestFile file = TestFile.uniform(cache, 14, 2_000, 4_096);
        file.failing = true;
        for (int i = 0; i < 2_000; i++) {
            int ordinal = i;
            assertThatThrownBy(() -> TestBlock.pin(file, ordinal)).hasMessage("broken disk");
        }
        assertThat(cache.cachedBytes()).isZero();
        file.failing = false;
        read(file, 0);
        assertThat(cache.transientBlocks()).isZero();
    }

    @Test
    void closingAFileFreesItsBlocksAndKeepsItsCounters() throws IOException {
        TestFile file = TestFile.uniform(cache, 15, 100, 4_096);
        TestFile other = TestFile.uniform(cache, 16, 10, 4_096);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 100; i++) {
                read(file, i);
            }
        }
        read(other, 3);
        TestBlock pinned = TestBlock.pin(file, 7);
        file.slots.evictAll();
        assertThat(cache.cachedBytes()).isEqualTo(2 * 4_096);
        assertThat(file.slots.hits()).isEqualTo(101);
        assertThat(file.slots.misses()).isEqualTo(100);
        file.verify(7, pinned);
        pinned.unpin();
        read(other, 3);
        assertThat(other.reads).hasValue(1);
        assertThat(cache.cachedBytes()).as("only that of the other file").isEqualTo(4_096);
        TestFile third = TestFile.uniform(cache, 17, 1_000, 4_096);
        for (int i = 0; i < 1_000; i++) {
            read(third, i);
        }
        assertThat(cache.cachedBytes()).isEqualTo((long) SLABS * SLAB);
        assertThat(file.slots.hits()).isEqualTo(101);
    }

    @Test
    void aBlockReadWhileItsFileIsClosedIsNotInstalled() throws IOException {
        TestFile file = TestFile.uniform(cache, 18, 1, 4_096);
        BlockSource closing = new BlockSource() {
            @Override
            public int length(int ordinal) {
                return file.length(ordinal);
            }

            @Override
            public void read(int ordinal, Slab into, int offset) throws IOException {
                file.slots.evictAll();
                file.read(ordinal, into, offset);
            }
        };
        TestBlock block = TestBlock.pin(file.slots, 0, closing);
        file.verify(0, block);
        block.unpin();
        assertThat(file.slots.isCached(0)).isFalse();
        assertThat(cache.cachedBytes()).isZero();
    }

    @Test
    void memtablesSqueezeTheCache() throws IOException {
        TestFile file = TestFile.uniform(cache, 19, 300, 4_096);
        for (int i = 0; i < 300; i++) {
            read(file, i);
        }
        TestBlock pinned = TestBlock.pin(file, 299);
        List<Slab> taken = new ArrayList<>();
        Slab slab;
        while ((slab = pool.tryTake(Use.MEMTABLE)) != null) {
            taken.add(slab);
        }
        assertThat(taken).hasSize(SLABS - SLABS / 8);
        assertThat(pool.used(Use.CACHE)).isEqualTo(SLABS / 8 * SLAB);
        file.verify(299, pinned);
        pinned.unpin();
        for (int i = 0; i < 300; i++) {
            read(file, i);
        }
        taken.forEach(memory -> pool.give(Use.MEMTABLE, memory));
        for (int i = 0; i < 300; i++) {
            read(file, i);
        }
        assertThat(pool.used(Use.CACHE)).isEqualTo((long) SLABS * SLAB);
        assertThat(cache.transientBlocks()).isZero();
    }

    @Test
    void hotSlabsOutliveColdOnesUnderPressure() throws IOException {
        TestFile cold = TestFile.uniform(cache, 20, 12 * 16, 4_096);
        TestFile hot = TestFile.uniform(cache, 21, 4 * 16, 4_096);
        for (int i = 0; i < cold.blocks(); i++) {
            read(cold, i);
        }
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < hot.blocks(); i++) {
                read(hot, i);
            }
        }
        for (int i = 0; i < 12; i++) {
            assertThat(pool.tryTake(Use.MEMTABLE)).isNotNull();
            for (int j = 0; j < hot.blocks(); j++) {
                read(hot, j);
            }
        }
        assertThat(hot.reads).hasValue(hot.blocks());
    }

    @Test
    void closeGivesEverythingBack() throws IOException {
        TestFile file = new TestFile(cache, 22, 100, 4_096, 70_000, 30_000);
        for (int i = 0; i < file.blocks(); i++) {
            read(file, i);
        }
        TestBlock pinned = TestBlock.pin(file, 1);
        assertThatThrownBy(cache::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("1 blocks");
        assertThat(cache.pinnedBlocks()).isEqualTo(1);
        file.verify(1, pinned);
        pinned.unpin();
        assertThat(cache.pinnedBlocks()).isZero();
        assertThat(pool.used()).isZero();
        assertThat(allocator.outstanding).hasValue(0);
    }

    @Test
    void aClosedCacheTakesNoMemory() throws IOException {
        TestFile file = new TestFile(cache, 23, 4_096, 70_000);
        cache.close();
        for (int i = 0; i < file.blocks(); i++) {
            TestBlock block = TestBlock.pin(file, i);
            file.verify(i, block);
            assertThat(pool.used()).isZero();
            block.unpin();
        }
        assertThat(allocator.outstanding).hasValue(0);
    }

    /** A word counts so many pins and no more. The read that comes next has the block for itself. */
    @Test
    void aBlockWithVeryManyPinsTakesNoMore() throws IOException {
        TestFile file = TestFile.uniform(cache, 24, 2, 4_096);
        int most = (int) BlockWord.CROWDED;
        List<TestBlock> pinned = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            pinned.add(TestBlock.pin(file, 0));
        }
        assertThat(file.reads).hasValue(1);
        read(file, 0);
        assertThat(file.reads).hasValue(2);
        pinned.remove(most - 1).unpin();
        read(file, 0);
        assertThat(file.reads).hasValue(2);
        for (TestBlock block : pinned) {
            file.verify(0, block);
            block.unpin();
        }
        assertThat(cache.pinnedBlocks()).isZero();
    }

    /** A thread that finds an element empty has added a pin to it for a moment, which is none of the block that comes next. */
    @Test
    void aPinThatIsTakenBackIsNoPinOfTheNextBlock() throws Exception {
        TestFile file = TestFile.uniform(cache, 26, 1, 4_096);
        Field field = BlockSlots.class.getDeclaredField("words");
        field.setAccessible(true);
        long[] words = (long[]) field.get(file.slots);
        BlockSource besideAnother = new BlockSource() {
            @Override
            public int length(int ordinal) {
                return file.length(ordinal);
            }

            @Override
            public void read(int ordinal, Slab into, int offset) throws IOException {
                file.read(ordinal, into, offset);
                words[0] += BlockWord.ONE_PIN;
            }
        };
        TestBlock block = TestBlock.pin(file.slots, 0, besideAnother);
        file.slots.evictAll();
        words[0] -= BlockWord.ONE_PIN;
        file.verify(0, block);
        block.unpin();
        assertThat(words[0]).isZero();
        assertThat(cache.pinnedBlocks()).isZero();
        assertThat(cache.cachedBytes()).isZero();
    }

    /** A block keeps its bytes at the end of its file and of the cache, and the slots keep nothing of the other blocks. */
    @Test
    void aPinOutlivesFileAndCache() throws IOException {
        TestFile file = TestFile.uniform(cache, 25, 50, 4_096);
        for (int i = 0; i < 50; i++) {
            read(file, i);
        }
        TestBlock first = TestBlock.pin(file, 0);
        TestBlock second = TestBlock.pin(file, 0);
        file.slots.evictAll();
        assertThat(file.slots.size()).isZero();
        assertThat(cache.pinnedBlocks()).isOne();
        first.unpin();
        assertThatThrownBy(cache::close).hasMessageContaining("1 blocks");
        file.verify(0, second);
        second.unpin();
        assertThat(pool.used()).isZero();
        assertThatThrownBy(second::unpin).isInstanceOf(IllegalStateException.class);
    }

    /** The last of several pins, by whichever thread, gives the memory back; none does it too early. */
    @Test
    void theLastOfManyPinsGivesTheMemoryBack() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            for (int round = 0; round < 300; round++) {
                BlockCache own = new BlockCache(pool);
                TestFile file = new TestFile(own, round, 100, 4_096, 70_000, 30_000);
                List<Callable<Object>> ends = new ArrayList<>();
                for (int thread = 0; thread < 2; thread++) {
                    List<TestBlock> pinned = new ArrayList<>();
                    for (int i = 0; i < file.blocks(); i++) {
                        pinned.add(TestBlock.pin(file, i));
                    }
                    ends.add(() -> {
                        for (int i = 0; i < pinned.size(); i++) {
                            file.verify(i, pinned.get(i));
                            pinned.get(i).unpin();
                        }
                        return null;
                    });
                }
                ends.add(() -> {
                    try {
                        own.close();
                    } catch (IllegalStateException e) {
                        assertThat(e).hasMessageContaining("still pinned");
                    }
                    return null;
                });
                for (Future<Object> end : threads.invokeAll(ends)) {
                    end.get();
                }
                assertThat(pool.used()).isZero();
                assertThat(allocator.outstanding).hasValue(0);
            }
        } finally {
            threads.shutdown();
        }
    }
}
