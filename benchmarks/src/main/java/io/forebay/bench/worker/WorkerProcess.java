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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A {@link Worker} seen from the JVM that asks. One request at a time, from one thread. */
public final class WorkerProcess implements AutoCloseable {
    /** A round that takes longer hangs. */
    private static final long LONGEST_ROUND_MINUTES = 40;

    private static final long GOODBYE_SECONDS = 10;

    private final Contender contender;
    private final Process process;
    private final PrintWriter requests;
    private final BufferedReader answers;

    /**
     * @param options of the JVM, the same for all contenders
     * @param log where the worker's messages go
     */
    public WorkerProcess(Suite suite, Contender contender, Home home, List<String> options, File log)
            throws IOException {
        this.contender = contender;
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(options);
        command.addAll(
                List.of("-cp", home.classPath(contender), Worker.class.getName(), suite.name(), contender.name()));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log))
                .start();
        requests = new PrintWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8), true);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    public Contender contender() {
        return contender;
    }

    /** Plays a scenario once. @throws IOException naming the cause when the worker could not */
    public List<Measurement> play(Play play, long seed, File directory) throws IOException {
        CompletableFuture<Void> watchdog = CompletableFuture.runAsync(
                process::destroyForcibly, CompletableFuture.delayedExecutor(LONGEST_ROUND_MINUTES, TimeUnit.MINUTES));
        try {
            requests.println(
                    Wire.encode(new Wire.Request(play.scenario().id(), play.scale(), seed, directory.getPath())));
            return answers();
        } finally {
            watchdog.cancel(false);
        }
    }

    private List<Measurement> answers() throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        while (true) {
            String line = answers.readLine();
            if (line == null) {
                throw new IOException("its JVM ended, see bench.log");
            }
            if (line.equals(Wire.DONE)) {
                return measurements;
            }
            if (line.startsWith(Wire.FAILED)) {
                throw new IOException(line.substring(Wire.FAILED.length()));
            }
            if (Wire.isMeasurement(line)) {
                measurements.add(Wire.measurement(line));
            } else {
                throw new IOException("its JVM says: " + line);
            }
        }
    }

    /** False when the JVM has ended. */
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        requests.close();
        try {
            if (!process.waitFor(GOODBYE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
