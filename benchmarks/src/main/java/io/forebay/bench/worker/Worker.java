package io.forebay.bench.worker;

import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Trial;
import io.forebay.bench.system.Files;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * The JVM of one engine. Reads requests {@code scenario keys valueBytes seed directory} from standard input, a line each with
 * tabs between the fields, plays them, and answers with measurements on standard output.
 */
public final class Worker {
    private Worker() {}

    public static void main(String[] args) throws IOException {
        EngineKind kind = EngineKind.valueOf(args[0]);
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // Whatever a library prints must not get between the answers.
        System.setOut(System.err);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            play(kind, line.split("\t"), answers);
        }
    }

    private static void play(EngineKind kind, String[] request, PrintStream answers) throws IOException {
        Scale scale = new Scale(Integer.parseInt(request[1]), Integer.parseInt(request[2]));
        File directory = new File(request[4]);
        java.nio.file.Files.createDirectories(directory.toPath());
        try {
            System.gc();
            Trial trial = new Trial(
                    kind,
                    directory,
                    scale,
                    Long.parseLong(request[3]),
                    measurement -> answers.println(Wire.encode(measurement)));
            Scenario.valueOf(request[0]).play(trial);
            answers.println(Wire.DONE);
        } catch (RuntimeException | Error e) {
            e.printStackTrace(System.err);
            answers.println(Wire.FAILED + String.valueOf(e).replaceAll("\\s+", " "));
        } finally {
            Files.deleteTree(directory.toPath());
        }
    }
}
