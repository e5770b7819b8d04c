package io.forebay.store.testing;

import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import java.util.function.Predicate;
import kotlin.jvm.functions.Function1;
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

    private static final String SLAB = "io.forebay.store.util.Slab";
    private static final int LONGEST_LOOP = 100_000;
    private static final long LONGEST_INTERLEAVING_MILLIS = 600_000;

    private Interleavings() {}

    /**
     * Two threads run {@code operations} operations each.
     *
     * @param specification a class with the same operations for one thread; it says what they answer
     */
    public static void check(Class<?> model, Class<?> specification, int operations) {
        check(model, specification, operations, INTERLEAVINGS, name -> false);
    }

    /**
     * As the other one.
     *
     * @param usual interleavings of each scenario when nothing else is asked for
     * @param atomic says of the name of a class that what it does is one step: it is not about this, takes long to follow, and
     *     lets nobody else go on in its middle, whose locks it would wait for
     */
    public static void check(
            Class<?> model, Class<?> specification, int operations, int usual, Predicate<String> atomic) {
        int scenarios = (int) Effort.of("lincheck.scenarios", SCENARIOS, 20 * SCENARIOS);
        int interleavings = (int) Effort.of("lincheck.interleavings", usual, 20L * usual);
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
                // Public in the bytecode only. The default of 30 s takes a machine that is busy with other work for a
                // hang.
                .invocationTimeout$lincheck(LONGEST_INTERLEAVING_MILLIS)
                .addGuarantee(forClasses(SLAB).allMethods().treatAsAtomic())
                // Follows each byte of a frame otherwise; nobody else has the frame.
                .addGuarantee(forClasses("io.forebay.store.cache.CacheSlab")
                        .methods("scribble")
                        .ignore())
                .addGuarantee(forClasses((Function1<String, Boolean>) name -> atomic.test(name) && !name.equals(SLAB))
                        .allMethods()
                        .ignore())
                .check(model);
        Figures figures = new Figures(model);
        figures.add("scenarios", scenarios);
        figures.add("interleavings, at most", (long) scenarios * interleavings);
        figures.write();
    }
}
