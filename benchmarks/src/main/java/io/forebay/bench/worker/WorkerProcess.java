package io.forebay.bench.worker;

import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A {@link Worker} seen from the JVM that asks. One request at a time. */
public final class WorkerProcess implements AutoCloseable {
    /** Heap of a worker: enough for the heap map, the same for all. */
    private static final String HEAP = "-Xmx3g";

    private final EngineKind kind;
    private final Process process;
    private final PrintWriter requests;
    private final BufferedReader answers;

    /**
     * @param home directory that holds {@code classes}, {@code lib} and {@code engines}
     * @param log where the worker's messages go
     */
    public WorkerProcess(EngineKind kind, File home, File log) throws IOException {
        this.kind = kind;
        String separator = File.pathSeparator;
        StringBuilder path = new StringBuilder(new File(home, "classes").getPath())
                .append(separator)
                .append(new File(home, "lib/*").getPath());
        if (kind.library() != null) {
            path.append(separator).append(new File(home, "engines/" + kind.library() + "/*").getPath());
        }
        process = new ProcessBuilder(
                        System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                        HEAP,
                        "-XX:MaxDirectMemorySize=4g",
                        "-cp",
                        path.toString(),
                        Worker.class.getName(),
                        kind.name())
                .redirectError(ProcessBuilder.Redirect.appendTo(log))
                .start();
        requests = new PrintWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8), true);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** False when the jars that only this engine needs are missing. */
    public static boolean isInstalled(EngineKind kind, File home) {
        return kind.library() == null || new File(home, "engines/" + kind.library()).isDirectory();
    }

    public EngineKind kind() {
        return kind;
    }

    /** Plays a scenario once. @throws IOException naming the cause when the worker could not */
    public List<Measurement> play(Scenario scenario, Scale scale, long seed, File directory) throws IOException {
        requests.println(String.join(
                "\t", scenario.name(), "" + scale.keys(), "" + scale.valueBytes(), "" + seed, "" + directory));
        List<Measurement> measurements = new ArrayList<>();
        while (true) {
            String line = answers.readLine();
            if (line == null) {
                throw new IOException("the JVM of " + kind.title() + " ended");
            }
            if (line.equals(Wire.DONE)) {
                return measurements;
            }
            if (line.startsWith(Wire.FAILED)) {
                throw new IOException(kind.title() + ": " + line.substring(Wire.FAILED.length()));
            }
            measurements.add(Wire.decode(line));
        }
    }

    @Override
    public void close() {
        requests.close();
        process.destroy();
    }
}
