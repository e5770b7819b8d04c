package io.forebay.bench.worker;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.scenarios.Trial;
import io.forebay.bench.system.Files;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The JVM of one contender. Reads requests from standard input, plays them, and answers on standard output. */
public final class Worker {
    private final Suite suite;
    private final Contender contender;
    private final PrintStream answers;

    private Worker(Suite suite, Contender contender, PrintStream answers) {
        this.suite = suite;
        this.contender = contender;
        this.answers = answers;
    }

    /** @param args names of suite and contender */
    public static void main(String[] args) throws IOException {
        Suite suite = Suite.named(args[0]);
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // Whatever a library prints must not get between the answers.
        System.setOut(System.err);
        Worker worker = new Worker(suite, suite.contender(args[1]), answers);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            worker.play(Wire.request(line));
        }
        // Threads that a library left behind must not keep the JVM.
        System.exit(0);
    }

    private void play(Wire.Request request) throws IOException {
        File directory = new File(request.directory());
        java.nio.file.Files.createDirectories(directory.toPath());
        String outcome = Wire.DONE;
        try {
            System.gc();
            Trial trial = new Trial(
                    contender,
                    directory,
                    request.scale(),
                    request.seed(),
                    measurement -> answers.println(Wire.encode(measurement)));
            suite.scenario(request.scenario()).play(trial);
        } catch (RuntimeException | Error e) {
            // The stack goes to the log, the cause into the report; the next request is another try.
            e.printStackTrace(System.err);
            outcome = Wire.failed(e);
        } finally {
            Files.deleteTree(directory.toPath());
        }
        answers.println(outcome);
    }
}
