package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class HeldRegionTest {
    private static final int BUDGET = 16 << 20;

    /** Of one slab for each region, but the last, which is shorter: seven of a little more than an eighth each. */
    private static List<HeldRegion> regions() {
        DirectSlabAllocator allocator = new DirectSlabAllocator(BUDGET);
        List<HeldRegion> regions = new ArrayList<>();
        while (allocator.regionCount() < 8) {
            ByteBuffer slab = allocator.allocate(SlabAllocator.SLAB_BYTES);
            HeldRegion region = allocator.holders(slab);
            if (!regions.contains(region)) {
                regions.add(region);
            }
        }
        assertThat(regions).hasSize(8);
        return regions.subList(0, 7);
    }

    private static int holdAll(List<HeldRegion> regions) {
        int held = 0;
        for (HeldRegion region : regions) {
            held += region.tryHold() ? 1 : 0;
        }
        return held;
    }

    @Test
    void fiveEighthsOfTheMemoryAreHeldByNobody() {
        List<HeldRegion> regions = regions();
        assertThat(holdAll(regions)).isEqualTo(3);
        assertThat(holdAll(regions)).as("more holders of the same").isEqualTo(3);
        assertThat(regions.get(6).tryHold()).isFalse();
        assertThat(HeldRegion.uncounted(BUDGET)).as("where nobody counts").isEqualTo(3);
        regions.get(2).endHold();
        assertThat(regions.get(6).tryHold()).as("one of two has ended").isFalse();
        regions.get(2).endHold();
        assertThat(regions.get(6).tryHold()).isTrue();
        assertThat(regions.get(2).tryHold()).isFalse();
    }

    @Test
    void regionsForOneBufferAreLong() {
        assertThat(regions()).noneMatch(HeldRegion::isLong);
        DirectSlabAllocator allocator = new DirectSlabAllocator(BUDGET);
        assertThat(allocator.holders(allocator.allocate(BUDGET / 8)).isLong()).isFalse();
        assertThat(allocator.holders(allocator.allocate(BUDGET / 8 + 4_096)).isLong())
                .isTrue();
    }

    @Test
    void countsRightWhenManyComeAndGoAtOnce() throws InterruptedException, ExecutionException {
        List<HeldRegion> regions = regions();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                Random random = new Random(thread);
                done.add(threads.submit(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        HeldRegion region = regions.get(random.nextInt(regions.size()));
                        if (region.tryHold()) {
                            region.endHold();
                        }
                    }
                }));
            }
            for (Future<?> each : done) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(holdAll(regions)).isEqualTo(3);
    }
}
