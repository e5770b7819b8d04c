package io.forebay.store.harness.metamorphic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Random histories over all option sets. {@code -Dforebay.seed=N} runs the history of one seed; {@code
 * -Dforebay.history=FILE} runs a history that is written down, over the options it names or else over all.
 */
class MetamorphicTest {
    private static final Path KEPT = Path.of("src/test/resources/histories");
    private static final int RANDOM_SETS = 3;
    private static final int SHORT = 120;
    private static final int LONG = 600;

    private final Runner runner = new Runner(Hooks.NONE);

    @Test
    void allOptionSetsAndTheModelAgree() throws IOException {
        String file = System.getProperty("forebay.history");
        Long seed = Long.getLong("forebay.seed");
        if (file != null) {
            check("replayed", History.parse(Files.readString(Path.of(file))), new Random(0));
        } else if (seed != null) {
            check(seed);
        } else {
            manySeeds();
        }
    }

    private void manySeeds() {
        long wanted = Effort.of("metamorphic.operations", 1_000_000, 100_000_000);
        Figures figures = new Figures(MetamorphicTest.class);
        long start = System.nanoTime();
        try {
            while (runner.executed() < wanted) {
                check(ThreadLocalRandom.current().nextLong(1L << 48));
                figures.add("histories", 1);
            }
        } finally {
            figures.add("operations", runner.executed());
            figures.add("optionSets", OptionSets.fixed().size());
            figures.add("runs", runner.runs());
            figures.add("seconds", (System.nanoTime() - start) / 1_000_000_000);
            figures.write();
        }
    }

    private void check(long seed) {
        Random random = new Random(seed);
        check("seed-" + seed, HistoryGenerator.history(seed, random.nextBoolean() ? SHORT : LONG), random);
    }

    private void check(String name, History history, Random random) {
        Runner.Expected expected = Runner.expected(history);
        for (OptionSet set : setsFor(history, random)) {
            Runner.Failure failure = runner.run(history.withOptions(set), expected);
            if (failure != null) {
                String report = FailureReport.of(name, Reducer.reduce(runner, failure));
                System.err.println(report);
                fail(report);
            }
        }
    }

    private static List<OptionSet> setsFor(History history, Random random) {
        if (history.options() != null) {
            return List.of(history.options());
        }
        List<OptionSet> sets = new ArrayList<>(OptionSets.fixed());
        for (int i = 0; i < RANDOM_SETS; i++) {
            sets.add(OptionSets.random(random));
        }
        return sets;
    }

    /** Those that failed once, under the options they failed with and under all others. */
    @Test
    void keptHistories() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(KEPT)) {
            files = all.sorted().toList();
        }
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            History history = History.parse(Files.readString(file));
            String name = "kept-" + file.getFileName();
            check(name, history, new Random(1));
            check(name, history.withOptions(null), new Random(1));
        }
    }
}
