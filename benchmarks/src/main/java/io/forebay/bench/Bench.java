package io.forebay.bench;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Times the same work on Forebay and on RocksDB as Kafka Streams sets it up, in alternating rounds, and prints the ratios. */
@Command(
        name = "forebay bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Compares Forebay with RocksDB (Kafka Streams' options), side by side in one run.")
public final class Bench implements Callable<Integer> {
    private static final Map<String, Function<File, Engine>> ENGINES = new LinkedHashMap<>();

    static {
        ENGINES.put("forebay", ForebayEngine::new);
        ENGINES.put("rocksdb", RocksEngine::new);
    }

    @Option(names = "--keys", paramLabel = "N", description = "Keys in the store (default: ${DEFAULT-VALUE}).")
    private int keys = 1_000_000;

    @Option(names = "--value-bytes", paramLabel = "N", description = "Bytes of a value (default: ${DEFAULT-VALUE}).")
    private int valueBytes = 100;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Timed rounds after one warm-up round (default: ${DEFAULT-VALUE}).")
    private int rounds = 5;

    @Option(names = "--works", paramLabel = "NAME", split = ",", description = "Only these: ${COMPLETION-CANDIDATES}.")
    private List<Work> works = List.of(Work.values());

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private final Map<Work, Map<String, List<Double>>> nanos = new EnumMap<>(Work.class);
    private final Map<String, Long> disk = new LinkedHashMap<>();

    public static void main(String[] args) {
        int code = new CommandLine(new Bench())
                .setParameterExceptionHandler((error, arguments) -> {
                    error.getCommandLine().getErr().println("forebay bench: " + error.getMessage());
                    return 2;
                })
                .execute(args);
        System.exit(code);
    }

    @Override
    public Integer call() throws IOException {
        require("--keys", keys, 1000, 100_000_000);
        require("--value-bytes", valueBytes, 8, 1 << 20);
        require("--rounds", rounds, 1, 100);
        PrintStream out = System.out;
        Path work = java.nio.file.Files.createTempDirectory("forebay-bench");
        try {
            for (int round = 0; round <= rounds; round++) {
                out.println(round == 0 ? "warm-up" : "round " + round + " of " + rounds);
                for (Map.Entry<String, Function<File, Engine>> entry : inTurn(round)) {
                    round(entry.getKey(), entry.getValue(), work.resolve(entry.getKey() + round), round);
                }
            }
        } finally {
            Files.deleteTree(work);
        }
        print(out);
        return 0;
    }

    private void require(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), option + " is " + value + ", must be " + min + " to " + max);
        }
    }

    /** The engines, the other one first every other round. */
    private static List<Map.Entry<String, Function<File, Engine>>> inTurn(int round) {
        List<Map.Entry<String, Function<File, Engine>>> engines = new ArrayList<>(ENGINES.entrySet());
        if (round % 2 == 1) {
            java.util.Collections.reverse(engines);
        }
        return engines;
    }

    private void round(String name, Function<File, Engine> factory, Path directory, int round) throws IOException {
        java.nio.file.Files.createDirectories(directory);
        Keys universe = new Keys(keys, valueBytes, 7);
        try (Engine engine = factory.apply(directory.toFile())) {
            for (Work work : Work.values()) {
                if (!works.contains(work) && !work.loads()) {
                    continue;
                }
                SplittableRandom random = new SplittableRandom(31L * round + work.ordinal());
                long started = System.nanoTime();
                long operations = work.run(engine, universe, random);
                double each = (System.nanoTime() - started) / (double) Math.max(1, operations);
                if (round > 0) {
                    nanos.computeIfAbsent(work, w -> new LinkedHashMap<>())
                            .computeIfAbsent(name, n -> new ArrayList<>())
                            .add(each);
                }
                if (work.loads() || work == Work.RMW_HOT) {
                    engine.settle();
                }
            }
        }
        // Files that are obsolete are gone once the store is closed.
        disk.put(name, Files.size(directory.toFile()));
        Files.deleteTree(directory);
    }

    private void print(PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%n%,d keys of 16 bytes, values of %,d bytes, %d rounds; medians in ns per operation, spread = (max - min) / median%n%n",
                keys,
                valueBytes,
                rounds);
        out.printf("%-36s %12s %8s %12s %8s %10s%n", "", "Forebay", "spread", "RocksDB", "spread", "ratio");
        for (Work work : Work.values()) {
            Map<String, List<Double>> figures = nanos.get(work);
            if (figures == null || !works.contains(work)) {
                continue;
            }
            double[] forebay = sorted(figures.get("forebay"));
            double[] rocksdb = sorted(figures.get("rocksdb"));
            out.printf(
                    Locale.ROOT,
                    "%-36s %,12.0f %7.0f%% %,12.0f %7.0f%% %9.1fx%n",
                    work.title(),
                    median(forebay),
                    spread(forebay),
                    median(rocksdb),
                    spread(rocksdb),
                    median(rocksdb) / median(forebay));
        }
        out.printf(
                Locale.ROOT,
                "%-36s %,12d %8s %,12d %8s %9.2fx%n",
                "bytes on disk",
                disk.get("forebay"),
                "",
                disk.get("rocksdb"),
                "",
                disk.get("forebay") / (double) disk.get("rocksdb"));
    }

    private static double[] sorted(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static double spread(double[] sorted) {
        return 100 * (sorted[sorted.length - 1] - sorted[0]) / median(sorted);
    }
}
