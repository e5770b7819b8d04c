package io.forebay.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.forebay.bench.report.HtmlReport;
import io.forebay.bench.report.JsonReport;
import io.forebay.bench.report.Results;
import io.forebay.bench.report.TextTable;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a run leaves behind: the JSON, anew after each play, so that nothing later can lose it; at the end table and page. */
final class RunReport {
    private final Results results;
    private final Map<String, String> about;
    private final int plays;
    private final Path directory;
    private final PrintStream terminal;
    private final long started = System.nanoTime();
    private int played;

    /**
     * @param about what the run is made on
     * @param plays that there will be
     */
    RunReport(Results results, Map<String, String> about, int plays, File directory, PrintStream terminal) {
        this.results = results;
        this.about = about;
        this.plays = plays;
        this.directory = directory.toPath();
        this.terminal = terminal;
    }

    /** After each play. That it cannot be written now must not end the run. */
    void save() {
        played++;
        try {
            write("bench.json", json().toPrettyString());
        } catch (IOException e) {
            terminal.println("WARNING cannot write bench.json: " + e);
        }
    }

    /** @param costs also latencies, allocation, input and output */
    void end(boolean costs) throws IOException {
        new TextTable(results, terminal).print(costs);
        ObjectNode json = json();
        write("bench.json", json.toPrettyString());
        write("bench.html", HtmlReport.of(json));
        terminal.println("wrote " + directory.resolve("bench.json"));
        terminal.println("wrote " + directory.resolve("bench.html"));
    }

    private ObjectNode json() {
        Map<String, String> header = new LinkedHashMap<>(about);
        header.put("plays", played == plays ? Integer.toString(plays) : played + " of " + plays);
        header.put("seconds", Long.toString((System.nanoTime() - started) / 1_000_000_000));
        return JsonReport.of(results, header);
    }

    /** All or nothing: a run that is ended meanwhile leaves the file of before. */
    private void write(String name, String text) throws IOException {
        Path next = directory.resolve(name + ".next");
        Files.writeString(next, text, StandardCharsets.UTF_8);
        Files.move(next, directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
}
