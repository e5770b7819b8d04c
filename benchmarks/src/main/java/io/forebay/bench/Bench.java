package io.forebay.bench;

import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.micro.Micro;
import io.forebay.bench.report.Results;
import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Jdk;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.system.Machine;
import io.forebay.bench.system.ScratchDirectory;
import io.forebay.bench.worker.Home;
import io.forebay.bench.worker.Workers;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares Forebay with other stores: the same work on all, each in a JVM of its own, rounds in turns. */
@Command(
        name = "forebay bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        exitCodeOnExecutionException = Bench.BROKEN,
        description =
                "Compares Forebay with RocksDB as Kafka Streams and as Flink set it up, with Paimon's LSM and with"
                        + " heap maps, side by side in one run.")
public final class Bench implements Callable<Integer> {
    private static final int PLAY_FAILED = 1;

    /** The program itself: not a matter of what was measured. */
    static final int BROKEN = 3;

    /** As of a program that SIGINT has ended. */
    private static final int STOPPED = 130;

    private static final int DEFAULT_VALUE_BYTES = 100;

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
    private Integer valueBytes;

    @Option(names = "--rounds", paramLabel = "N", description = "Timed rounds after one warm-up round, in each fork.")
    private int rounds;

    @Option(names = "--forks", paramLabel = "N", description = "Times that every scenario is played in new JVMs.")
    private int forks;

