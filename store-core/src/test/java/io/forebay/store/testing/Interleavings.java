package io.forebay.store.testing;

import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * Explores the interleavings of the operations of a small part with Lincheck: each result must be that of some order of the
 * operations, one after the other. The model is a public class with a public constructor without arguments; its methods marked
 * {@code @Operation} are run by several threads, which switch at every access to shared memory that Lincheck chooses.
 *
 * <p>Lincheck takes every access as sequentially consistent, so what it cannot see are missing fences; jcstress looks for those.
 */
public final class Interleavings {
    private static final int SCENARIOS = 8;
    private static final int INTERLEAVINGS = 300;

    private static final int LONGEST_LOOP = 100_000;

    private Interleavings() {}

    /**
     * Two threads run {@code operations} operations each.
     *
     * @param specification a class with the same operations for one thread; it says what they answer
     */
    public static void check(Class<?> model, Class<?> specification, int operations) {
        int scenarios = (int) Effort.of("lincheck.scenarios", SCENARIOS, 20 * SCENARIOS);
        int interleavings = (int) Effort.of("lincheck.interleavings", INTERLEAVINGS, 20 * INTERLEAVINGS);
        new ModelCheckingOptions()
                .sequentialSpecification(specification)
                .threads(2)
                .actorsPerThread(operations)
                .actorsBefore(1)
                .actorsAfter(1)
                .iterations(scenarios)
                .invocationsPerIteration(interleavings)
                // Loops over a slab end; they are no sign of a hang.
                .loopBound(LONGEST_LOOP)
                .addGuarantee(
                        forClasses("io.forebay.store.util.Slab").allMethods().treatAsAtomic())
                .check(model);
        Figures figures = new Figures(model);
        figures.add("scenarios", scenarios);
        figures.add("interleavings, at most", (long) scenarios * interleavings);
        figures.write();
    }
}
