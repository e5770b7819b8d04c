package io.forebay.bench.costs;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Times the same works on stores with one thing switched on each, in alternating rounds, and prints what it costs. */
@Command(
        name = "forebay costs",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Shows what the write-ahead log, checksums, compression and encryption cost, each as a ratio to a"
                + " plain store in the same run.")
public final class Costs implements Callable<Integer> {
    @Option(names = "--keys", paramLabel = "N", description = "Keys in a store (default: ${DEFAULT-VALUE}).")
    private int keys = 1_000_000;

    @Option(names = "--value-bytes", paramLabel = "N", description = "Bytes of a value (default: ${DEFAULT-VALUE}).")
    private int valueBytes = 100;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Timed rounds after one warm-up round (default: ${DEFAULT-VALUE}).")
    private int rounds = 5;

    @Option(
            names = "--variants",
            paramLabel = "NAME",
            split = ",",
            description = "Only these beside the plain store: ${COMPLETION-CANDIDATES}.")
    private List<Variant> chosen = List.of(Variant.values());

    @Option(
            names = "--directory",
            paramLabel = "DIRECTORY",
            description = "Where the stores are made; what a sync costs depends on its disk (default: that of temporary"
                    + " files).")
    private File parent = new File(System.getProperty("java.io.tmpdir"));

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    public static void main(String[] args) {
        System.exit(command().execute(args));
    }

    static CommandLine command() {
        return new CommandLine(new Costs())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((error, arguments) -> {
                    error.getCommandLine().getErr().println("forebay costs: " + error.getMessage());
                    return 2;
                });
    }

    @Override
    public Integer call() throws IOException {
        require("--keys", keys, 1000, 10_000_000);
        require("--value-bytes", valueBytes, 8, 4096);
        require("--rounds", rounds, 1, 100);
        if (!parent.isDirectory()) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--directory " + parent + " is none");
        }
        List<Variant> variants = new ArrayList<>(List.of(Variant.values()));
        variants.removeIf(variant -> variant != Variant.PLAIN && !chosen.contains(variant));
        PrintWriter out = spec.commandLine().getOut();
        RecordData records = new RecordData(keys, valueBytes);
        CostTable table = new CostTable(variants);
        Path work = Files.createTempDirectory(parent.toPath(), "forebay-costs");
        try {
            for (int round = 0; round <= rounds; round++) {
                out.println(round == 0 ? "warm-up" : "round " + round + " of " + rounds);
                out.flush();
                for (Variant variant : inTurn(variants, round)) {
                    File directory = work.resolve(variant.name() + round).toFile();
                    // Memory of the store before is given back here rather than in the middle of something timed.
                    System.gc();
                    var samples = new CostTrial(variant, records, valueBytes, directory, 31L * round).run();
                    long bytesOnDisk = removeStore(directory);
                    if (round > 0) {
                        table.add(variant, samples, bytesOnDisk);
                    }
                }
            }
        } finally {
            for (File left : children(work.toFile())) {
                removeStore(left);
            }
            Files.delete(work);
        }
        double nanosPerByte = ChecksumCost.nanosPerByte();
        explain(out, nanosPerByte);
        table.print(out, nanosPerByte);
        out.flush();
        return 0;
    }

    private void require(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), option + " is " + value + ", must be " + min + " to " + max);
        }
    }

    /** Every variant comes early in some rounds and late in others. */
    private static List<Variant> inTurn(List<Variant> variants, int round) {
        List<Variant> turn = new ArrayList<>(variants);
        Collections.rotate(turn, round / 2);
        if (round % 2 == 1) {
            Collections.reverse(turn);
        }
        return turn;
    }

    private void explain(PrintWriter out, double checksumNanosPerByte) {
        out.printf(
                Locale.ROOT,
                "%n%,d keys of %d bytes, which do not compress; values of %,d bytes of text, which do; %d rounds.%n"
                        + "Medians, and spread = (max - min) / median. Ratios: how many times longer than the plain store, with the"
                        + " spread of the variant.%n"
                        + "Cold: the block cache is empty, the page cache is not. Warm: everything is in the block cache.%n"
                        + "Checksums are never off: their share of the plain store's time is computed from the bytes checked and"
                        + " from %.3f ns for each byte, as timed in this run.%n%n",
                keys,
                RecordData.KEY_BYTES,
                valueBytes,
                rounds,
                checksumNanosPerByte);
    }

    private static File[] children(File directory) {
        File[] children = directory.listFiles();
        return children == null ? new File[0] : children;
    }

    /** @return bytes of its files */
    private static long removeStore(File directory) throws IOException {
        long bytes = 0;
        for (File file : children(directory)) {
            bytes += file.length();
            Files.delete(file.toPath());
        }
        Files.deleteIfExists(directory.toPath());
        return bytes;
    }
}
