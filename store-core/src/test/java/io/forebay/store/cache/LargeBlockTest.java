package io.forebay.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Room for what is longer than a slab, in memory that is full of other things. */
class LargeBlockTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    private static final int BUDGET = 16 << 20;

    private final DirectSlabAllocator allocator = new DirectSlabAllocator(BUDGET);
    private final SlabPool pool = new SlabPool(allocator, DirectSlabAllocator.usable(BUDGET));
    private final BlockCache cache = new BlockCache(pool);

    /** Blocks of all sizes come and go, and so do memtables; none is read past the cache for lack of a place. */
    @Test
    void blocksOfAllSizesFindAPlaceBesideMemtables() {
        Seeded.run(LargeBlockTest.class, 3, random -> {
            DirectSlabAllocator memory = new DirectSlabAllocator(BUDGET);
            SlabPool shared = new SlabPool(memory, DirectSlabAllocator.usable(BUDGET));
            BlockCache mixed = new BlockCache(shared);
            TestFile file = new TestFile(mixed, 1, lengths(random, 3_000));
            Deque<Slab> memtable = new ArrayDeque<>();
            for (int i = 0; i < 10_000; i++) {
                int ordinal = random.nextInt(file.blocks());
                TestBlock block = TestBlock.pin(file, ordinal);
                file.verify(ordinal, block);
                block.unpin();
                if (random.nextInt(20) == 0) {
                    int bytes = random.nextBoolean() ? SLAB : SlabPool.wholePages(1 + random.nextInt(300_000));
                    Slab slab = shared.tryTakeLarge(Use.MEMTABLE, bytes);
                    assertThat(slab).as("%d bytes of %s", bytes, memory).isNotNull();
                    memtable.add(slab);
                }
                if (memtable.size() > 40) {
                    memtable.forEach(slab -> shared.give(Use.MEMTABLE, slab));
                    memtable.clear();
                }
            }
            assertThat(mixed.transientBlocks()).isZero();
            assertThat(shared.peak()).isLessThanOrEqualTo(BUDGET).isGreaterThan(BUDGET / 4 * 3);
            memtable.forEach(slab -> shared.give(Use.MEMTABLE, slab));
            mixed.close();
            assertThat(shared.used()).isZero();
            memory.close();
        });
    }

    private static int[] lengths(Random random, int count) {
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++) {
            lengths[i] = random.nextInt(4) == 0 ? 1 + random.nextInt(500_000) : 1 + random.nextInt(5_000);
        }
        return lengths;
    }

    @Test
    void aMemtableThatNeedsOnePieceEvictsWhatLiesThereAndLittleElse() throws IOException {
        fillWithSmallBlocks();
        long full = pool.used(Use.CACHE);
        int bytes = SlabPool.wholePages(1_500_000);
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, bytes)).isNotNull();
        // once so that the budget has room, and once so that it lies in one piece
        assertThat(full - pool.used(Use.CACHE)).isBetween((long) bytes, 2L * bytes + 2 * SLAB);
    }

    /** Longer than any region: regions have to become idle as a whole, and be given up. */
    @Test
    void aMemtableThatNeedsMoreThanARegionGetsIt() throws IOException {
        fillWithSmallBlocks();
        Slab slab = pool.tryTakeLarge(Use.MEMTABLE, 7 << 20);
        assertThat(slab).isNotNull();
        assertThat(pool.fragmentation()).isNull();
        assertThat(pool.capacity()).isEqualTo(pool.budget());
        pool.give(Use.MEMTABLE, slab);
        fillWithSmallBlocks();
        assertThat(pool.used()).isGreaterThan(BUDGET - (1 << 20));
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 7 << 20)).isNotNull();
    }

    /** Nothing is to be had in one piece as long as they are there, which is no refusal: they may be flushed. */
    @Test
    void memtablesThatLieEverywhereAreNamedAsTheReason() {
        Deque<Slab> all = new ArrayDeque<>();
        for (Slab slab; (slab = pool.tryTake(Use.MEMTABLE)) != null; ) {
            all.add(slab);
        }
        for (int i = all.size() / 2; i > 0; i--) {
            pool.give(Use.MEMTABLE, all.poll());
            all.add(all.poll());
        }
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 2 * SLAB)).isNull();
        assertThat(pool.fragmentation()).hasMessageContaining("" + 2 * SLAB).hasMessageContaining("pieces");
        assertThat(pool.refusal()).isNull();
        assertThat(pool.capacity()).isEqualTo(pool.budget());
        all.forEach(slab -> pool.give(Use.MEMTABLE, slab));
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 2 * SLAB)).isNotNull();
        assertThat(pool.fragmentation()).isNull();
    }

    /** Cursors stay in all regions, of which most are as long as the buffer that is wanted then. */
    @Test
    void heldBlocksLeaveRoomWhereRegionsAreLong() throws IOException {
        int bytes = 4 << 20;
        List<Slab> longest = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            longest.add(pool.tryTakeLarge(Use.MEMTABLE, bytes));
        }
        longest.forEach(slab -> pool.give(Use.MEMTABLE, slab));
        TestFile file = TestFile.uniform(cache, 1, BUDGET / 4_096, 4_096);
        Set<HeldRegion> regions = new HashSet<>();
        for (int i = 0; i < file.blocks(); i++) {
            TestBlock block = TestBlock.pin(file, i);
            if (!regions.add(block.region()) || !block.tryHold()) {
                block.unpin();
            }
        }
        assertThat(regions).filteredOn(HeldRegion::isLong).hasSize(3);
        assertThat(cache.pinnedBlocks()).isPositive();
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, bytes)).isNotNull();
    }

    private void fillWithSmallBlocks() throws IOException {
        TestFile file = TestFile.uniform(cache, 1, BUDGET / 4_096, 4_096);
        for (int i = 0; i < file.blocks(); i++) {
            TestBlock.pin(file, i).unpin();
        }
    }
}
