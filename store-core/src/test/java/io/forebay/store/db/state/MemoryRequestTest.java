package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.db.state.MemoryArbiter.Ended;
import io.forebay.store.db.state.MemoryArbiter.Freeze;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import org.junit.jupiter.api.Test;

/** How long a request for memory is worth another attempt, beside stores that always have something to flush. */
class MemoryRequestTest {
    private static final int BYTES = 400_000;

    private final ManualClock clock = new ManualClock();
    private final SlabPool pool = new SlabPool(new HeapSlabs(), 1 << 20);
    private final MemoryArbiter arbiter = new MemoryArbiter(pool, new SteppedExecutor(clock), clock);
    private final MemoryRequest request = new MemoryRequest(arbiter, null, "a test", BYTES);

    /** Its memtable is never empty; all that was frozen is flushed at once, unless a test says otherwise. */
    private static class Writing implements MemoryTenant {
        int freezes;
        boolean busy;
        boolean flushed = true;
        long kept;

        @Override
        public long activeBytes() {
            return 1;
        }

        @Override
        public boolean awaitsFlush() {
            return false;
        }

        @Override
        public Freeze tryFreeze() {
            freezes += busy ? 0 : 1;
            return busy ? Freeze.BUSY : Freeze.DONE;
        }

        @Override
        public long activeSince() {
            return freezes;
        }

        @Override
        public boolean hasGivenBack(long since) {
            return flushed || since < freezes;
        }

        @Override
        public long keptBytes() {
            return kept;
        }
    }

    private final Writing first = new Writing();
    private final Writing second = new Writing();

    private void failed() {
        request.failed(Ended.TURNED, () -> false);
    }

    /** All others flush. */
    private void turnOver() {
        while (request.freezeLarger(0) == Freeze.DONE) {
            // the next one
        }
    }

    private int attemptsUntilItFails() {
        for (int attempt = 1; ; attempt++) {
            turnOver();
            try {
                failed();
            } catch (MemoryBudgetException e) {
                assertThat(e).hasMessageContaining("flushed all that they had in memory again and again");
                return attempt;
            }
        }
    }

    @Test
    void eachStoreFlushesOnceUntilAllHaveGivenBackWhatTheyHad() {
        arbiter.add(first);
        arbiter.add(second);
        second.busy = true;
        turnOver();
        failed();
        turnOver();
        assertThat(first.freezes).as("a write of the second one is under way").isEqualTo(1);
        second.busy = false;
        second.flushed = false;
        turnOver();
        failed();
        turnOver();
        assertThat(first.freezes).as("the second one is being flushed").isEqualTo(1);
        assertThat(second.freezes).isEqualTo(1);
        second.flushed = true;
        failed();
        turnOver();
        assertThat(first.freezes).isEqualTo(2);
        assertThat(second.freezes).isEqualTo(2);
    }

    @Test
    void whatOthersTookMeanwhileIsTooLittleToBeWhatIsMissing() {
        arbiter.add(first);
        pool.tryReserve(SlabPool.Use.MEMTABLE, BYTES / 4 - 1);
        assertThat(attemptsUntilItFails()).isEqualTo(16);
        assertThat(first.freezes).isEqualTo(16);
    }

    /** Many that ask for much take turns by chance. */
    @Test
    void whoLosesAgainstOthersThatTookMuchGoesOnForLong() {
        arbiter.add(first);
        pool.tryReserve(SlabPool.Use.MEMTABLE, BYTES / 4);
        assertThat(attemptsUntilItFails()).isEqualTo(1024);
    }

    @Test
    void whatAReadOnlyStoreKeepsWasNotTakenByOthers() {
        arbiter.add(first);
        pool.tryReserve(SlabPool.Use.MEMTABLE, BYTES);
        first.kept = BYTES;
        assertThat(attemptsUntilItFails()).isEqualTo(16);
    }

    /** A merge function that takes its time keeps its store's memory until it is done. */
    @Test
    void aWriteThatIsUnderWayIsWaitedForAndNotForEver() {
        arbiter.add(first);
        first.busy = true;
        for (int attempt = 0; attempt < 2_000; attempt++) {
            failed();
        }
        assertThatThrownBy(() -> request.failed(Ended.OVERDUE, () -> false)).isInstanceOf(MemoryBudgetException.class);
        for (int wait = 0; wait < 3_000; wait++) {
            assertThat(request.isOverdue()).isFalse();
            request.waitedForCalls();
        }
        assertThat(request.isOverdue())
                .as("however often memory came meanwhile")
                .isTrue();
    }
}
