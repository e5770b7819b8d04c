package io.forebay.store.testing.fuzz;

import io.forebay.store.testing.Figures;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * The base of fuzz tests. A subclass has a static {@link FuzzTarget} for each target and a method of the same name:
 *
 * <pre>
 * &#64;ArgumentsSource(FuzzTests.Seeds.class)
 * &#64;FuzzTest(maxDuration = "")
 * void footer(byte[] input) {
 *     FOOTER.accept(input);
 * }
 * </pre>
 *
 * In a build each method runs once for each seed, and {@link #mutated} thousands of times; {@code ./forebay fuzz} runs the
 * methods under Jazzer.
 */
public abstract class FuzzTests {
    /** The seeds of the target that has the name of the method. */
    public static final class Seeds implements ArgumentsProvider {
        @Override
        public Stream<? extends Arguments> provideArguments(
                ParameterDeclarations parameters, ExtensionContext context) {
            String name = context.getRequiredTestMethod().getName();
            return targets(context.getRequiredTestClass()).stream()
                    .filter(target -> target.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("There is no target " + name))
                    .seeds()
                    .stream()
                    .map(seed -> Arguments.of((Object) seed));
        }
    }

    @TestFactory
    Stream<DynamicTest> mutated() {
        return targets(getClass()).stream()
                .map(target -> DynamicTest.dynamicTest(target.name(), () -> target.mutate(getClass())));
    }

    @AfterAll
    static void report(TestInfo test) {
        Class<?> type = test.getTestClass().orElseThrow();
        Figures figures = new Figures(type);
        targets(type).forEach(target -> target.report(figures));
        figures.write();
    }

    private static List<FuzzTarget> targets(Class<?> test) {
        List<FuzzTarget> targets = new ArrayList<>();
        for (Field field : test.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == FuzzTarget.class) {
                try {
                    field.setAccessible(true);
                    targets.add((FuzzTarget) field.get(null));
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        return targets;
    }
}
