package io.forebay.bench.micro;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.worker.Home;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/** Runs {@link StoreMicro} under JMH on each engine, and prints the scores side by side. */
public final class Micro {
    /** One score of JMH. */
    private record Score(double nanos, double error, double allocated) {}

    private final Home home;
    private final List<String> javaOptions;
    private final File log;
    private final PrintStream terminal;
    private Process process;
    private boolean stopped;

    /**
     * @param javaOptions of the JVMs that measure
     * @param log where JMH's output goes; its results go beside it as {@code micro-ENGINE.json}
     */
    public Micro(Home home, List<String> javaOptions, File log, PrintStream terminal) {
        this.home = home;
        this.javaOptions = javaOptions;
        this.log = log;
        this.terminal = terminal;
    }

    /**
     * @param jmhOptions as on JMH's own command line
     * @return 0 when every engine whose jars are there has scores
     */
    public int run(List<EngineKind> kinds, List<String> jmhOptions) throws IOException {
        Map<EngineKind, Map<String, Score>> scores = new EnumMap<>(EngineKind.class);
        int code = 0;
        for (EngineKind kind : kinds) {
            if (!home.missing(kind.contender()).isEmpty()) {
                terminal.println("NOT RUN " + kind.contender().title() + ": its jars are not there");
                continue;
            }
            terminal.println("JMH: " + kind.contender().title());
            File file =
                    new File(log.getParentFile(), "micro-" + kind.contender().name() + ".json");
            int exit = jmh(kind, file, jmhOptions);
            Map<String, Score> own = exit == 0 ? read(file) : Map.of();
            if (own.isEmpty()) {
                terminal.println("FAILED " + kind.contender().title() + ": see " + log);
                code = 1;
            }
            scores.put(kind, own);
        }
        print(scores);
        return code;
    }

    /** JMH hands the class path of its own JVM on to its forks. */
    private int jmh(EngineKind kind, File results, List<String> jmhOptions) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        // There JMH has the lock by which two runs do not disturb each other.
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.addAll(List.of("-cp", home.expandedClassPath(kind.contender()), "org.openjdk.jmh.Main"));
        command.addAll(List.of(StoreMicro.class.getName(), "-p", "engineKind=" + kind.name()));
        command.addAll(List.of("-prof", "gc", "-rf", "json", "-rff", results.getPath()));
        // JMH takes them apart at spaces that are not quoted.
        command.addAll(List.of(
                "-jvmArgs", javaOptions.stream().map(each -> '"' + each + '"').collect(Collectors.joining(" "))));
        command.addAll(jmhOptions);
        try {
            int exit = start(command).waitFor();
            throwIfStopped();
            return exit;
        } catch (InterruptedException e) {
            stop();
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while JMH ran", e);
        }
    }

    private synchronized Process start(List<String> command) throws IOException {
        throwIfStopped();
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                .start();
        return process;
    }

    private synchronized void throwIfStopped() {
        if (stopped) {
            throw new CancellationException("The run was stopped");
        }
    }

    /** From another thread: kills JMH and the JVMs that it has started, so that {@link #run} ends with an exception. */
    public synchronized void stop() {
        stopped = true;
        if (process != null) {
            List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
            all.add(process.toHandle());
            all.forEach(ProcessHandle::destroyForcibly);
            all.forEach(each -> each.onExit().join());
        }
    }

    /** Scores by name of the case and its parameters. */
    private static Map<String, Score> read(File file) throws IOException {
        Map<String, Score> scores = new TreeMap<>();
        for (JsonNode result : new ObjectMapper().readTree(file)) {
            String name = result.get("benchmark").asText();
            JsonNode params = result.get("params");
            String title = name.substring(name.lastIndexOf('.') + 1) + ", "
                    + params.get("place").asText() + ", "
                    + params.get("keys").asText() + " x "
                    + params.get("valueBytes").asText() + " B";
            JsonNode primary = result.get("primaryMetric");
            JsonNode allocated =
                    result.get("secondaryMetrics").path("gc.alloc.rate.norm").path("score");
            scores.put(
                    title,
                    new Score(
                            primary.get("score").asDouble(),
                            primary.path("scoreError").asDouble(Double.NaN),
                            allocated.asDouble(Double.NaN)));
        }
        return scores;
    }

    private void print(Map<EngineKind, Map<String, Score>> scores) {
        TreeSet<String> titles = new TreeSet<>();
        scores.values().forEach(each -> titles.addAll(each.keySet()));
        terminal.printf("%n%-46s", "ns per call +- error of 99.9 %, B allocated");
        scores.keySet()
                .forEach(kind -> terminal.printf(" %30s", kind.contender().title()));
        terminal.println();
        for (String title : titles) {
            terminal.printf("%-46s", title);
            for (Map<String, Score> own : scores.values()) {
                Score score = own.get(title);
                terminal.printf(
                        " %30s",
                        score == null
                                ? "-"
                                : String.format(
                                        Locale.ROOT,
                                        "%,.0f +- %,.0f, %,.0f B",
                                        score.nanos,
                                        score.error,
                                        score.allocated));
            }
            terminal.println();
        }
    }
}
