package io.forebay.kafka;

import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongConsumer;

/** Seeds of randomised tests; {@code -Dforebay.seed=N} runs that one only. */
public final class Seeds {
    private Seeds() {}

    /** Runs {@code body} with {@code count} fresh seeds; the failure of one says how to repeat it. */
    public static void run(Class<?> test, int count, LongConsumer body) {
        Long given = Long.getLong("forebay.seed");
        for (int i = 0; i < (given == null ? count : 1); i++) {
            long seed = given == null ? ThreadLocalRandom.current().nextLong(1L << 48) : given;
            try {
                body.accept(seed);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "Reproduce: mvn -pl kafka-adapter -am test -Dsurefire.failIfNoSpecifiedTests=false -Dtest="
                                + test.getSimpleName() + " -Dforebay.seed=" + seed,
                        e);
            }
        }
    }
}
