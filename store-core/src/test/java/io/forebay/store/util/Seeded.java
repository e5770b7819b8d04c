package io.forebay.store.util;

import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;

/** Randomised tests: fresh seeds in every run, and one line that repeats the run that failed. */
public final class Seeded {
    /** A test that draws all its chances from {@code random}. */
    public interface Body {
        void run(Random random) throws Exception;
    }

    private Seeded() {}

    /** Runs {@code body} {@code times} times, or once with {@code -Dforebay.seed}. */
    public static void run(Class<?> test, int times, Body body) {
        Long given = Long.getLong("forebay.seed");
        for (int i = 0; i < (given == null ? times : 1); i++) {
            long seed = given == null ? ThreadLocalRandom.current().nextLong(1L << 48) : given;
            try {
                body.run(new Random(seed));
            } catch (Throwable e) {
                String line = "mvn -pl store-core test -Dtest=" + test.getSimpleName() + " -Dforebay.seed=" + seed;
                throw new AssertionError("Reproduce: " + line, e);
            }
        }
    }
}
