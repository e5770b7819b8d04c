package io.forebay.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.SlabAllocator;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FillingSlotsTest {
    private static final int SLABS = 16;
    private static final int BLOCK = 4096;
    private static final int BLOCKS = SLABS * (SlabAllocator.SLAB_BYTES / BLOCK);

    private final HeapSlabs slabs = new HeapSlabs();
    private final SlabPool pool = new SlabPool(slabs, (long) SLABS * SlabAllocator.SLAB_BYTES);
    private final BlockCache cache = new BlockCache(pool);

    @AfterEach
    void nothingIsHeld() {
        assertThat(cache.pinnedBlocks()).isZero();
        cache.close();
        assertThat(pool.used()).isZero();
        assertThat(slabs.outstanding()).isZero();
    }

    /** Fails the test when a block is read. */
    private static final BlockSource NO_FILE = new BlockSource() {
        @Override
        public int length(int ordinal) {
            throw new AssertionError("Block " + ordinal + " is asked for its length");
        }

        @Override
        public void read(int ordinal, Slab into, int offset) {
            throw new AssertionError("Block " + ordinal + " is read");
        }
    };

    private static byte[] bytes(int ordinal, int length) {
        byte[] bytes = new byte[length + 6];
        Arrays.fill(bytes, 3, 3 + length, (byte) (ordinal * 7 + 1));
        return bytes;
    }

    private static boolean put(FillingSlots filling, int ordinal, int length, boolean used) {
        return filling.put(ordinal, bytes(ordinal, length), 3, length - 5, length, used);
    }

    private static void check(BlockSlots slots, int ordinal, int length) throws IOException {
        TestBlock block = TestBlock.pin(slots, ordinal, NO_FILE);
        assertThat(block.length()).isEqualTo(length);
        for (int i = 0; i < length - 5; i++) {
            assertThat(block.getByte(i)).isEqualTo((byte) (ordinal * 7 + 1));
        }
        block.unpin();
    }

    @Test
    void whatWasPutIsFoundWithoutARead() throws IOException {
        FillingSlots filling = cache.fillingSlots();
        int[] lengths = {6, 511, 512, 513, 4000, 4096, 40_000, SlabAllocator.SLAB_BYTES - 1, SlabAllocator.SLAB_BYTES};
        for (int i = 0; i < lengths.length; i++) {
            filling.grow(2 * i + 1); // every other block stays out
            assertThat(put(filling, 2 * i, lengths[i], i % 2 == 0)).isTrue();
        }
        BlockSlots slots = filling.finish(30);

        assertThat(slots.size()).isEqualTo(30);
        for (int i = 0; i < lengths.length; i++) {
            assertThat(slots.isRecentlyUsed(2 * i)).isEqualTo(i % 2 == 0);
            check(slots, 2 * i, lengths[i]);
            assertThat(slots.isCached(2 * i + 1)).isFalse();
        }
        assertThat(slots.misses()).isZero();
        assertThat(cache.cachedBytes()).isEqualTo(Arrays.stream(lengths).sum());
        slots.evictAll();
        assertThat(cache.cachedBytes()).isZero();
    }

    @Test
    void aBlockLongerThanASlabStaysOut() {
        FillingSlots filling = cache.fillingSlots();
        filling.grow(1);
        assertThat(put(filling, 0, SlabAllocator.SLAB_BYTES + 1, true)).isFalse();
        assertThat(filling.finish(1)).isNull();
        assertThat(pool.used()).isZero();
    }

    @Test
    void aBlockThatWasNotUsedTakesTheRoomOfNoOther() throws IOException {
        TestFile others = TestFile.uniform(cache, 1, BLOCKS, BLOCK);
        readAll(others);
        FillingSlots filling = cache.fillingSlots();
        filling.grow(1);
        assertThat(put(filling, 0, BLOCK, false)).isFalse();
        assertThat(put(filling, 0, 600, false)).isFalse();

        assertThat(filling.finish(1)).isNull();
        assertThat(cached(others)).isEqualTo(BLOCKS);
        others.slots.evictAll();
    }

    @Test
    void aUsedOneTakesTheRoomOfBlocksThatAreNotOnly() throws IOException {
        TestFile others = TestFile.uniform(cache, 1, BLOCKS, BLOCK);
        readAll(others);
        for (int i = 0; i < BLOCKS; i += 3) {
            TestBlock.pin(others, i).unpin(); // found in the cache, so used
        }
        FillingSlots filling = cache.fillingSlots();
        filling.grow(2 * BLOCKS);
        int put = 0;
        for (int i = 0; i < 2 * BLOCKS; i++) {
            put += put(filling, i, BLOCK, true) ? 1 : 0;
        }
        int notUsed = BLOCKS - (BLOCKS + 2) / 3;
        assertThat(put).isEqualTo(notUsed);
        for (int i = 0; i < BLOCKS; i++) {
            assertThat(others.slots.isCached(i)).isEqualTo(i % 3 == 0);
            assertThat(others.slots.isRecentlyUsed(i)).isEqualTo(i % 3 == 0);
        }
        filling.close();
        others.slots.evictAll();
    }

    @Test
    void theMemoryGoesToOthersBeforeTheFileIsFinished() {
        FillingSlots filling = cache.fillingSlots();
        filling.grow(BLOCKS);
        for (int i = 0; i < BLOCKS; i++) {
            assertThat(put(filling, i, BLOCK, true)).isTrue();
        }
        long most = pool.budget() - pool.budget() / 8;
        assertThat(pool.tryReserve(SlabPool.Use.MEMTABLE, most)).isTrue();
        assertThat(cache.cachedBytes()).isEqualTo(pool.budget() / 8);

        filling.grow(2 * BLOCKS);
        BlockSlots slots = filling.finish(BLOCKS);
        int left = 0;
        for (int i = 0; i < BLOCKS; i++) {
            left += slots.isCached(i) ? 1 : 0;
        }
        assertThat(left).isEqualTo(BLOCKS / 8);
        slots.evictAll();
        pool.unreserve(SlabPool.Use.MEMTABLE, most);
    }

    /** Memory that a flush gives back is needed by the next memtable. */
    @Test
    void asMuchAsMemtablesHaveStaysFree() {
        long memtables = 5L * SlabAllocator.SLAB_BYTES;
        assertThat(pool.tryReserve(SlabPool.Use.MEMTABLE, memtables)).isTrue();
        FillingSlots filling = cache.fillingSlots();
        filling.grow(BLOCKS);
        int put = 0;
        while (put < BLOCKS && put(filling, put, BLOCK, true)) {
            put++;
        }
        assertThat(pool.used(SlabPool.Use.CACHE)).isEqualTo(pool.budget() - 2 * memtables);
        assertThat((long) put * BLOCK).isEqualTo(pool.budget() - 2 * memtables);
        pool.unreserve(SlabPool.Use.MEMTABLE, memtables);
        filling.close();
        // frames that the cache has are free for it whatever memtables need
        FillingSlots next = cache.fillingSlots();
        next.grow(1);
        assertThat(pool.tryReserve(SlabPool.Use.MEMTABLE, pool.budget() / 2)).isTrue();
        assertThat(put(next, 0, BLOCK, false)).isTrue();
        pool.unreserve(SlabPool.Use.MEMTABLE, pool.budget() / 2);
        next.close();
    }

    @Test
    void nothingIsLeftOfAFileThatIsNotFinished() {
        FillingSlots filling = cache.fillingSlots();
        filling.grow(3);
        assertThat(put(filling, 0, BLOCK, true)).isTrue();
        assertThat(put(filling, 1, 9000, false)).isTrue();
        filling.close();
        filling.close();
        assertThat(cache.cachedBytes()).isZero();
        assertThat(put(filling, 2, BLOCK, true)).isFalse();
        assertThat(filling.finish(3)).isNull();
    }

    @Test
    void aClosedCacheTakesNothing() {
        FillingSlots filling = cache.fillingSlots();
        filling.grow(2);
        assertThat(put(filling, 0, BLOCK, true)).isTrue();
        cache.close();
        assertThat(put(filling, 1, BLOCK, true)).isFalse();
        assertThat(filling.finish(2)).isNull();
        assertThat(pool.used()).isZero();
    }

    private static void readAll(TestFile file) throws IOException {
        for (int i = 0; i < file.blocks(); i++) {
            TestBlock.pin(file, i).unpin();
        }
        assertThat(cached(file)).isEqualTo(file.blocks());
    }

    private static int cached(TestFile file) {
        int cached = 0;
        for (int i = 0; i < file.blocks(); i++) {
            cached += file.slots.isCached(i) ? 1 : 0;
        }
        return cached;
    }
}
