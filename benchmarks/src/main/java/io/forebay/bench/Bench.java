package io.forebay.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.report.HtmlReport;
import io.forebay.bench.report.JsonReport;
import io.forebay.bench.report.Results;
import io.forebay.bench.report.TextTable;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.system.Files;
import io.forebay.bench.worker.WorkerProcess;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times the same work on several engines. Each has a JVM of its own; the rounds alternate between them, one engine at a
 * time, so that what the machine does meanwhile hits all alike.
 */
@Command(
        name = "forebay bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Compares Forebay with RocksDB, Paimon's LSM and a heap map, side by side in one run.")
public final class Bench implements Callable<Integer> {
    @Option(names = "--quick", description = "Small sizes, all scenarios: under five minutes.")
    private boolean quick;

    @Option(
            names = "--scenarios",
            paramLabel = "NAME",
            split = ",",
            description = "Only these: ${COMPLETION-CANDIDATES}.")
    private Set<Scenario> scenarios = new LinkedHashSet<>(List.of(Scenario.values()));

    @Option(
            names = "--engines",
            paramLabel = "NAME",
            split = ",",
            description = "Only these: ${COMPLETION-CANDIDATES}.")
    private Set<EngineKind> engines = new LinkedHashSet<>(List.of(EngineKind.values()));

    @Option(names = "--keys", paramLabel = "N", description = "Keys in the store, instead of the sizes of the plan.")
    private int keys;

    @Option(names = "--value-bytes", paramLabel = "N", description = "Bytes of a value, with --keys (default: 100).")
    private int valueBytes = 100;

    @Option(names = "--rounds", paramLabel = "N", description = "Timed rounds after one warm-up round.")
    private int rounds;

    @Option(
            names = "--out",
            paramLabel = "DIRECTORY",
            description = "Where bench.json, bench.html and bench.log go (default: ${DEFAULT-VALUE}).")
    private File out = new File("bench-results");

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private final PrintStream terminal = System.out;
    private final Results results = new Results();

    public static void main(String[] args) {
        int code = new CommandLine(new Bench())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((error, arguments) -> {
                    error.getCommandLine().getErr().println("forebay bench: " + error.getMessage());
                    return 2;
                })
                .execute(args);
        System.exit(code);
    }

    @Override
    public Integer call() throws IOException {
        if (keys != 0) {
            require("--keys", keys, 1000, 100_000_000);
        }
        require("--value-bytes", valueBytes, 1, 1 << 20);
        require("--rounds", rounds, 0, 100);
        if (!out.isDirectory() && !out.mkdirs()) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--out: cannot create " + out);
        }
        List<EngineKind> kinds = new ArrayList<>(engines);
        kinds.removeIf(kind -> !WorkerProcess.isInstalled(kind, home()));
        Collections.sort(kinds);
        Path work = java.nio.file.Files.createTempDirectory("forebay-bench");
        List<WorkerProcess> workers = new ArrayList<>();
        try {
            for (EngineKind kind : kinds) {
                workers.add(new WorkerProcess(kind, home(), new File(out, "bench.log")));
            }
            for (Plan.Entry entry : plan().entries()) {
                play(entry, workers, work);
            }
        } finally {
            workers.forEach(WorkerProcess::close);
            Files.deleteTree(work);
        }
        new TextTable(results, kinds).print(terminal);
        ObjectNode json = JsonReport.of(results, about());
        write("bench.json", json.toPrettyString());
        write("bench.html", HtmlReport.of(json));
        return results.failures().isEmpty() ? 0 : 1;
    }

    private Plan plan() {
        List<Plan.Entry> entries = new ArrayList<>();
        Set<Scenario> placed = new LinkedHashSet<>();
        for (Plan.Entry entry : (quick ? Plan.quick() : Plan.full()).entries()) {
            if (!scenarios.contains(entry.scenario()) || keys != 0 && !placed.add(entry.scenario())) {
                continue;
            }
            Scale scale = keys == 0 ? entry.scale() : new Scale(keys, valueBytes);
            entries.add(new Plan.Entry(entry.scenario(), scale, rounds == 0 ? entry.rounds() : rounds));
        }
        return new Plan(entries);
    }

    private void play(Plan.Entry entry, List<WorkerProcess> workers, Path work) throws IOException {
        List<WorkerProcess> inTurn = new ArrayList<>(workers);
        for (int round = 0; round <= entry.rounds(); round++) {
            terminal.println(entry.scenario().title() + ", " + entry.scale()
                    + (round == 0 ? ": warm-up" : ": round " + round + " of " + entry.rounds()));
            for (WorkerProcess worker : inTurn) {
                if (!worker.kind().can(entry.scenario().needs())) {
                    continue;
                }
                Path directory = work.resolve(worker.kind() + "-" + round);
                try {
                    List<Measurement> measurements =
                            worker.play(entry.scenario(), entry.scale(), 31L * round + 7, directory.toFile());
                    if (round > 0) {
                        measurements.forEach(each -> results.add(entry.scenario(), entry.scale(), worker.kind(), each));
                    }
                } catch (IOException e) {
                    results.failed(entry.scenario().title() + ", " + entry.scale() + ": " + e.getMessage());
                    terminal.println("FAILED " + e.getMessage());
                }
            }
            Collections.rotate(inTurn, 1);
        }
    }

    /** The directory of the build that this class runs from. */
    private static File home() {
        return new File(Bench.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .getPath())
                .getParentFile();
    }

    private static Map<String, String> about() {
        Map<String, String> about = new LinkedHashMap<>();
        about.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        about.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        about.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        about.put("commit", System.getenv().getOrDefault("FOREBAY_COMMIT", "unknown"));
        return about;
    }

    private void write(String name, String text) throws IOException {
        Path file = out.toPath().resolve(name);
        java.nio.file.Files.writeString(file, text, StandardCharsets.UTF_8);
        terminal.println("wrote " + file);
    }

    private void require(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), option + " is " + value + ", must be " + min + " to " + max);
        }
    }
}
