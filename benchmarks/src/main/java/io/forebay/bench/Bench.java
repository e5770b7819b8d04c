package io.forebay.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.micro.Micro;
import io.forebay.bench.report.HtmlReport;
import io.forebay.bench.report.JsonReport;
import io.forebay.bench.report.Results;
import io.forebay.bench.report.TextTable;
import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.system.Files;
import io.forebay.bench.system.Machine;
import io.forebay.bench.worker.Home;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares Forebay with other stores: the same work on all, each in a JVM of its own, rounds in turns. */
@Command(
        name = "forebay bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Compares Forebay with RocksDB as Kafka Streams and as Flink set it up, with Paimon's LSM and with"
                        + " heap maps, side by side in one run.")
public final class Bench implements Callable<Integer> {
    @Option(names = "--quick", description = "Small sizes, every scenario: under five minutes.")
    private boolean quick;

    @Option(
            names = "--micro",
            description = "Instead of the scenarios: single operations under JMH on small stores that stay in memory.")
    private boolean micro;

    @Option(
            names = "--jmh",
            paramLabel = "OPTIONS",
            description = "Options of JMH for --micro, in one word: --jmh='-f 1 -i 3'.")
    private String jmh = "";

    @Option(names = "--list", description = "Only say which suites, scenarios and contenders there are.")
    private boolean list;

    @Option(names = "--suites", paramLabel = "NAME", split = ",", description = "Only these suites.")
    private Set<String> suites = new LinkedHashSet<>();

    @Option(names = "--scenarios", paramLabel = "NAME", split = ",", description = "Only these scenarios.")
    private Set<String> scenarios = new LinkedHashSet<>();

    @Option(
            names = "--contenders",
            paramLabel = "NAME",
            split = ",",
            description = "Only these contenders. Ratios need Forebay among them.")
    private Set<String> contenders = new LinkedHashSet<>();

    @Option(
            names = "--keys",
            paramLabel = "N",
            description = "Keys in the store: each scenario once at this size, instead of those of the plan.")
    private int keys;

    @Option(names = "--value-bytes", paramLabel = "N", description = "Bytes of a value, with --keys (default: 100).")
    private int valueBytes = 100;

    @Option(names = "--rounds", paramLabel = "N", description = "Timed rounds after one warm-up round, in each fork.")
    private int rounds;

    @Option(names = "--forks", paramLabel = "N", description = "Times that every scenario is played in new JVMs.")
    private int forks;

    @Option(names = "--heap", paramLabel = "SIZE", description = "Heap of each JVM (default: ${DEFAULT-VALUE}).")
    private String heap = "3g";

    @Option(names = "--java-option", paramLabel = "OPTION", description = "Further option of each JVM; repeatable.")
    private List<String> javaOptions = new ArrayList<>();

    @Option(
            names = "--brief",
            description = "Print ratios only: latencies, allocation, input and output are in the JSON and on the page.")
    private boolean brief;

    @Option(
            names = "--work",
            paramLabel = "DIRECTORY",
            description = "Where the stores are while they are measured (default: the directory for temporary files).")
    private File work = new File(System.getProperty("java.io.tmpdir"));

    @Option(
            names = "--out",
            paramLabel = "DIRECTORY",
            description = "Where results and logs go: bench.json, bench.html, bench.log (default: ${DEFAULT-VALUE}).")
    private File out = new File("bench-results");

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private final Home home;
    private final PrintStream terminal;

    Bench(Home home, PrintStream terminal) {
        this.home = home;
        this.terminal = terminal;
    }

    public static void main(String[] args) {
        System.exit(execute(Home.of(Bench.class), System.out, args));
    }

    static int execute(Home home, PrintStream terminal, String... args) {
        return new CommandLine(new Bench(home, terminal))
                .setParameterExceptionHandler((error, arguments) -> {
                    error.getCommandLine().getErr().println("forebay bench: " + error.getMessage());
                    return 2;
                })
                .execute(args);
    }

