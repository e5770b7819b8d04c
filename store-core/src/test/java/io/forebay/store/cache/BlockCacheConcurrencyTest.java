package io.forebay.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many threads on a cache that is far too small: what is pinned has the bytes of its block, always. */
@Timeout(600)
class BlockCacheConcurrencyTest {
    private static final int FILES = 6;

    @Test
    void pinnedBytesNeverChange() {
        Seeded.run(BlockCacheConcurrencyTest.class, 3, random -> {
            long budget = (2 + random.nextInt(14)) * (long) SlabAllocator.SLAB_BYTES;
            CountingAllocator allocator = new CountingAllocator(budget);
            run(random, new SlabPool(allocator, budget));
            assertThat(allocator.outstanding).hasValue(0);
        });
    }

    /** Where whatever lies side by side is evicted for a large one. */
    @Test
    void norDoTheyInMemoryThatIsFragmented() {
        Seeded.run(BlockCacheConcurrencyTest.class, 3, random -> {
            long budget = (6 + random.nextInt(40)) * (long) SlabAllocator.SLAB_BYTES;
            try (DirectSlabAllocator allocator = new DirectSlabAllocator(budget)) {
                run(random, new SlabPool(allocator, DirectSlabAllocator.usable(budget)));
            }
        });
    }

    private static void run(Random random, SlabPool pool) throws InterruptedException {
        BlockCache cache = new BlockCache(pool);
        AtomicReferenceArray<TestFile> files = new AtomicReferenceArray<>(FILES);
        for (int i = 0; i < FILES; i++) {
            files.set(i, randomFile(cache, random, i));
        }
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicLong acquired = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            Random own = new Random(random.nextLong());
            threads.add(new Thread(() -> {
                try {
                    read(files, own, acquired);
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                }
            }));
        }
        Random own = new Random(random.nextLong());
        threads.add(new Thread(() -> squeeze(pool, own)));
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
        long counted = 0;
        for (int i = 0; i < FILES; i++) {
            BlockSlots slots = files.get(i).slots;
            counted += slots.hits() + slots.misses();
            slots.evictAll();
        }
        assertThat(counted).isEqualTo(acquired.get());
        assertThat(cache.cachedBytes()).isZero();
        cache.close();
        assertThat(pool.used()).isZero();
    }

    private static TestFile randomFile(BlockCache cache, Random random, int seed) {
        int[] lengths = new int[1 + random.nextInt(60)];
        int usual = 256 << random.nextInt(6);
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = random.nextInt(20) == 0 ? 1 + random.nextInt(150_000) : 1 + random.nextInt(usual);
        }
        return new TestFile(cache, seed, lengths);
    }

    private record Pinned(TestFile file, int ordinal, TestBlock block) {
        void verifyAndUnpin() {
            file.verify(ordinal, block);
            block.unpin();
        }
    }

    private static void read(AtomicReferenceArray<TestFile> files, Random random, AtomicLong acquired)
            throws Exception {
        Deque<Pinned> pinned = new ArrayDeque<>();
        for (int i = 0; i < 2_500; i++) {
            TestFile file = files.get(random.nextInt(FILES));
            int skewed = Math.min(random.nextInt(file.blocks()), random.nextInt(file.blocks()));
            TestBlock block = TestBlock.pin(file, skewed);
            acquired.incrementAndGet();
            pinned.add(new Pinned(file, skewed, block));
            while (pinned.size() > 1 + random.nextInt(6)) {
                pinned.poll().verifyAndUnpin();
            }
        }
        pinned.forEach(Pinned::verifyAndUnpin);
    }

    /** A memtable that comes and goes. */
    private static void squeeze(SlabPool pool, Random random) {
        Deque<Slab> taken = new ArrayDeque<>();
        for (int i = 0; i < 3_000; i++) {
            if (random.nextInt(3) != 0) {
                Slab slab = random.nextInt(10) == 0
                        ? pool.tryTakeLarge(Use.MEMTABLE, 1 + random.nextInt(200_000))
                        : pool.tryTake(Use.MEMTABLE);
                if (slab != null) {
                    taken.add(slab);
                }
            } else if (!taken.isEmpty()) {
                pool.give(Use.MEMTABLE, taken.poll());
            }
            Thread.yield();
        }
        taken.forEach(slab -> pool.give(Use.MEMTABLE, slab));
    }

    /** Files are closed and opened again while others read; a closed file is no longer read, as the registry sees to. */
    @Test
    void filesComeAndGo() {
        Seeded.run(BlockCacheConcurrencyTest.class, 3, random -> {
            long budget = 8L * SlabAllocator.SLAB_BYTES;
            SlabPool pool = new SlabPool(new CountingAllocator(budget), budget);
            BlockCache cache = new BlockCache(pool);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Random own = new Random(random.nextLong());
                int base = t * 1_000;
                Thread thread = new Thread(() -> {
                    try {
                        for (int i = 0; i < 60; i++) {
                            TestFile file = randomFile(cache, own, base + i);
                            for (int j = 0; j < 100; j++) {
                                int ordinal = own.nextInt(file.blocks());
                                TestBlock block = TestBlock.pin(file, ordinal);
                                file.verify(ordinal, block);
                                block.unpin();
                            }
                            file.slots.evictAll();
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failure.get()).isNull();
            assertThat(cache.cachedBytes()).isZero();
            cache.close();
            assertThat(pool.used()).isZero();
        });
    }

    /** Files are closed while other threads have their blocks pinned; whoever unpins last gives the frame back. */
    @Test
    void filesCloseWhileTheirBlocksArePinned() {
        Seeded.run(BlockCacheConcurrencyTest.class, 3, random -> {
            long budget = (8 + random.nextInt(8)) * (long) SlabAllocator.SLAB_BYTES;
            try (DirectSlabAllocator allocator = new DirectSlabAllocator(budget)) {
                SlabPool pool = new SlabPool(allocator, DirectSlabAllocator.usable(budget));
                BlockCache cache = new BlockCache(pool);
                AtomicReferenceArray<TestFile> files = new AtomicReferenceArray<>(FILES);
                for (int i = 0; i < FILES; i++) {
                    files.set(i, randomFile(cache, random, i));
                }
                AtomicReference<Throwable> failure = new AtomicReference<>();
                List<Thread> threads = new ArrayList<>();
                for (int t = 0; t < 4; t++) {
                    Random own = new Random(random.nextLong());
                    threads.add(new Thread(() -> {
                        try {
                            readAndReplace(cache, files, own);
                        } catch (Throwable e) {
                            failure.compareAndSet(null, e);
                        }
                    }));
                }
                threads.forEach(Thread::start);
                for (Thread thread : threads) {
                    thread.join();
                }
                assertThat(failure.get()).isNull();
                for (int i = 0; i < FILES; i++) {
                    files.get(i).slots.evictAll();
                }
                assertThat(cache.pinnedBlocks()).isZero();
                assertThat(cache.cachedBytes()).isZero();
                cache.close();
                assertThat(pool.used()).isZero();
            }
        });
    }

    private static void readAndReplace(BlockCache cache, AtomicReferenceArray<TestFile> files, Random random)
            throws Exception {
        Deque<Pinned> pinned = new ArrayDeque<>();
        for (int i = 0; i < 2_500; i++) {
            int number = random.nextInt(FILES);
            TestFile file = files.get(number);
            if (random.nextInt(40) == 0) {
                files.getAndSet(number, randomFile(cache, random, number)).slots.evictAll();
            }
            int ordinal = random.nextInt(file.blocks());
            pinned.add(new Pinned(file, ordinal, TestBlock.pin(file, ordinal)));
            while (pinned.size() > 1 + random.nextInt(6)) {
                pinned.poll().verifyAndUnpin();
            }
        }
        pinned.forEach(Pinned::verifyAndUnpin);
    }
}
