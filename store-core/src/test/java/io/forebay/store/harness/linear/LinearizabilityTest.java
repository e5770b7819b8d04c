package io.forebay.store.harness.linear;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.interleave.InstrumentingLoader;
import io.forebay.store.testing.interleave.Points;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** Every answer is that of one moment between call and return, whatever is written at the same time. */
class LinearizabilityTest {
    /** One of so many points of the instrumented engine holds its thread up. */
    private static final int NOISE = 2_000;

    @Test
    void everyAnswerIsThatOfOneMoment() {
        Figures figures = new Figures(getClass());
        try {
            untilChecked(
                    Effort.of("linear.reads", 2_000_000, 500_000_000), seed -> ConcurrentWorkload.check(seed, figures));
        } finally {
            figures.write();
        }
    }

    /** On the engine of {@code InterleavingTest}, where threads are held up at the steps that others may notice. */
    @Test
    void soItIsWhenThreadsAreHeldUpAnywhere() {
        LongUnaryOperator noisy = new InstrumentingLoader().create(Noisy.class, LongUnaryOperator.class);
        Points.noise(NOISE);
        try {
            untilChecked(Effort.of("linear.noisyReads", 300_000, 50_000_000), noisy);
        } finally {
            Points.noise(0);
            ((Runnable) noisy).run();
        }
    }

    /** @param run of a seed; returns how many answers it checked */
    private void untilChecked(long answers, LongUnaryOperator run) {
        long[] checked = new long[1];
        boolean once = System.getProperty("forebay.seed") != null;
        while (checked[0] < answers) {
            long before = checked[0];
            Seeds.run(getClass(), 1, seed -> checked[0] += run.applyAsLong(seed));
            if (once) {
                return;
            }
            assertThat(checked[0]).as("answers of a run").isGreaterThan(before);
        }
    }

    /** For the instrumented copy. */
    public static final class Noisy implements LongUnaryOperator, Runnable {
        private final Figures figures = new Figures("LinearizabilityTest-noisy");

        @Override
        public long applyAsLong(long seed) {
            return ConcurrentWorkload.check(seed, figures);
        }

        @Override
        public void run() {
            figures.write();
        }
    }
}
