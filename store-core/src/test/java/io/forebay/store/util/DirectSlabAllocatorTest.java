package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DirectSlabAllocatorTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    private static final int ATTEMPTS = 20;

    private final DirectSlabAllocator allocator = new DirectSlabAllocator(16 << 20);

    @Test
    void slabsAreDirectZeroedAlignedAndDisjoint() {
        List<Slab> slabs = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            ByteBuffer buffer = allocator.allocate(SLAB);
            assertThat(buffer.isDirect()).isTrue();
            assertThat(buffer.position()).isZero();
            assertThat(buffer.limit()).isEqualTo(SLAB);
            assertThat(buffer.capacity()).isEqualTo(SLAB);
            assertThat(buffer.alignmentOffset(0, 8)).isZero();
            Slab slab = new Slab(buffer);
            assertThat(slab.toByteArray(0, SLAB)).containsOnly(0);
            for (int at = 0; at < SLAB; at += 8) {
                slab.putLong(at, i + 1);
            }
            slabs.add(slab);
        }
        for (int i = 0; i < slabs.size(); i++) {
            assertThat(slabs.get(i).getLong(0)).isEqualTo(i + 1);
            assertThat(slabs.get(i).getLong(SLAB - 8)).isEqualTo(i + 1);
        }
    }

    @Test
    void slabsAreUsedAgainAndZeroed() {
        ByteBuffer first = allocator.allocate(SLAB);
        first.put(1000, (byte) 1).position(17);
        long taken = allocator.takenBytes();
        for (int i = 0; i < 1_000; i++) {
            allocator.release(first);
            first = allocator.allocate(SLAB);
            assertThat(first.position()).isZero();
            assertThat(first.limit()).isEqualTo(SLAB);
            assertThat(isZero(first)).isTrue();
            first.put(i, (byte) 1);
        }
        assertThat(allocator.takenBytes()).isEqualTo(taken);
    }

    @Test
    void otherSizesAreDirectAsWell() {
        for (int bytes : new int[] {1, 17, 20_000, SLAB - 1, SLAB + 1, 100_000, 1 << 20, 9 << 20}) {
            ByteBuffer buffer = allocator.allocate(bytes);
            assertThat(buffer.isDirect()).isTrue();
            assertThat(buffer.position()).isZero();
            assertThat(buffer.limit()).isEqualTo(bytes);
            assertThat(buffer.capacity()).isEqualTo(bytes);
            assertThat(buffer.alignmentOffset(0, 8)).isZero();
            assertThat(isZero(buffer)).isTrue();
            buffer.put(bytes - 1, (byte) 1);
            allocator.release(buffer);
            assertThat(isZero(allocator.allocate(bytes))).isTrue();
        }
    }

    /** Whatever comes and goes: nothing overlaps, all is zero at first, and the regions stay within the budget. */
    @Test
    void buffersOfAllSizesAreDisjointZeroedAndWithinTheBudget() {
        Seeded.run(DirectSlabAllocatorTest.class, 20, random -> {
            long budget = (2L << 20) + random.nextInt(30 << 20);
            DirectSlabAllocator some = new DirectSlabAllocator(budget);
            List<ByteBuffer> out = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                if (!out.isEmpty() && random.nextInt(100) < 45) {
                    ByteBuffer buffer = out.remove(random.nextInt(out.size()));
                    assertThat(isMarked(buffer)).isTrue();
                    some.release(buffer);
                    continue;
                }
                int bytes = random.nextBoolean() ? SLAB : 1 + random.nextInt(1 << (10 + random.nextInt(10)));
                ByteBuffer buffer = allocate(some, bytes, out);
                assertThat(buffer.capacity()).isEqualTo(bytes);
                assertThat(isZero(buffer)).isTrue();
                mark(buffer, i);
                out.add(buffer);
                assertThat(some.takenBytes()).isLessThanOrEqualTo(budget);
            }
            assertThat(out).allMatch(DirectSlabAllocatorTest::isMarked);
            out.forEach(some::release);
            some.close();
            assertThat(some.regionCount()).isZero();
        });
    }

    private static ByteBuffer allocate(DirectSlabAllocator allocator, int bytes, List<ByteBuffer> out) {
        try {
            return allocator.allocate(bytes);
        } catch (FragmentedMemoryException e) {
            assertThat(makeRoom(allocator, bytes, out)).isPositive();
            return allocator.allocate(bytes);
        }
    }

    /** Some of what is out stays; what is named is none of that, and when it is gone, there is room. */
    @Test
    void whatIsInTheWayIsNamedAndMakesRoom() {
        Seeded.run(DirectSlabAllocatorTest.class, 20, random -> {
            DirectSlabAllocator full = new DirectSlabAllocator(8 << 20);
            List<ByteBuffer> out = new ArrayList<>();
            fill(full, out, random);
            Map<ByteBuffer, Boolean> stays = new IdentityHashMap<>();
            for (ByteBuffer buffer : out) {
                if (random.nextInt(50) == 0) {
                    stays.put(buffer, true);
                }
            }
            for (int bytes : new int[] {SLAB, 20_000, 100_000, 300_000}) {
                List<ByteBuffer> obstacles = full.inTheWay(bytes, buffer -> stays.containsKey(buffer) ? -1 : 1);
                if (obstacles.isEmpty()) {
                    continue; // pieces that stay are everywhere
                }
                obstacles.forEach(full::release);
                assertThat(obstacles).noneMatch(stays::containsKey);
                stays.put(full.allocate(bytes), true);
            }
            assertThat(full.inTheWay(100_000, buffer -> -1)).isEmpty();
        });
    }

    /** Longer than any region, so that regions have to be given up and collected. */
    @Test
    void aLongRequestTakesThePlaceOfRegionsThatAreIdle() {
        DirectSlabAllocator full = new DirectSlabAllocator(8 << 20);
        List<ByteBuffer> out = new ArrayList<>();
        while (full.takenBytes() + SLAB <= 8 << 20) {
            out.add(full.allocate(SLAB));
        }
        assertThatThrownBy(() -> full.allocate(3 << 20)).isInstanceOf(FragmentedMemoryException.class);
        List<ByteBuffer> obstacles = full.inTheWay(3 << 20, buffer -> 1);
        assertThat(obstacles.size() * SLAB).isBetween(3 << 20, 4 << 20);
        obstacles.forEach(full::release);
        out.removeIf(buffer -> obstacles.stream().anyMatch(gone -> gone == buffer));
        obstacles.clear();
        ByteBuffer longOne = full.allocate(3 << 20);
        assertThat(isZero(longOne)).isTrue();
        assertThat(full.takenBytes()).isLessThanOrEqualTo(8 << 20);
        full.release(longOne);
        // From here on it is there for everybody.
        long taken = full.takenBytes();
        for (int i = 0; i < 40; i++) {
            out.add(full.allocate(SLAB));
        }
        assertThat(full.takenBytes()).isEqualTo(taken);
    }

    /** What somebody still refers to is not collected, so others are given up, and nothing is lost. */
    @Test
    void aRegionThatIsReferredToIsKept() {
        DirectSlabAllocator full = new DirectSlabAllocator(8 << 20);
        List<ByteBuffer> out = new ArrayList<>();
        while (full.takenBytes() + SLAB <= 8 << 20) {
            out.add(full.allocate(SLAB));
        }
        int regions = full.regionCount();
        ByteBuffer stale = out.get(0);
        out.forEach(full::release);
        out.clear();
        assertThat(full.allocate(3 << 20)).isNotNull();
        assertThat(full.takenBytes()).isLessThanOrEqualTo(8 << 20);
        assertThat(full.regionCount()).isLessThan(regions).isGreaterThan(3);
        stale.putLong(0, 1); // is still there
        int slabs = 0;
        for (long left = full.takenBytes() - (3 << 20); left > 2 * SLAB; left -= SLAB + 4096) {
            assertThat(isZero(full.allocate(SLAB))).isTrue();
            slabs++;
        }
        assertThat(slabs).isGreaterThan(40);
    }

    @Test
    void onlyWhatIsOutCanBeReleased() {
        ByteBuffer buffer = allocator.allocate(SLAB);
        allocator.release(buffer);
        assertThatThrownBy(() -> allocator.release(buffer)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> allocator.release(ByteBuffer.allocate(SLAB)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aClosedOneKeepsWhatIsStillOutAndNothingElse() {
        ByteBuffer slab = allocator.allocate(SLAB);
        allocator.release(allocator.allocate(3 << 20));
        allocator.close();
        assertThatThrownBy(() -> allocator.allocate(SLAB)).isInstanceOf(IllegalStateException.class);
        slab.putLong(8, 1);
        assertThat(allocator.regionCount()).isEqualTo(1);
        allocator.release(slab);
        assertThat(allocator.regionCount()).isZero();
        allocator.close();
    }

    private static void fill(DirectSlabAllocator allocator, List<ByteBuffer> out, Random random) {
        while (true) {
            try {
                out.add(allocator.allocate(random.nextBoolean() ? SLAB : 1 + random.nextInt(200_000)));
            } catch (FragmentedMemoryException e) {
                return;
            }
        }
    }

    private static int makeRoom(DirectSlabAllocator allocator, int bytes, List<ByteBuffer> out) {
        List<ByteBuffer> obstacles = allocator.inTheWay(bytes, buffer -> buffer.capacity());
        for (ByteBuffer obstacle : obstacles) {
            assertThat(isMarked(obstacle)).isTrue();
            assertThat(out.removeIf(buffer -> buffer == obstacle)).isTrue();
            allocator.release(obstacle);
        }
        return obstacles.size();
    }

    private static void mark(ByteBuffer buffer, int number) {
        for (int at = 0; at < buffer.capacity(); at++) {
            buffer.put(at, (byte) (number | 1));
        }
    }

    private static boolean isMarked(ByteBuffer buffer) {
        ByteBuffer shifted = buffer.slice(1, buffer.capacity() - 1);
        return buffer.get(0) != 0 && shifted.equals(buffer.slice(0, buffer.capacity() - 1));
    }

    private static boolean isZero(ByteBuffer buffer) {
        return buffer.equals(ByteBuffer.allocate(buffer.capacity()));
    }

    @Test
    void aSmallBudgetTakesSmallRegions() {
        DirectSlabAllocator small = new DirectSlabAllocator(1 << 20);
        long before = directBytes();
        small.allocate(SLAB);
        assertThat(directBytes() - before).isLessThanOrEqualTo((128 << 10) + 4096);
    }

    /** What can be outstanding is there, and costs no more than the budget with all that the regions cost. */
    @Test
    void theBudgetCountsWhatRegionsCost() {
        for (long budget : new long[] {1 << 20, 3_000_000, 16 << 20, 40_000_000, 64 << 20}) {
            long usable = DirectSlabAllocator.usable(budget);
            assertThat(usable).isBetween(budget - budget / 25, budget - 4096);
            long cost = costOf(budget, usable);
            for (int i = 0; i < ATTEMPTS && cost < usable - SLAB; i++) {
                cost = costOf(budget, usable); // the memory of an earlier allocator was freed meanwhile
            }
            assertThat(cost).isBetween(usable - SLAB, budget);
        }
    }

    /** The direct memory that the JVM has more when {@code usable} bytes of a budget are handed out. */
    private static long costOf(long budget, long usable) {
        DirectSlabAllocator whole = new DirectSlabAllocator(budget);
        List<ByteBuffer> slabs = new ArrayList<>();
        long before = directBytes();
        for (long taken = SLAB; taken <= usable; taken += SLAB) {
            slabs.add(whole.allocate(SLAB));
        }
        long cost = directBytes() - before;
        assertThat(slabs).hasSize((int) (usable / SLAB));
        slabs.forEach(whole::release);
        whole.close();
        return cost;
    }

    private static long directBytes() {
        return java.lang.management.ManagementFactory.getPlatformMXBeans(java.lang.management.BufferPoolMXBean.class)
                .stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(java.lang.management.BufferPoolMXBean::getTotalCapacity)
                .sum();
    }

    @Test
    void threadsNeverShareASlab() throws InterruptedException {
        Map<ByteBuffer, Thread> held = new IdentityHashMap<>();
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 2_000; i++) {
                    ByteBuffer buffer = allocator.allocate(SLAB);
                    synchronized (held) {
                        if (held.put(buffer, Thread.currentThread()) != null) {
                            failures.add(new AssertionError("handed out twice"));
                        }
                    }
                    buffer.putLong(8, i);
                    synchronized (held) {
                        held.remove(buffer);
                    }
                    allocator.release(buffer);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }
}
