package io.forebay.kafkatests.emit;

import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongConsumer;

/** Runs what is random, and says how to repeat what fails. */
final class SeededRuns {
    private SeededRuns() {}

    /** {@code -Dforebay.seed} runs that one; the long profile, thirty times as many. */
    static void run(Class<?> test, int count, LongConsumer body) {
        Long given = Long.getLong("forebay.seed");
        int runs = given != null ? 1 : Boolean.getBoolean("forebay.long") ? 30 * count : count;
        for (int i = 0; i < runs; i++) {
            long seed = given != null ? given : ThreadLocalRandom.current().nextLong(1L << 48);
            try {
                body.accept(seed);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "Reproduce: mvn -pl kafka-tests -am test -Dtest=" + test.getSimpleName() + " -Dforebay.seed="
                                + seed,
                        e);
            }
        }
    }
}
