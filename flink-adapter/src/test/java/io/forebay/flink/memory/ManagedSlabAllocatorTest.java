package io.forebay.flink.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ManagedSlabAllocatorTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;

    @Test
    void buffersAreZeroedAlsoWhenTheyAreReused() {
        try (ManagedSlabAllocator allocator = new ManagedSlabAllocator(10 * SLAB)) {
            for (int bytes : new int[] {SLAB, 1, 100, SLAB + 8, 3 * SLAB - 1}) {
                for (int round = 0; round < 3; round++) {
                    ByteBuffer buffer = allocator.allocate(bytes);
                    assertThat(buffer.position()).isZero();
                    assertThat(buffer.limit()).isEqualTo(bytes);
                    assertThat(buffer.capacity()).isEqualTo(bytes);
                    assertThat(buffer.alignmentOffset(0, 8)).isZero();
                    for (int i = 0; i < bytes; i++) {
                        assertThat(buffer.get(i)).isZero();
                    }
                    for (int i = 0; i < bytes; i++) {
                        buffer.put(i, (byte) -1);
                    }
                    buffer.position(bytes / 2);
                    allocator.release(buffer);
                }
            }
        }
    }

    @Test
    void idleSlabsMakeWayForOtherSizes() {
        try (ManagedSlabAllocator allocator = new ManagedSlabAllocator(8 * SLAB)) {
            List<ByteBuffer> buffers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                buffers.add(allocator.allocate(SLAB));
            }
            assertThat(allocator.heldBytes()).isEqualTo(8 * SLAB);
            buffers.forEach(allocator::release);
            assertThat(allocator.heldBytes()).isEqualTo(8 * SLAB);
            ByteBuffer large = allocator.allocate(7 * SLAB);
            assertThat(allocator.heldBytes()).isEqualTo(8 * SLAB);
            allocator.release(large);
            assertThat(allocator.heldBytes()).isEqualTo(SLAB);
        }
    }

    @Test
    void neverHoldsMoreThanItsBudgetWhileItsUserKeepsToIt() {
        long budget = 32L * SLAB;
        Random random = new Random(1);
        try (ManagedSlabAllocator allocator = new ManagedSlabAllocator(budget)) {
            List<ByteBuffer> inUse = new ArrayList<>();
            long used = 0;
            for (int i = 0; i < 5000; i++) {
                int bytes = random.nextInt(3) > 0 ? SLAB : 1 + random.nextInt(6 * SLAB);
                if (used + bytes <= budget) {
                    inUse.add(allocator.allocate(bytes));
                    used += bytes;
                } else {
                    ByteBuffer buffer = inUse.remove(random.nextInt(inUse.size()));
                    used -= buffer.capacity();
                    allocator.release(buffer);
                }
                assertThat(allocator.heldBytes()).isBetween(used, budget);
            }
            inUse.forEach(allocator::release);
            allocator.close();
            assertThat(allocator.heldBytes()).isZero();
        }
    }

    @Test
    void aBufferIsTakenBackOnce() {
        try (ManagedSlabAllocator allocator = new ManagedSlabAllocator(SLAB)) {
            ByteBuffer buffer = allocator.allocate(SLAB);
            allocator.release(buffer);
            assertThatThrownBy(() -> allocator.release(buffer)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> allocator.release(ByteBuffer.allocate(SLAB)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
