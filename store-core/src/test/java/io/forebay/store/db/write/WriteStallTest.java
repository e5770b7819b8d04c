package io.forebay.store.db.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import org.junit.jupiter.api.Test;

/**
 * When writers are slowed down. The executor of these tests has a flush to do whenever it is asked for help, which takes the place
 * of a pause, so that no test waits.
 */
class WriteStallTest {
    private static final int SLABS = 100;
    private static final long HELP_NANOS = 3_000_000;
    /** Enough that a pause is worth its while wherever one is due. */
    private static final long MUCH = 1 << 20;

    private final ManualClock clock = new ManualClock();
    private final SlabPool pool = new SlabPool(new HeapSlabs(), (long) SLABS * SlabAllocator.SLAB_BYTES);
    private int helped;
    private final WriteStall stall = new WriteStall(pool, new Helping(), clock);

    private final class Helping implements BackgroundExecutor {
        @Override
        public void execute(Kind kind, Runnable work) {
            throw new AssertionError("a stall starts no work");
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            throw new AssertionError("a stall sets no alarm");
        }

        @Override
        public boolean help() {
            helped++;
            clock.advance(HELP_NANOS);
            return true;
        }

        @Override
        public void close() {}
    }

    private void use(int slabs) {
        for (int i = 0; i < slabs; i++) {
            assertThat(pool.tryTake(SlabPool.Use.MEMTABLE)).isNotNull();
        }
    }

    /** @return whether the writer was held up */
    private boolean isHeldUp(long bytes, double logs) {
        int before = helped;
        stall.owe(bytes);
        assertThat(stall.isOwing()).isTrue();
        stall.pay(logs, true);
        assertThat(stall.isOwing()).isFalse();
        return helped > before;
    }

    @Test
    void aWriterRunsFreeWhileMemtablesUseLessThanHalf() {
        use(SLABS / 2);
        assertThat(isHeldUp(MUCH, 0)).isFalse();
        assertThat(stall.stallNanos()).isZero();
    }

    @Test
    void aboveHalfAWriterPaysAndTheTimeIsCounted() {
        use(SLABS * 6 / 10);
        assertThat(isHeldUp(MUCH, 0)).isTrue();
        assertThat(stall.stallNanos()).isEqualTo(HELP_NANOS);
        stall.add(7);
        assertThat(stall.stallNanos()).isEqualTo(HELP_NANOS + 7);
    }

    /** A system call for less would take longer than the pause. */
    @Test
    void aSmallDebtIsForgiven() {
        use(SLABS * 6 / 10);
        assertThat(isHeldUp(100, 0)).isFalse();
    }

    @Test
    void theTimeThatTheWriterTookByItselfCounts() {
        use(SLABS * 6 / 10);
        clock.advance(1_000_000_000);
        assertThat(isHeldUp(MUCH, 0)).isFalse();
        assertThat(isHeldUp(MUCH, 0)).isTrue();
    }

    @Test
    void fastFlushesHoldNobodyUp() {
        use(SLABS * 6 / 10);
        for (int i = 0; i < 100; i++) {
            stall.flushed(1_000_000_000, 1);
        }
        assertThat(isHeldUp(MUCH, 0)).isFalse();
        stall.flushed(0, 1_000_000_000); // gave nothing back: says nothing about the speed
        assertThat(isHeldUp(MUCH, 0)).isFalse();
        for (int i = 0; i < 100; i++) {
            stall.flushed(1_000, 1_000_000);
        }
        assertThat(isHeldUp(MUCH, 0)).isTrue();
    }

    @Test
    void longLogsCountLikeMemoryHoweverFastFlushesAre() {
        for (int i = 0; i < 100; i++) {
            stall.flushed(1_000_000_000, 1);
        }
        assertThat(isHeldUp(MUCH, 0.6)).isFalse();
        assertThat(isHeldUp(MUCH, 0.8)).isTrue();
    }

    @Test
    void manySortedRunsHoldAWriterUp() {
        stall.sortedRuns(16);
        assertThat(isHeldUp(MUCH, 0)).isFalse();
        stall.sortedRuns(40);
        assertThat(isHeldUp(MUCH, 0)).isTrue();
        stall.sortedRuns(8);
        assertThat(isHeldUp(MUCH, 0)).isFalse();
    }
}