    @Override
    public Integer call() throws IOException {
        if (keys != 0) {
            require("--keys", keys, 1000, 100_000_000);
        }
        require("--value-bytes", valueBytes, 1, 1 << 20);
        require("--rounds", rounds, 0, 100);
        require("--forks", forks, 0, 100);
        List<Suite> all = Suite.all();
        known("--suites", suites, all, suite -> List.of(suite.name()));
        known("--scenarios", scenarios, all, suite -> names(suite.scenarios(), Scenario::id));
        known("--contenders", contenders, all, suite -> names(suite.contenders(), Contender::name));
        if (list) {
            all.forEach(this::describe);
            return 0;
        }
        if (!out.isDirectory() && !out.mkdirs()) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--out: cannot create " + out);
        }
        if (micro) {
            return micro();
        }
        long started = System.nanoTime();
        Path directory = java.nio.file.Files.createTempDirectory(work.toPath(), "forebay-bench");
        Run run = new Run(home, jvm(), new File(out, "bench.log"), directory, terminal);
        try {
            for (Suite suite : all) {
                play(run, suite);
            }
        } finally {
            Files.deleteTree(directory);
        }
        report(run.results(), (System.nanoTime() - started) / 1_000_000_000);
        return run.results().failures().isEmpty() ? 0 : 1;
    }

    private int micro() throws IOException {
        List<EngineKind> kinds = Arrays.stream(EngineKind.values())
                .filter(kind -> contenders.isEmpty()
                        || contenders.contains(kind.contender().name()))
                .toList();
        return new Micro(home, jvm(), out, terminal)
                .run(kinds, jmh.isBlank() ? List.of() : List.of(jmh.trim().split("\\s+")));
    }

    private void play(Run run, Suite suite) throws IOException {
        if (!suites.isEmpty() && !suites.contains(suite.name())) {
            return;
        }
        List<Play> plays = plays(suite);
        if (plays.isEmpty()) {
            return;
        }
        List<Contender> players = run.installed(suite.contenders().stream()
                .filter(contender -> contenders.isEmpty() || contenders.contains(contender.name()))
                .toList());
        run.play(suite, plays, players, quick);
    }

    private List<Play> plays(Suite suite) {
        List<Play> plays = new ArrayList<>();
        Set<Scenario> placed = new HashSet<>();
        for (Play play : suite.plays(quick)) {
            if (!scenarios.isEmpty() && !scenarios.contains(play.scenario().id())
                    || keys != 0 && !placed.add(play.scenario())) {
                continue;
            }
            plays.add(new Play(
                    play.scenario(),
                    keys == 0 ? play.scale() : new Scale(keys, valueBytes),
                    rounds == 0 ? play.rounds() : rounds,
                    forks == 0 ? play.forks() : forks));
        }
        return plays;
    }

    private List<String> jvm() {
        List<String> options = new ArrayList<>(List.of("-Xmx" + heap, "-XX:MaxDirectMemorySize=4g"));
        options.addAll(javaOptions);
        return options;
    }

    private void report(Results results, long seconds) throws IOException {
        new TextTable(results, terminal).print(!brief);
        Map<String, String> about = Machine.describe();
        about.put("JVMs", String.join(" ", jvm()));
        about.put("seconds", Long.toString(seconds));
        for (Suite suite : results.suites()) {
            for (Contender contender : results.contenders(suite)) {
                if (!contender.libraries().isEmpty()) {
                    about.put(contender.title(), String.join(", ", home.jars(contender)));
                }
            }
        }
        ObjectNode json = JsonReport.of(results, about);
        write("bench.json", json.toPrettyString());
        write("bench.html", HtmlReport.of(json));
    }

    private void write(String name, String text) throws IOException {
        Path file = out.toPath().resolve(name);
        java.nio.file.Files.writeString(file, text, StandardCharsets.UTF_8);
        terminal.println("wrote " + file);
    }

    private void describe(Suite suite) {
        terminal.println(suite.name());
        terminal.println("  contenders: " + String.join(", ", names(suite.contenders(), Contender::name)));
        suite.scenarios().forEach(scenario -> terminal.printf("  %-20s %s%n", scenario.id(), scenario.title()));
    }

    private void known(String option, Set<String> wanted, List<Suite> all, Function<Suite, List<String>> namesOf) {
        Set<String> names = new LinkedHashSet<>();
        all.forEach(suite -> names.addAll(namesOf.apply(suite)));
        for (String name : wanted) {
            if (!names.contains(name)) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(), option + ": there is no " + name + ", but " + String.join(", ", names));
            }
        }
    }

    private static <T> List<String> names(Collection<T> things, Function<T, String> name) {
        return things.stream().map(name).toList();
    }

    private void require(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), option + " is " + value + ", must be " + min + " to " + max);
        }
    }
}