    @Option(
            names = "--java-home",
            paramLabel = "DIRECTORY",
            description =
                    "A Java installation on which all contenders play as well; repeatable. Rows have a column more for"
                            + " each contender.")
    private List<File> javaHomes = new ArrayList<>();

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
        checkNumbers();
        checkMicro();
        List<Suite> all = Suite.all();
        known("--suites", suites, all, suite -> List.of(suite.name()));
        known("--scenarios", scenarios, all, suite -> names(suite.scenarios(), Scenario::id));
        known("--contenders", contenders, all, suite -> names(suite.contenders(), Contender::name));
        if (list) {
            all.forEach(this::describe);
            return 0;
        }
        jdks();
        if (!work.isDirectory()) {
            throw refused("--work: there is no directory " + work);
        }
        try {
            return micro ? micro() : compare(all);
        } catch (CancellationException e) {
            return STOPPED;
        }
    }

    private void checkNumbers() {
        if (keys != 0) {
            require("--keys", keys, 1000, 100_000_000);
        }
        if (valueBytes != null) {
            require("--value-bytes", valueBytes, 1, 1 << 20);
            if (keys == 0) {
                throw refused("--value-bytes needs --keys, such as --keys 1000000 --value-bytes " + valueBytes);
            }
        }
        require("--rounds", rounds, 0, 100);
        require("--forks", forks, 0, 100);
    }

    private void checkMicro() {
        if (!micro && !jmh.isBlank()) {
            throw refused("--jmh needs --micro");
        }
        if (micro
                && (!suites.isEmpty()
                        || !scenarios.isEmpty()
                        || !javaHomes.isEmpty()
                        || keys != 0
                        || rounds != 0
                        || forks != 0)) {
            throw refused(
                    "--micro takes sizes and repetitions from JMH's options, such as --jmh='-p keys=1000 -f 1 -i 3',"
                            + " and has no suites, scenarios, Java homes, keys, rounds or forks of its own");
        }
    }

    private int compare(List<Suite> all) throws IOException {
        Results results = new Results();
        List<Plan> plans = all.stream()
                .filter(suite -> suites.isEmpty() || suites.contains(suite.name()))
                .map(suite -> plan(suite, results))
                .filter(plan -> !plan.plays().isEmpty())
                .toList();
        if (plans.isEmpty()) {
            throw nothingToPlay(results.missing());
        }
        File log = emptyLog("bench.log");
        try (ScratchDirectory scratch = new ScratchDirectory(work.toPath(), terminal);
                Workers workers = new Workers(home, jvm(scratch), log)) {
            scratch.onSignal(workers::stop);
            Run run = new Run(workers, scratch.path(), results, terminal);
            int plays = plans.stream().mapToInt(plan -> plan.plays().size()).sum();
            RunReport report = new RunReport(results, about(plans), plays, out, terminal);
            plans.forEach(plan -> run.play(plan, quick, report::save));
            workers.close();
            report.end(!brief);
        }
        return results.failures().isEmpty() ? 0 : PLAY_FAILED;
    }

    private int micro() throws IOException {
        List<EngineKind> kinds = Arrays.stream(EngineKind.values())
                .filter(kind -> contenders.isEmpty()
                        || contenders.contains(kind.contender().name()))
                .toList();
        if (kinds.stream().noneMatch(kind -> home.missing(kind.contender()).isEmpty())) {
            throw refused(
                    "--micro: no engine to play is among --contenders " + String.join(",", contenders) + "; there are "
                            + Arrays.stream(EngineKind.values())
                                    .map(kind -> kind.contender().name())
                                    .collect(Collectors.joining(", ")));
        }
        File log = emptyLog("micro.log");
        try (ScratchDirectory scratch = new ScratchDirectory(work.toPath(), terminal)) {
            Micro runner = new Micro(home, jvm(scratch), log, terminal);
            scratch.onSignal(runner::stop);
            return runner.run(
                    kinds, jmh.isBlank() ? List.of() : List.of(jmh.trim().split("\\s+")));
        }
    }

    /** Of this run alone. */
    private File emptyLog(String name) throws IOException {
        if (!out.isDirectory() && !out.mkdirs()) {
            throw refused("--out: cannot create " + out);
        }
        File log = new File(out, name);
        java.nio.file.Files.write(log.toPath(), new byte[0]);
        return log;
    }

    /** @param results gets those who are wanted and cannot take part */
    private Plan plan(Suite suite, Results results) {
        Plan wanted = new Plan(
                suite,
                plays(suite),
                suite.contenders().stream()
                        .filter(contender -> contenders.isEmpty() || contenders.contains(contender.name()))
                        .toList());
        if (wanted.plays().isEmpty()) {
            return wanted;
        }
        List<Contender> installed = new ArrayList<>();
        for (Contender contender : wanted.contenders()) {
            List<String> missing = home.missing(contender);
            if (missing.isEmpty()) {
                installed.add(contender);
            } else {
                results.missing(contender, "its jars are not there (" + String.join(", ", missing) + ")");
            }
        }
        List<Contender> onAll = jdks().stream()
                .flatMap(jdk -> installed.stream().map(contender -> contender.on(jdk)))
                .toList();
        return new Plan(suite, wanted.plays(), onAll);
    }

    /** The one that runs this, and those that are wanted besides. */
    private List<Jdk> jdks() {
        List<Jdk> jdks = new ArrayList<>(List.of(Jdk.current()));
        for (File home : javaHomes) {
            Jdk jdk;
            try {
                jdk = Jdk.at(home);
            } catch (IllegalArgumentException e) {
                throw refused("--java-home: " + e.getMessage());
            }
            if (jdks.stream().anyMatch(other -> other.label().equals(jdk.label()))) {
                throw refused(
                        "--java-home: " + jdk.label() + " plays already; two of one version have the same column");
            }
            jdks.add(jdk);
        }
        return jdks;
    }

    private CommandLine.ParameterException nothingToPlay(Map<Contender, String> missing) {
        StringBuilder message = new StringBuilder("nothing to play:");
        missing.forEach((contender, reason) -> message.append(' ')
                .append(contender.name())
                .append(": ")
                .append(reason)
                .append(';'));
        if (missing.isEmpty()) {
            message.append(" no suite has a scenario and a contender of those that are wanted;");
        }
        return refused(message.append(" --list says what there is").toString());
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
                    keys == 0 ? play.scale() : new Scale(keys, valueBytes == null ? DEFAULT_VALUE_BYTES : valueBytes),
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

    /** Libraries unpack into the directory of temporary files, and a JVM that is killed leaves that there. */
    private List<String> jvm(ScratchDirectory scratch) {
        List<String> options = new ArrayList<>(jvm());
        options.add("-Djava.io.tmpdir=" + scratch.path());
        return options;
    }

    private Map<String, String> about(List<Plan> plans) {
        Map<String, String> about = Machine.describe(work.toPath());
        about.put("JVMs", String.join(" ", jvm()));
        for (Plan plan : plans) {
            for (Contender contender : plan.contenders()) {
                if (!contender.libraries().isEmpty()) {
                    about.put(contender.title(), String.join(", ", home.jars(contender)));
                }
            }
        }
        return about;
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
                throw refused(option + ": there is no " + name + ", but " + String.join(", ", names));
            }
        }
    }

    private static <T> List<String> names(Collection<T> things, Function<T, String> name) {
        return things.stream().map(name).toList();
    }

    private void require(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw refused(option + " is " + value + ", must be " + min + " to " + max);
        }
    }

    private CommandLine.ParameterException refused(String message) {
        return new CommandLine.ParameterException(spec.commandLine(), message);
    }
}
