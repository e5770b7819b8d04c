package io.forebay.examples;

import io.forebay.examples.auction.Answers;
import io.forebay.examples.auction.Workload;
import io.forebay.examples.flink.FlinkDemo;
import io.forebay.examples.kafka.KafkaDemo;
import io.forebay.examples.report.Report;
import io.forebay.examples.report.Screen;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * The first thing a new user runs: a Kafka Streams application and a Flink job with all their state in Forebay, killed,
 * recovered, rescaled, and checked. Exit code 0 when every result is right, 1 when one differs or something breaks, 2 for a
 * bad option or file.
 */
@Command(
        name = "forebay demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Runs a Kafka Streams application and a Flink job on Forebay, kills and rescales them, checks every result.")
public final class Demo implements Callable<Integer> {
    private static final long MAX_EVENTS = 1_000_000_000L;
    /** The text is read into memory. */
    private static final long MAX_INPUT_BYTES = 1L << 30;

    @Option(
            names = "--events",
            paramLabel = "N",
            description = "Length of the auction stream (default: ${DEFAULT-VALUE}).")
    private long events = 2_000_000;

    @Option(names = "--input", paramLabel = "FILE", description = "Count the words of this text file instead.")
    private File input;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Work there and keep the files (default: a temporary one).")
    private File directory;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    public static void main(String[] args) {
        int code = new CommandLine(new Demo())
                .setParameterExceptionHandler((error, arguments) -> {
                    error.getCommandLine().getErr().println("forebay demo: " + error.getMessage());
                    return 2;
                })
                .execute(args);
        System.exit(code);
    }

    @Override
    public Integer call() throws IOException {
        Workload workload = workload();
        Path work = workDirectory();
        Screen screen = new Screen(System.out);
        // The broker prints while it formats its directory; the screen is for the demo.
        System.setOut(new PrintStream(work.resolve("broker-output.log").toFile(), StandardCharsets.UTF_8));
        Report report = new Report();
        try {
            screen.say(
                    "input: %,d events%s",
                    workload.size(), input == null ? " of the auction stream" : " (words) of " + input);
            Answers expected = Answers.compute(workload);
            screen.say("input: expected results computed independently (%,d)", expected.count());
            report.add(new KafkaDemo(workload, expected, work.toFile(), screen).run());
            report.add(new FlinkDemo(workload, input, expected, work.toFile(), screen).run());
        } catch (Exception | Error e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            screen.plain("forebay demo: failed: " + e.getMessage() + "\n" + trace + "Files and logs: " + work);
            return 1;
        }
        screen.plain("");
        screen.plain(report.render());
        if (!report.isVerified()) {
            screen.plain("Some results are WRONG. Files and logs: " + work);
            return 1;
        }
        screen.plain("All results verified.");
        if (directory == null) {
            deleteTree(work, screen);
        }
        return 0;
    }

    private Workload workload() {
        if (events < 1000 || events > MAX_EVENTS) {
            throw new ParameterException(
                    spec.commandLine(), "--events is " + events + ", must be 1000 to " + MAX_EVENTS);
        }
        if (input != null) {
            if (spec.commandLine().getParseResult().hasMatchedOption("--events")) {
                throw new ParameterException(
                        spec.commandLine(), "--events is the length of the auction stream; leave it out with --input");
            }
            if (!input.isFile()) {
                throw new ParameterException(spec.commandLine(), "--input " + input + " is not a file");
            }
            if (input.length() > MAX_INPUT_BYTES) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--input " + input + " has " + input.length() + " bytes, at most " + MAX_INPUT_BYTES
                                + " can be taken");
            }
        }
        try {
            Workload workload = Workload.of(input == null ? null : input.toPath(), events);
            if (workload.size() < 2) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--input " + input + " has " + workload.size()
                                + " words; the demo stops half-way, so it needs 2");
            }
            return workload;
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "--input " + input + " cannot be read: " + e.getMessage());
        }
    }

    private Path workDirectory() throws IOException {
        Path work = directory == null ? Files.createTempDirectory("forebay-demo") : ownDirectory();
        System.setProperty("forebay.demo.log", work.resolve("demo.log").toString());
        return work;
    }

    private Path ownDirectory() {
        Path work = directory.toPath();
        if (Files.exists(work) && !Files.isDirectory(work)) {
            throw new ParameterException(spec.commandLine(), "--directory " + directory + " is not a directory");
        }
        try {
            Files.createDirectories(work);
            try (Stream<Path> content = Files.list(work)) {
                if (content.findAny().isPresent()) {
                    throw new ParameterException(spec.commandLine(), "--directory " + directory + " is not empty");
                }
            }
            Files.delete(Files.createTempFile(work, "demo", null));
            return work;
        } catch (IOException e) {
            throw new ParameterException(
                    spec.commandLine(), "--directory " + directory + " cannot be created and written: " + e);
        }
    }

    /** The results are out already, so what cannot be deleted is no failure. */
    private static void deleteTree(Path root, Screen screen) {
        try (Stream<Path> walk = Files.walk(root)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            screen.plain("Cannot delete " + root + ": " + e);
        }
    }
}
