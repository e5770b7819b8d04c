package io.forebay.store.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.RefusingSlabs;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class SlabPoolTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;

    private final CountingAllocator allocator = new CountingAllocator(16L * SLAB);
    private final SlabPool pool = new SlabPool(allocator, 16L * SLAB);

    @Test
    void accountsPerUseAndKeepsThePeak() {
        Slab memtable = pool.tryTake(Use.MEMTABLE);
        Slab cache = pool.tryTake(Use.CACHE);
        Slab large = pool.tryTakeLarge(Use.MEMTABLE, 3 * SLAB + 17);
        assertThat(pool.tryReserve(Use.METADATA, 1_000)).isTrue();
        assertThat(memtable.capacity()).isEqualTo(SLAB);
        assertThat(large.capacity()).isEqualTo(3 * SLAB + 17);
        assertThat(pool.used(Use.MEMTABLE)).isEqualTo(4 * SLAB + 17);
        assertThat(pool.used(Use.CACHE)).isEqualTo(SLAB);
        assertThat(pool.used(Use.METADATA)).isEqualTo(1_000);
        assertThat(pool.used()).isEqualTo(5 * SLAB + 1_017);
        pool.give(Use.MEMTABLE, large);
        pool.give(Use.CACHE, cache);
        pool.give(Use.MEMTABLE, memtable);
        pool.unreserve(Use.METADATA, 1_000);
        assertThat(pool.used()).isZero();
        assertThat(pool.peak()).isEqualTo(5 * SLAB + 1_017);
        assertThat(pool.budget()).isEqualTo(16 * SLAB);
        assertThat(allocator.outstanding).hasValue(0);
    }

    @Test
    void theBudgetIsUsedToTheLastByteAndNotOver() {
        assertThat(pool.tryReserve(Use.METADATA, 16L * SLAB - 5)).isTrue();
        assertThat(pool.tryReserve(Use.METADATA, 6)).isFalse();
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 6)).isNull();
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 5)).isNotNull();
        assertThat(pool.tryReserve(Use.CACHE, 1)).isFalse();
        assertThat(pool.tryReserve(Use.CACHE, 0)).isTrue();
        assertThat(pool.used()).isEqualTo(16L * SLAB);
    }

    @Test
    void givingBackMoreThanTakenIsRefused() {
        pool.tryReserve(Use.METADATA, 10);
        assertThatThrownBy(() -> pool.unreserve(Use.METADATA, 11)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pool.unreserve(Use.MEMTABLE, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anAllocatorThatFailsCostsNothing() {
        SlabPool broken = new SlabPool(new CountingAllocator(0), SLAB);
        assertThatThrownBy(() -> broken.tryTake(Use.MEMTABLE)).isInstanceOf(AssertionError.class);
        assertThat(broken.used()).isZero();
    }

    @Test
    void whatIsOptionalIsMissingWhereTheAllocatorFailsUntilItHasSomethingAgain() {
        RefusingSlabs refusing = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        SlabPool refused = new SlabPool(refusing, 16L * SLAB, 16L * SLAB, new ManualClock());
        Slab slab = refused.tryTake(Use.MEMTABLE);
        refusing.allow(0);
        assertThat(refused.tryTakeOptional(Use.MEMTABLE, SLAB)).isNull();
        assertThat(refused.tryTakeOptional(Use.MEMTABLE, SLAB)).isNull();
        assertThat(refusing.refusals()).as("asked once").isEqualTo(1);
        assertThat(refused.used()).isEqualTo(SLAB);
        assertThat(refused.tryTake(Use.MEMTABLE)).isNull();
        assertThat(refusing.refusals()).as("asked again").isEqualTo(2);
        assertThat(refused.refusal()).isInstanceOf(OutOfMemoryError.class);
        assertThat(refused.capacity()).isEqualTo(SLAB);

        refused.give(Use.MEMTABLE, slab);
        refusing.allow(1);
        assertThat(refused.tryTakeOptional(Use.MEMTABLE, SLAB)).isNotNull();
        assertThat(refused.tryTakeOptional(Use.MEMTABLE, SLAB)).isNull();
        refusing.allow(2);
        assertThat(refused.tryTake(Use.MEMTABLE)).isNotNull();
        assertThat(refused.tryTakeOptional(Use.MEMTABLE, SLAB)).isNotNull();
        assertThat(refused.used()).isEqualTo(3 * SLAB);
        assertThat(refused.capacity()).isEqualTo(refused.budget());
    }

    /** When nothing is given back, because all there is are reads, time has to do. */
    @Test
    void anAllocatorThatFailedIsAskedAgainLaterAndLater() {
        RefusingSlabs refusing = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        ManualClock clock = new ManualClock();
        SlabPool refused = new SlabPool(refusing, 16L * SLAB, 16L * SLAB, clock);
        refusing.allow(0);
        assertThat(refused.tryTakeOptional(Use.CACHE, SLAB)).isNull();
        int asked = 1;
        for (long seconds = 1; seconds <= 64; seconds *= 2) {
            clock.advance(seconds * 1_000_000_000L - 1);
            assertThat(refused.tryTakeOptional(Use.CACHE, SLAB)).isNull();
            assertThat(refusing.refusals()).as("before %d s", seconds).isEqualTo(asked);
            clock.advance(1);
            assertThat(refused.tryTakeOptional(Use.CACHE, SLAB)).isNull();
            assertThat(refused.tryTakeOptional(Use.CACHE, SLAB)).isNull();
            assertThat(refusing.refusals()).as("after %d s", seconds).isEqualTo(++asked);
        }
        refusing.allowAll();
        clock.advance(64_000_000_000L);
        assertThat(refused.tryTakeOptional(Use.CACHE, SLAB)).isNotNull();
        assertThat(refused.tryTakeOptional(Use.CACHE, SLAB)).isNotNull();
        refusing.allow(0);
        assertThat(refused.tryTakeOptional(Use.CACHE, SLAB)).isNull();
        clock.advance(1_000_000_000L);
        refusing.allowAll();
        assertThat(refused.tryTakeOptional(Use.CACHE, SLAB)).isNotNull();
    }

    /** Holds slabs as a cache would. */
    private final class Hoard implements Reclaimer {
        private final Deque<Slab> slabs = new ConcurrentLinkedDeque<>();
        private int calls;

        @Override
        public long reclaim(long bytes) {
            calls++;
            long freed = 0;
            Slab slab;
            while (freed < bytes && (slab = slabs.poll()) != null) {
                pool.give(Use.CACHE, slab);
                freed += SLAB;
            }
            return freed;
        }

        private void fill() {
            Slab slab;
            while ((slab = pool.tryTake(Use.CACHE)) != null) {
                slabs.add(slab);
            }
        }
    }

    @Test
    void memtablesAndMetadataSqueezeTheCacheToItsFloor() {
        Hoard hoard = new Hoard();
        pool.cacheReclaimer(hoard);
        hoard.fill();
        assertThat(pool.used(Use.CACHE)).isEqualTo(16 * SLAB);
        for (int i = 0; i < 13; i++) {
            assertThat(pool.tryTake(Use.MEMTABLE)).isNotNull();
        }
        assertThat(pool.tryReserve(Use.METADATA, SLAB)).isTrue();
        assertThat(pool.used(Use.CACHE)).isEqualTo(2 * SLAB);
        int calls = hoard.calls;
        assertThat(pool.tryTake(Use.MEMTABLE)).isNull();
        assertThat(pool.tryReserve(Use.METADATA, 1)).isFalse();
        assertThat(hoard.calls).isEqualTo(calls);
        assertThat(pool.used(Use.CACHE)).isEqualTo(2 * SLAB);
    }

    @Test
    void theCacheIsNotSqueezedForWhatCannotFitAnyway() {
        Hoard hoard = new Hoard();
        pool.cacheReclaimer(hoard);
        hoard.fill();
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 15 * SLAB)).isNull();
        assertThat(hoard.calls).isZero();
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 14 * SLAB)).isNotNull();
    }

    @Test
    void memtablesCanBeKeptBelowTheBudget() {
        SlabPool limited = new SlabPool(allocator, 16L * SLAB, 12L * SLAB, new ManualClock());
        assertThat(limited.tryTakeLarge(Use.MEMTABLE, 12 * SLAB + 1)).isNull();
        assertThat(limited.tryTakeLarge(Use.MEMTABLE, 12 * SLAB)).isNotNull();
        assertThat(limited.tryTake(Use.MEMTABLE)).isNull();
        assertThat(limited.tryReserve(Use.METADATA, 4 * SLAB)).isTrue();
    }

    @Test
    void theCacheDoesNotSqueezeItself() {
        Hoard hoard = new Hoard();
        pool.cacheReclaimer(hoard);
        hoard.fill();
        assertThat(pool.tryTake(Use.CACHE)).isNull();
        assertThat(hoard.calls).isZero();
    }

    /** Whatever many threads do, the allocator (which throws beyond the budget) is never asked for too much. */
    @Test
    void theBudgetHoldsUnderConcurrency() {
        Seeded.run(SlabPoolTest.class, 5, random -> {
            long budget = 1_000_000L + random.nextInt(1_000_000);
            CountingAllocator strict = new CountingAllocator(budget);
            SlabPool shared = new SlabPool(strict, budget);
            Deque<Slab> cache = new ConcurrentLinkedDeque<>();
            shared.cacheReclaimer(bytes -> {
                long freed = 0;
                Slab slab;
                while (freed < bytes && (slab = cache.poll()) != null) {
                    shared.give(Use.CACHE, slab);
                    freed += slab.capacity();
                }
                return freed;
            });
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Random own = new Random(random.nextLong());
                Thread thread = new Thread(() -> {
                    try {
                        takeAndGive(shared, cache, own);
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
            assertThat(shared.peak()).isLessThanOrEqualTo(budget).isGreaterThan(budget - 2 * SLAB);
            assertThat(shared.used(Use.MEMTABLE)).isZero();
            assertThat(shared.used(Use.METADATA)).isZero();
            cache.forEach(slab -> shared.give(Use.CACHE, slab));
            assertThat(shared.used()).isZero();
            assertThat(strict.outstanding).hasValue(0);
        });
    }

    private static void takeAndGive(SlabPool pool, Deque<Slab> cache, Random random) {
        Deque<Slab> held = new ArrayDeque<>();
        long reserved = 0;
        for (int i = 0; i < 4_000; i++) {
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    int bytes = random.nextInt(4) == 0 ? 1 + random.nextInt(4 * SLAB) : SLAB;
                    Slab slab = pool.tryTakeLarge(Use.MEMTABLE, bytes);
                    if (slab != null) {
                        assertThat(slab.capacity()).isEqualTo(bytes);
                        held.add(slab);
                    }
                }
                case 2 -> {
                    Slab slab = pool.tryTake(Use.CACHE);
                    if (slab != null) {
                        cache.add(slab);
                    }
                }
                case 3 -> {
                    long bytes = random.nextInt(50_000);
                    if (pool.tryReserve(Use.METADATA, bytes)) {
                        reserved += bytes;
                    }
                }
                case 4 -> {
                    pool.unreserve(Use.METADATA, reserved);
                    reserved = 0;
                }
                default -> {
                    while (random.nextInt(4) != 0 && !held.isEmpty()) {
                        pool.give(Use.MEMTABLE, held.poll());
                    }
                }
            }
        }
        held.forEach(slab -> pool.give(Use.MEMTABLE, slab));
        pool.unreserve(Use.METADATA, reserved);
    }
}
