package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Environment;
import io.forebay.store.MemoryBudgetException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DirectSlabAllocatorTest {
    private static final int SLAB = Environment.SLAB_BYTES;
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
        allocator.release(first);
        ByteBuffer second = allocator.allocate(SLAB);
        assertThat(second).isSameAs(first);
        assertThat(second.position()).isZero();
        assertThat(second.limit()).isEqualTo(SLAB);
        assertThat(new Slab(second).toByteArray(0, SLAB)).containsOnly(0);
    }

    @Test
    void otherSizesAreOnTheHeap() {
        for (int bytes : new int[] {1, SLAB - 1, SLAB + 1, 1 << 20}) {
            ByteBuffer buffer = allocator.allocate(bytes);
            assertThat(buffer.isDirect()).isFalse();
            assertThat(buffer.capacity()).isEqualTo(bytes);
            allocator.release(buffer);
        }
        assertThat(allocator.allocate(SLAB).capacity()).isEqualTo(SLAB);
    }

    /** Refused is what would be more than the limit; a single one never is, and none is when others have come back. */
    @Test
    void otherSizesLeaveTheHeapToOthers() {
        DirectSlabAllocator limited = new DirectSlabAllocator(16 << 20, 1 << 20);
        ByteBuffer single = limited.allocate(3 << 20);
        assertThatThrownBy(() -> limited.allocate(SLAB + 8))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("half at the most, 1048576 bytes; they have 3145728, and 65544 more");
        limited.release(single);
        ByteBuffer first = limited.allocate(1 << 19);
        ByteBuffer second = limited.allocate(1 << 19);
        assertThatThrownBy(() -> limited.allocate(8)).isInstanceOf(MemoryBudgetException.class);
        assertThat(limited.allocate(SLAB).isDirect()).isTrue();
        limited.release(first);
        assertThat(limited.allocate(1 << 19).capacity()).isEqualTo(1 << 19);
        limited.release(second);
        assertThat(limited.allocate(1 << 18).capacity()).isEqualTo(1 << 18);
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
            DirectSlabAllocator whole = new DirectSlabAllocator(budget);
            List<ByteBuffer> slabs = new ArrayList<>();
            long before = directBytes();
            for (long taken = SLAB; taken <= usable; taken += SLAB) {
                slabs.add(whole.allocate(SLAB));
            }
            assertThat(directBytes() - before).isBetween(usable - SLAB, budget);
            assertThat(slabs).hasSize((int) (usable / SLAB));
        }
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
