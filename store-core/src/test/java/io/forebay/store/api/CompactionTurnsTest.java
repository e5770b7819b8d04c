package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreStatistics;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Stores of one environment take turns to compact. */
class CompactionTurnsTest {
    @Test
    void theStoreWithTheMostSortedRunsCompactsFirst() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store calm = stepped.open(FileStores.inMemory());
            Store pressed = stepped.open(FileStores.inMemory());
            flush(calm, 3);
            flush(pressed, 9);
            while (work(calm) + work(pressed) == 0) {
                assertThat(stepped.executor.step()).isTrue();
            }
            assertThat(work(pressed)).isPositive();
            assertThat(work(calm)).isZero();
            stepped.executor.drain();
            assertThat(work(calm)).isPositive();
        }
    }

    /** It is still among those that wait for a thread. */
    @Test
    void aStoreThatWasClosedIsNotInTheWay() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store closed = stepped.open(FileStores.inMemory());
            Store other = stepped.open(FileStores.inMemory());
            flush(closed, 3);
            closed.close();
            flush(other, 3);
            stepped.executor.drain();
            assertThat(work(other)).isPositive();
        }
    }

    private static void flush(Store store, int times) {
        for (int i = 0; i < times; i++) {
            store.put(new byte[] {1}, ByteBuffer.allocate(4).putInt(i).array());
            store.commit(ByteBuffer.allocate(4).putInt(i).array());
            store.flush();
        }
        assertThat(store.statistics().sortedRuns()).isEqualTo(times);
    }

    private static long work(Store store) {
        StoreStatistics statistics = store.statistics();
        return statistics.compactions() + statistics.trivialMoves();
    }
}
