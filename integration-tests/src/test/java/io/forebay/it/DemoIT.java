package io.forebay.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo in a process of its own, with short inputs. It checks its results by itself; here its exit code counts. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@Tag("smoke")
class DemoIT {
    @TempDir
    Path directory;

    @Test
    void verifiesTheAuctionStream() throws Exception {
        Result result = demo("--events", "60000");

        assertThat(result.code).as(result.output).isZero();
        assertThat(result.output).contains("killed (SIGKILL)").contains("recovered from its checkpoint");
        assertThat(result.output).contains("All results verified.").doesNotContain("DIFFERENT");
    }

    @Test
    void countsTheWordsOfAnyFile() throws Exception {
        Path text = directory.resolve("text with a space.txt");
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            words.append("word").append(i % 97).append(i % 7 == 0 ? ".\n" : ", Ärger ");
        }
        Files.writeString(text, words, StandardCharsets.ISO_8859_1);

        Result result = demo("--input", text.toString());

        assertThat(result.code).as(result.output).isZero();
        assertThat(result.output).contains("All results verified.");
    }

    @Test
    void answersABadOptionWithOneLineAndCode2() throws Exception {
        Path word = Files.writeString(directory.resolve("one word"), "alone");
        Path full = Files.createDirectory(directory.resolve("full"));
        Files.createFile(full.resolve("file"));
        for (List<String> arguments : List.of(
                List.of("--input", word.toString()),
                List.of("--input", word.toString(), "--events", "2000"),
                List.of("--directory", full.toString()),
                List.of("--directory", word.toString()),
                List.of("--directory", word.resolve("below").toString()),
                List.of("--events", "ten"),
                List.of("--events", "1"),
                List.of("--input", directory.resolve("missing").toString()),
                List.of("--frobnicate"))) {
            Result result = demo(arguments.toArray(new String[0]));

            assertThat(result.code).as(result.output).isEqualTo(2);
            assertThat(result.output.strip().lines()).as(result.output).hasSize(1);
            assertThat(result.output).startsWith("forebay demo: ");
        }
    }

    private record Result(int code, String output) {}

    private Result demo(String... arguments) throws IOException, InterruptedException {
        File output = Files.createTempFile(directory, "demo", ".out").toFile();
        List<String> command = new ArrayList<>(List.of(
                new File(System.getProperty("java.home"), "bin/java").getPath(),
                "-Xmx1g",
                "-Djava.io.tmpdir=" + directory,
                "-Dlog4j2.configurationFile=log4j2.properties",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "io.forebay.examples.Demo"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        try {
            assertThat(process.waitFor(12, TimeUnit.MINUTES))
                    .as("the demo ends")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Result(process.exitValue(), Files.readString(output.toPath()));
    }
}
