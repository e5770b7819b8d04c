package io.forebay.examples.kafka;

import io.forebay.examples.report.Stall;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A JVM that runs {@link StreamsChild}. Never outlives this object, nor its parent: it ends when its input does. */
final class ChildProcess implements AutoCloseable {
    private final Process process;
    private final long startNanos = System.nanoTime();
    private final CompletableFuture<Long> running = new CompletableFuture<>();
    private volatile long runningNanos;

    ChildProcess(List<String> arguments, File log) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                new File(System.getProperty("java.home"), "bin/java").getPath(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-Dforebay.demo.log=" + log,
                "-cp",
                System.getProperty("java.class.path"),
                StreamsChild.class.getName()));
        command.addAll(arguments);
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log))
                .start();
        Thread reader = new Thread(this::readOutput, "demo-child-output");
        reader.setDaemon(true);
        reader.start();
    }

    /** Waits until the application runs. @return records that it restored from changelogs */
    long awaitRunning() throws InterruptedException {
        try {
            return running.get(Stall.PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("The Kafka Streams application did not start", e);
        }
    }

    /** Milliseconds from the start of the process to its running state. */
    long startMillis() {
        return TimeUnit.NANOSECONDS.toMillis(runningNanos - startNanos);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL: no shutdown hook, no flush, no close. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Ends the application in an orderly way. */
    void stop() throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(Stall.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            kill();
            throw new IllegalStateException(
                    "The Kafka Streams application did not stop within " + Stall.PATIENCE_SECONDS + " s");
        }
        if (process.exitValue() != 0) {
            throw new IllegalStateException("The Kafka Streams application ended with code " + process.exitValue());
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    private void readOutput() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(StreamsChild.RUNNING) && !running.isDone()) {
                    runningNanos = System.nanoTime();
                    running.complete(Long.parseLong(line.substring(StreamsChild.RUNNING.length())));
                }
            }
            running.completeExceptionally(new IllegalStateException("the process ended before it ran"));
        } catch (IOException e) {
            running.completeExceptionally(e);
        }
    }
}
