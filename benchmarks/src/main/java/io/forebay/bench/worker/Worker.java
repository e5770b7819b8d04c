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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The JVM of one contender. Reads requests from standard input, plays them, and answers on standard output. Ends when standard
 * input does, even within a round: nobody waits for the answer any more.
 */
public final class Worker {
    /** For hooks, such as the one that writes a flight recording. */
    private static final long EXIT_SECONDS = 5;

    private final Suite suite;
    private final Contender contender;
    private final PrintStream answers;

    private Worker(Suite suite, Contender contender, PrintStream answers) {
        this.suite = suite;
        this.contender = contender;
        this.answers = answers;
    }

    /** @param args names of suite and contender */
    public static void main(String[] args) throws InterruptedException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // Whatever a library prints must not get between the answers.
        System.setOut(System.err);
        BlockingQueue<String> requests = new LinkedBlockingQueue<>();
        daemon("requests", () -> read(requests));
        Suite suite = Suite.named(args[0]);
        Worker worker = new Worker(suite, suite.contender(args[1]), answers);
        while (true) {
            worker.play(Wire.request(requests.take()));
        }
    }

    private static void read(BlockingQueue<String> requests) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                requests.add(line);
            }
        } catch (IOException e) {
            e.printStackTrace(System.err);
        }
        daemon("end", Worker::haltSoon);
        System.exit(0);
    }

    /** A hook that hangs, because a round goes on, must not keep the JVM. */
    private static void haltSoon() {
        try {
            TimeUnit.SECONDS.sleep(EXIT_SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(1);
    }

    private static void daemon(String name, Runnable task) {
        Thread thread = new Thread(task, "worker-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void play(Wire.Request request) {
        Wire.Answer last;
        try {
            playThenDelete(request);
            last = Wire.Answer.done(request.number());
        } catch (IOException | RuntimeException | Error e) {
            // The stack goes to the log, the cause into the report.
            e.printStackTrace(System.err);
            last = Wire.Answer.failed(request.number(), e);
        }
        answers.println(Wire.encode(last));
    }

    private void playThenDelete(Wire.Request request) throws IOException {
        File directory = new File(request.directory());
        java.nio.file.Files.createDirectories(directory.toPath());
        try {
            System.gc();
            Trial trial = new Trial(
                    contender,
                    directory,
                    request.scale(),
                    request.seed(),
                    measurement -> answers.println(Wire.encode(Wire.Answer.of(request.number(), measurement))));
            suite.scenario(request.scenario()).play(trial);
        } finally {
            Files.deleteTree(directory.toPath());
        }
    }
}
