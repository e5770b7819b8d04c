package io.forebay.store.testing;

import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongConsumer;

/** Seeds of randomised tests of all modules. {@code -Dforebay.seed=N} runs one seed only. */
public final class Seeds {
    /** Tests run in the directory of their module. */
    private static final Path MODULE = Path.of("").toAbsolutePath().getFileName();

    private Seeds() {}

    /** Runs {@code body} with {@code count} fresh seeds, and prints how to repeat the one that fails. */
    public static void run(Class<?> test, int count, LongConsumer body) {
        String given = System.getProperty("forebay.seed");
        for (int i = 0; i < (given == null ? count : 1); i++) {
            long seed = given == null ? ThreadLocalRandom.current().nextLong(1L << 48) : Long.parseLong(given);
            try {
                body.accept(seed);
            } catch (RuntimeException | Error e) {
                String line = "mvn -pl " + MODULE + " -am test -Dsurefire.failIfNoSpecifiedTests=false -Dtest="
                        + test.getSimpleName() + " -Dforebay.seed=" + seed;
                System.err.println("Reproduce: " + line);
                throw new AssertionError("Reproduce: " + line, e);
            }
        }
    }
}
