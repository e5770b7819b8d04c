package io.forebay.store.harness.fault;

import io.forebay.store.testing.Effort;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.Figures;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Lets the first, the second, ... operation on files fail in every scenario, in every way, once and for good, until a run
 * in which none is left to fail. After each fault the store answers reads, loses no durable commit, in a crash neither, goes
 * on when the cause is gone, and leaves nothing behind.
 *
 * <p>Half of the stores have their values in value files. {@code -Dforebay.fault=SCENARIO:FAULT:once|sticky:N[:values]} repeats one
 * point.
 */
class FaultSweepTest {
    private static final Figures FIGURES = new Figures(FaultSweepTest.class);
    /**
     * The operations of a scenario that a kind of fault strikes: about so many of them, evenly spread from the first, second, ...
     * on by chance, or all.
     */
    private static final long POINTS = Effort.of("fault.points", 8, Long.MAX_VALUE);

    private static final String ONLY = System.getProperty("forebay.fault");

    /** One operation of one scenario. */
    private record Point(FaultScenario scenario, Fault fault, boolean sticky, long n, boolean values) {
        @Override
        public String toString() {
            return scenario + ":" + fault + ":" + (sticky ? "sticky" : "once") + ":" + n + (values ? ":values" : "");
        }
    }

    /** Every injected fault is reported by the engine, tens of thousands of them. */
    @BeforeAll
    static void silence() {
        if (ONLY == null) {
            Configurator.setLevel("io.forebay.store", Level.OFF);
        }
    }

    @AfterAll
    static void writeFigures() {
        Configurator.setLevel("io.forebay.store", Level.WARN);
        FIGURES.write();
    }

    @ParameterizedTest
    @EnumSource
    void everyOperationMayFail(FaultScenario scenario) {
        if (ONLY != null) {
            repeat(scenario);
            return;
        }
        List<String> failures = Collections.synchronizedList(new ArrayList<>());
        Stream.of(Fault.values())
                .flatMap(fault -> Stream.of(point(scenario, fault, false), point(scenario, fault, true)))
                .parallel()
                .forEach(kind -> sweep(kind, failures));
        FIGURES.add("scenarios", 1);
        if (!failures.isEmpty()) {
            throw new AssertionError(String.join("\n", failures));
        }
    }

    private static Point point(FaultScenario scenario, Fault fault, boolean sticky) {
        return new Point(scenario, fault, sticky, 0, ThreadLocalRandom.current().nextBoolean());
    }

    private static void sweep(Point kind, List<String> failures) {
        long points = count(kind);
        long stride = Math.max(1, points / POINTS);
        FIGURES.add("operations", points);
        for (long n = 1 + ThreadLocalRandom.current().nextLong(stride); n <= points; n += stride) {
            Point point = new Point(kind.scenario, kind.fault, kind.sticky, n, kind.values);
            try {
                if (!strike(point)) {
                    break;
                }
            } catch (RuntimeException | Error e) {
                String line = "mvn -pl store-core test -Dtest=FaultSweepTest -Dforebay.fault=" + point;
                System.err.println("Reproduce: " + line);
                failures.add("Reproduce: " + line + "\n  " + e);
                if (failures.size() >= 5) {
                    return;
                }
            }
        }
    }

    private static void repeat(FaultScenario scenario) {
        String[] parts = ONLY.split(":");
        if (scenario.name().equals(parts[0])) {
            boolean sticky = parts[2].equals("sticky");
            strike(new Point(scenario, Fault.valueOf(parts[1]), sticky, Long.parseLong(parts[3]), parts.length > 4));
        }
    }

    /** How many operations there are that this fault can hit. */
    private static long count(Point kind) {
        FaultRun run = start(kind);
        long before = run.faults.matching(kind.fault);
        run(run, kind.scenario);
        return run.faults.matching(kind.fault) - before;
    }

    /** Both endings. @return false when the scenario came to its end before the operation */
    private static boolean strike(Point point) {
        for (boolean goesOn : new boolean[] {true, false}) {
            FaultRun run = start(point);
            run.faults.arm(point.fault, point.n, point.sticky);
            run(run, point.scenario);
            if (run.faults.struck() == null) {
                run.checkGoesOn(false);
                return false;
            }
            FIGURES.add("faults", 1);
            FIGURES.add("faults." + point.fault, 1);
            run.checkCrash();
            if (goesOn) {
                run.checkReads(point.sticky);
                run.checkCrash();
                run.checkGoesOn(point.scenario == FaultScenario.LARGE_BATCH);
            } else {
                run.checkCloses();
            }
        }
        return true;
    }

    private static FaultRun start(Point point) {
        FaultRun run = new FaultRun(11, point.scenario.options(point.values), point.scenario.ordinal() % 2 == 0);
        run.open();
        Exception failure = run.attempt(point.scenario.prepare);
        if (failure != null) {
            throw new AssertionError("Nothing failed yet", failure);
        }
        return run;
    }

    private static void run(FaultRun run, FaultScenario scenario) {
        run.attempt(scenario.body);
        run.executor.drain();
    }
}
