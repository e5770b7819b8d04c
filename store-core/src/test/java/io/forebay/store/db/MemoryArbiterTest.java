package io.forebay.store.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.db.MemoryArbiter.Freeze;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Which store gives its memory back. */
class MemoryArbiterTest {
    private final ManualClock clock = new ManualClock();
    private final MemoryArbiter arbiter =
            new MemoryArbiter(new SlabPool(new HeapSlabs(), 1 << 20), new SteppedExecutor(clock), clock);
    private final List<Tenant> asked = new ArrayList<>();

    /** Neighbours' writers go on writing while somebody looks for the largest memtable. */
    @Test
    void sizesThatChangeMeanwhileAreNoObstacle() {
        Seeds.run(getClass(), 200, seed -> {
            Random random = new Random(seed);
            MemoryArbiter crowded =
                    new MemoryArbiter(new SlabPool(new HeapSlabs(), 1 << 20), new SteppedExecutor(clock), clock);
            for (int i = 0; i < 100; i++) {
                crowded.add(new Tenant(0, Freeze.BUSY) {
                    @Override
                    public long activeBytes() {
                        return random.nextLong(1, 1000);
                    }
                });
            }
            asked.clear();
            assertThat(crowded.freezeLarger(null, 0)).isEqualTo(Freeze.BUSY);
            assertThat(asked).hasSize(100).doesNotHaveDuplicates();
        });
    }

    @Test
    void theLargestGoesFirstAndNobodySmallerThanTheAsker() {
        Tenant self = new Tenant(50, Freeze.DONE);
        Tenant small = new Tenant(50, Freeze.DONE);
        Tenant middle = new Tenant(51, Freeze.DONE);
        Tenant large = new Tenant(52, Freeze.BUSY);
        List.of(small, self, middle, large).forEach(arbiter::add);
        assertThat(arbiter.freezeLarger(self, 50)).isEqualTo(Freeze.DONE);
        assertThat(asked).containsExactly(large, middle);
    }

    private class Tenant implements MemoryArbiter.Tenant {
        private final long bytes;
        private final Freeze answer;

        Tenant(long bytes, Freeze answer) {
            this.bytes = bytes;
            this.answer = answer;
        }

        @Override
        public long activeBytes() {
            return bytes;
        }

        @Override
        public boolean awaitsFlush() {
            return false;
        }

        @Override
        public Freeze tryFreeze() {
            asked.add(this);
            return answer;
        }
    }
}
