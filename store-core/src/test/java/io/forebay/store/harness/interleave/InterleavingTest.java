package io.forebay.store.harness.interleave;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.interleave.InstrumentingLoader;
import io.forebay.store.testing.interleave.Interleaving;
import io.forebay.store.testing.interleave.ScheduleExplorer;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Every order of the steps of a write and a read, see {@link StoreInterleavings}. */
class InterleavingTest {
    private final Figures figures = new Figures(getClass());

    @Test
    void everyOrderGivesTheAnswerOfOneMoment() {
        String only = System.getProperty("forebay.interleave.only", "");
        Supplier<?> source = new InstrumentingLoader().create(StoreInterleavings.class, Supplier.class);
        try {
            for (Object each : (List<?>) source.get()) {
                Interleaving interleaving = (Interleaving) each;
                if (interleaving.name().contains(only)) {
                    explore(interleaving);
                }
            }
        } finally {
            figures.write();
        }
    }

    private void explore(Interleaving interleaving) {
        ScheduleExplorer.Outcome outcome =
                ScheduleExplorer.explore(interleaving, Effort.of("interleave.runs", 100, 50_000));
        figures.add("pairs of operations", 1);
        figures.add("pairs of which every order was tried", outcome.isComplete ? 1 : 0);
        figures.add("pairs of which every order with one switch was tried", outcome.isCompleteForOneSwitch ? 1 : 0);
        figures.add("orders", outcome.orders);
        figures.add("orders given up because they had been tried", outcome.repeated);
        figures.add("steps", outcome.steps);
        assertThat(outcome.failure)
                .as(
                        "%s%nReproduce: mvn -pl store-core test -Dtest=InterleavingTest '-Dforebay.interleave.only=%s'",
                        interleaving.name(), interleaving.name())
                .isNull();
    }
}
