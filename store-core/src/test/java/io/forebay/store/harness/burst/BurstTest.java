package io.forebay.store.harness.burst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.Seeds;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stores in step: their merges do not come at the same moment, nor do flushes that nothing asks for at once. */
class BurstTest {
    private static final int STORES = 32;
    private static final int KEYS = 8000;
    private static final int PUTS_PER_TICK = 10;
    /** Until stores that began together have come apart. */
    private static final int WARM_UP_SECONDS = 300;

    private static final int SECONDS = 300;

    /**
     * @param merges most merges at the same time; all stores were at it at once without anything against it
     * @param peak of merging in ten seconds, the time between two checkpoints, against the mean
     * @param flushes as {@code merges}; a checkpoint of all stores has one of each
     */
    @ParameterizedTest
    @CsvSource({"CHECKPOINTS, 20, 2.1, 32", "COMMITS, 14, 2.6, 8", "SIZE, 14, 3.5, 18", "MEMORY, 8, 3.0, 10"})
    void fewStoresWorkAtTheSameTime(StoresInStep.Driver driver, int merges, double peak, int flushes) {
        Figures figures = new Figures("BurstTest-" + driver);
        Seeds.run(getClass(), (int) Effort.of("burst.seeds", 1, 20), seed -> {
            try (StoresInStep stores = new StoresInStep(driver, STORES, KEYS, PUTS_PER_TICK, seed)) {
                stores.run(WARM_UP_SECONDS);
                stores.begin();
                stores.run(SECONDS);
                StoresInStep.Load merging = stores.load(Kind.COMPACTION, 10);
                StoresInStep.Load flushing = stores.load(Kind.FLUSH, 10);
                figures.add("merges", merging.count());
                figures.add("flushes", flushing.count());
                assertThat(merging.count()).isGreaterThan(STORES);
                assertThat(merging.most()).isLessThanOrEqualTo(merges);
                assertThat(merging.peakToMean()).isLessThan(peak);
                assertThat(flushing.most()).isLessThanOrEqualTo(flushes);
            } finally {
                figures.write();
            }
        });
    }
}
