package io.forebay.store.harness.metamorphic;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ChildJvm;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.Seeds;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A seed is a run: every event of it, down to the bytes of files, happens again when it is run again. */
class DeterministicTest {
    private static final int LENGTH = 200;

    @Test
    void equalSeedsHaveEqualTraces() {
        Figures figures = new Figures(DeterministicTest.class);
        try {
            Seeds.run(DeterministicTest.class, (int) Effort.of("deterministic.seeds", 300, 100_000), seed -> {
                DeterministicRun.Outcome first = DeterministicRun.of(seed, LENGTH);
                DeterministicRun.Outcome second = DeterministicRun.of(seed, LENGTH);
                assertThat(first.difference()).as("from the model").isNull();
                assertSame(first.events(), second.events());
                assertThat(second.hash()).isEqualTo(first.hash());
                if (System.getProperty("forebay.seed") != null) {
                    System.err.println("seed " + seed + " has trace " + first.hash() + ":");
                    first.events().forEach(System.err::println);
                }
                figures.add("seeds", 1);
                figures.add("steps", first.steps());
                figures.add("stepsWithinBackgroundWork", first.insideSteps());
                figures.add("events", first.events().size());
            });
        } finally {
            figures.write();
        }
    }

    /** Says where they part, instead of showing both. */
    private static void assertSame(List<String> first, List<String> second) {
        for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
            assertThat(second.get(i))
                    .as("event %s, after %s", i, first.subList(Math.max(0, i - 5), i))
                    .isEqualTo(first.get(i));
        }
        assertThat(second).hasSameSizeAs(first);
    }

    @Test
    void anotherJvmHasTheSameTrace() throws IOException, InterruptedException {
        for (long seed : new long[] {1, 2026}) {
            String here = DeterministicRun.of(seed, LENGTH).hash();
            try (ChildJvm other =
                    ChildJvm.start(DeterministicRun.class, Long.toString(seed), Integer.toString(LENGTH))) {
                assertThat(other.readLine()).as("seed %s", seed).isEqualTo(here);
            }
        }
    }

    @Test
    void otherSeedsHaveOtherTraces() {
        assertThat(DeterministicRun.of(1, LENGTH).hash())
                .isNotEqualTo(DeterministicRun.of(2, LENGTH).hash());
    }
}
