package io.forebay.store.testing.interleave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class ExplorerTest {
    private static final long MANY = 100_000;

    /** Both operations on shared variables of this test, with the points that instrumented code would have. */
    private static Interleaving pair(Runnable reset, Runnable first, Runnable second, BooleanSupplier isRight) {
        return new Interleaving() {
            @Override
            public String name() {
                return "pair";
            }

            @Override
            public Run begin() {
                reset.run();
                return new Run() {
                    @Override
                    public void first() {
                        first.run();
                    }

                    @Override
                    public void second() {
                        second.run();
                    }

                    @Override
                    public String check() {
                        return isRight.getAsBoolean() ? null : "wrong";
                    }

                    @Override
                    public void close() {}
                };
            }
        };
    }

    private static Runnable writes(String place, int count) {
        return () -> {
            for (int i = 0; i < count; i++) {
                Points.write(place);
            }
        };
    }

    private static ScheduleExplorer.Outcome explore(Runnable first, Runnable second) {
        return ScheduleExplorer.explore(pair(() -> {}, first, second, () -> true), MANY);
    }

    @Test
    void everyOrderOfConflictingStepsIsTried() {
        ScheduleExplorer.Outcome outcome = explore(writes("a", 4), writes("a", 3));
        assertThat(outcome.isComplete).isTrue();
        // the last pass has each of them once; those before it have some of them
        assertThat(outcome.orders).isGreaterThanOrEqualTo(35);
    }

    @Test
    void oneOrderIsEnoughForStepsThatDoNotConflict() {
        ScheduleExplorer.Outcome outcome = explore(writes("a", 5), writes("b", 5));
        assertThat(outcome.isComplete).isTrue();
        assertThat(outcome.orders).isEqualTo(1);
    }

    @Test
    void readsAndCountersCommute() {
        Runnable steps = () -> {
            Points.read("a");
            Points.add("b");
        };
        assertThat(explore(steps, steps).orders).isEqualTo(1);
    }

    @Test
    void overlappingMemoryConflicts() {
        Object slab = new Object();
        Runnable write = () -> Points.memory(slab, 8, 8, true);
        assertThat(explore(write, () -> Points.memory(slab, 12, 1, false)).orders)
                .isGreaterThan(1);
        assertThat(explore(write, () -> Points.memory(slab, 16, 1, false)).orders)
                .isEqualTo(1);
        assertThat(explore(write, () -> Points.memory(new Object(), 8, 8, false)).orders)
                .isEqualTo(1);
    }

    /** An update that is lost only if both read before either writes. */
    @Test
    void aLostUpdateIsFoundAndTold() {
        int[] value = new int[1];
        Runnable increment = () -> {
            Points.read("value");
            int seen = value[0];
            Points.write("value");
            value[0] = seen + 1;
        };
        ScheduleExplorer.Outcome outcome =
                ScheduleExplorer.explore(pair(() -> value[0] = 0, increment, increment, () -> value[0] == 2), MANY);
        assertThat(outcome.failure).contains("wrong", "read value", "write value");
    }

    @Test
    void whatAMonitorGuardsIsNotInterrupted() {
        int[] value = new int[1];
        Object monitor = new Object();
        Runnable increment = () -> {
            Points.enter(monitor);
            Points.read("value");
            int seen = value[0];
            Points.write("value");
            value[0] = seen + 1;
            Points.exit(monitor);
        };
        ScheduleExplorer.Outcome outcome =
                ScheduleExplorer.explore(pair(() -> value[0] = 0, increment, increment, () -> value[0] == 2), MANY);
        assertThat(outcome.failure).isNull();
        assertThat(outcome.isComplete).isTrue();
        assertThat(outcome.orders).isGreaterThanOrEqualTo(2);
    }

    @Test
    void aThreadThatSpinsWaitsForAWrite() {
        boolean[] flag = new boolean[1];
        boolean[] seen = new boolean[1];
        Runnable wait = () -> {
            Points.read("flag");
            if (!flag[0]) {
                Points.await();
                Points.read("flag");
            }
            seen[0] = flag[0];
        };
        Runnable set = () -> {
            Points.write("flag");
            flag[0] = true;
        };
        ScheduleExplorer.Outcome outcome =
                ScheduleExplorer.explore(pair(() -> flag[0] = false, wait, set, () -> seen[0]), MANY);
        assertThat(outcome.failure).isNull();
        assertThat(outcome.isComplete).isTrue();
    }

    @Test
    void aDeadlockIsFound() {
        Object one = new Object();
        Object other = new Object();
        assertThatThrownBy(() -> explore(() -> nested(one, other), () -> nested(other, one)))
                .hasMessageContaining("Nobody can go on");
    }

    private static void nested(Object outer, Object inner) {
        Points.enter(outer);
        Points.enter(inner);
        Points.exit(inner);
        Points.exit(outer);
    }
}
