package io.forebay.store.harness.fault;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import io.forebay.store.testing.jvmerrors.JvmErrors.Kind;
import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Lets the heap or the stack end at the first, the second, ... entry into a method of the engine in every scenario of the
 * {@link FaultSweepTest}: the heap once, or until the scenario is over. After each error the store answers rightly or says why
 * not, takes writes (after a {@link Store#resume()} if need be) or says that it must be opened again, and is opened again
 * at a commit that is not older than the last durable one; what a crash leaves is, too.
 *
 * <p>{@code -Dforebay.jvmerror=SCENARIO:KIND:once|sticky:N[:values]} repeats one point; in those with values these are in value files.
 */
class JvmErrorSweepTest {
    private static final Figures FIGURES = new Figures(JvmErrorSweepTest.class);
    /** Entries of a scenario that each kind strikes: about so many, evenly spread, or all. */
    private static final long POINTS = Effort.of("jvmerror.points", 4, Long.MAX_VALUE);

    private static final String ONLY = System.getProperty("forebay.jvmerror");
    private static final List<String> PACKAGES = List.of(
            "io.forebay.store.db",
            "io.forebay.store.version",
            "io.forebay.store.flush",
            "io.forebay.store.values",
            "io.forebay.store.compaction",
            "io.forebay.store.memtable");

    private static ErrorAgent agent;

    private record Point(FaultScenario scenario, Kind kind, boolean sticky, long n, boolean values) {
        @Override
        public String toString() {
            return scenario + ":" + kind + ":" + (sticky ? "sticky" : "once") + ":" + n + (values ? ":values" : "");
        }
    }

    @BeforeAll
    static void instrument() {
        agent = new ErrorAgent(PACKAGES);
        if (ONLY == null) {
            Configurator.setLevel("io.forebay.store", Level.OFF);
        }
    }

    @AfterAll
    static void restore() {
        JvmErrors.disarm();
        agent.close();
        Configurator.setLevel("io.forebay.store", Level.WARN);
        FIGURES.write();
    }

    @ParameterizedTest
    @EnumSource
    void everyMethodMayFail(FaultScenario scenario) {
        if (ONLY != null) {
            repeat(scenario);
            return;
        }
        List<String> failures = new ArrayList<>();
        FIGURES.add("scenarios", 1);
        sweep(scenario, Kind.OUT_OF_MEMORY, false, false, failures);
        sweep(scenario, Kind.OUT_OF_MEMORY, false, true, failures);
        sweep(scenario, Kind.OUT_OF_MEMORY, true, false, failures);
        sweep(scenario, Kind.STACK_OVERFLOW, false, true, failures);
        if (!failures.isEmpty()) {
            throw new AssertionError(String.join("\n", failures));
        }
    }

    private static void sweep(
            FaultScenario scenario, Kind kind, boolean sticky, boolean values, List<String> failures) {
        long points = count(scenario, kind, values);
        long stride = Math.max(1, points / POINTS);
        FIGURES.add("entries", points);
        int found = 0;
        for (long n = 1 + scenario.ordinal() % stride; n <= points && found < 3; n += stride) {
            Point point = new Point(scenario, kind, sticky, n, values);
            try {
                strike(point);
            } catch (RuntimeException | Error e) {
                JvmErrors.disarm();
                String line = "mvn -pl store-core test -Dtest=JvmErrorSweepTest -Dforebay.jvmerror=" + point;
                System.err.println("Reproduce: " + line);
                failures.add("Reproduce: " + line + "\n  struck " + JvmErrors.struck() + "\n  " + e);
                found++;
            }
        }
    }

    private static void repeat(FaultScenario scenario) {
        String[] parts = ONLY.split(":");
        if (scenario.name().equals(parts[0])) {
            boolean sticky = parts[2].equals("sticky");
            strike(new Point(scenario, Kind.valueOf(parts[1]), sticky, Long.parseLong(parts[3]), parts.length > 4));
        }
    }

    private static long count(FaultScenario scenario, Kind kind, boolean values) {
        JvmErrorRun run = start(scenario, values);
        JvmErrors.arm(kind, 0, false);
        play(run, scenario);
        return JvmErrors.disarm();
    }

    /** Both endings. */
    private static void strike(Point point) {
        for (boolean goesOn : new boolean[] {true, false}) {
            JvmErrorRun run = start(point.scenario, point.values);
            JvmErrors.arm(point.kind, point.n, point.sticky);
            play(run, point.scenario);
            JvmErrors.disarm();
            if (JvmErrors.struck() == null) {
                return;
            }
            FIGURES.add("errors." + point.kind, 1);
            run.checkCrash();
            if (goesOn) {
                run.checkGoesOn();
            } else {
                run.checkCloses();
            }
            FIGURES.add("endings.outOfBudget", run.outOfBudget ? 1 : 0);
        }
    }

    private static JvmErrorRun start(FaultScenario scenario, boolean values) {
        JvmErrorRun run = new JvmErrorRun(11, scenario.options(values));
        run.open();
        Exception failure = run.attempt(scenario.prepare);
        if (failure != null) {
            throw new AssertionError("Nothing failed yet", failure);
        }
        return run;
    }

    private static void play(JvmErrorRun run, FaultScenario scenario) {
        try {
            run.attempt(scenario.body);
        } catch (Throwable e) {
            requireInjected(e);
        }
        while (!run.executor.isIdle()) {
            try {
                run.executor.drain();
            } catch (Throwable e) {
                requireInjected(e); // a thread of a pool would log it and go on
            }
        }
    }

    /** Anything else is a wrong answer, a hang, or an error that nobody can understand. */
    private static void requireInjected(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof VirtualMachineError
                    && cause.getMessage() != null
                    && cause.getMessage().startsWith("injected")) {
                return;
            }
        }
        assertThat(e).as("the error that comes out of it").isInstanceOf(StoreException.class);
    }
}
