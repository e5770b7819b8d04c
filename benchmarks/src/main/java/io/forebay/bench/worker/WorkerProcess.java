package io.forebay.bench.worker;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Suite;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A {@link Worker} seen from the JVM that asks. One request at a time, from one thread; any thread may kill it. */
public final class WorkerProcess implements AutoCloseable {
    /** A round that takes longer hangs. */
    private static final Duration LONGEST_ROUND = Duration.ofMinutes(40);

    private static final long GOODBYE_SECONDS = 10;

    private final File log;
    private final Duration longest;
    private final Process process;
    private final PrintWriter requests;
    private final BufferedReader answers;
    private long requested;
    private volatile boolean tooLong;

    /**
     * @param options of the JVM, the same for all contenders
     * @param log where the worker's messages go, and what else its JVM prints
     */
    public WorkerProcess(Suite suite, Contender contender, Home home, List<String> options, File log)
            throws IOException {
        this(suite, contender, home, options, log, LONGEST_ROUND);
    }

    WorkerProcess(Suite suite, Contender contender, Home home, List<String> options, File log, Duration longest)
            throws IOException {
        this.log = log;
        this.longest = longest;
        process = launch(suite, contender, home, options, log);
        requests = new PrintWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8), true);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static Process launch(Suite suite, Contender contender, Home home, List<String> options, File log)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(contender.jdk().java());
        // Standard output is for answers.
        command.add("-XX:+DisplayVMOutputToStderr");
        command.addAll(options);
        command.addAll(
                List.of("-cp", home.classPath(contender), Worker.class.getName(), suite.name(), contender.name()));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log))
                .start();
    }

    /**
     * Plays a scenario once.
     *
     * @throws IOException naming the cause when the worker could not; its JVM is gone then, because whatever the scenario has
     *     left open would work on while the next contender is measured
     */
    public List<Measurement> play(Play play, long seed, File directory) throws IOException {
        CompletableFuture<Void> watchdog = CompletableFuture.runAsync(
                this::giveUp, CompletableFuture.delayedExecutor(longest.toMillis(), TimeUnit.MILLISECONDS));
        boolean done = false;
        try {
            requests.println(Wire.encode(
                    new Wire.Request(++requested, play.scenario().id(), play.scale(), seed, directory.getPath())));
            List<Measurement> measurements = answers();
            done = true;
            return measurements;
        } finally {
            watchdog.cancel(false);
            if (!done) {
                kill();
            }
        }
    }

    private void giveUp() {
        tooLong = true;
        process.destroyForcibly();
    }

    private List<Measurement> answers() throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        while (true) {
            String line = answers.readLine();
            if (line == null) {
                await(GOODBYE_SECONDS);
                throw new IOException(
                        tooLong
                                ? "its round took more than " + longest.toSeconds() + " s"
                                : "its JVM ended with exit code " + process.exitValue() + ", see " + log.getName());
            }
            String other = Wire.other(line);
            if (!other.isEmpty()) {
                Files.writeString(log.toPath(), other + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
            Optional<Wire.Answer> answer = Wire.answer(line).filter(each -> each.request() == requested);
            if (answer.isEmpty()) {
                continue;
            }
            if (answer.get().failure() != null) {
                throw new IOException(answer.get().failure());
            } else if (answer.get().ends()) {
                return measurements;
            } else {
                measurements.add(answer.get().measurement());
            }
        }
    }

    /** False when the JVM has ended. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Ends the JVM, whatever it is doing. One that has ended by itself keeps its exit code. */
    public void kill() {
        await(0);
    }

    @Override
    public void close() {
        requests.close();
        await(GOODBYE_SECONDS);
    }

    private void await(long seconds) {
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
