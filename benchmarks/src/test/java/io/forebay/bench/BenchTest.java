package io.forebay.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.forebay.bench.worker.Home;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BenchTest {
    @TempDir
    File directory;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private int run(String... args) {
        Home home = new Home(List.of(System.getProperty("java.class.path")), new File(directory, "engines"));
        return Bench.execute(home, new PrintStream(printed, true, StandardCharsets.UTF_8), args);
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void tableJsonAndPageHaveEveryWork() throws IOException {
        File out = new File(directory, "out");
        int code = run(
                "--suites=stores",
                "--scenarios=queue,batch",
                "--keys=1000",
                "--rounds=2",
                "--forks=1",
                "--heap=256m",
                "--work=" + directory,
                "--out=" + out);

        assertThat(code).as(printed()).isZero();
        assertThat(printed())
                .contains("queue: append, read head, delete head")
                .contains("put in batches of 100, per entry")
                .contains("heap map")
                .contains("p99.9 ns")
                .contains("NOT RUN RocksDB (Kafka)")
                .contains("NOT RUN Paimon LSM");
        JsonNode json = new ObjectMapper().readTree(new File(out, "bench.json"));
        assertThat(json.get("rows")).hasSize(3);
        JsonNode queue = json.get("rows").get(1).get("contenders");
        assertThat(queue.get("Forebay").get("rounds")).hasSize(2);
        assertThat(queue.get("heap map").get("ratio").asDouble()).isPositive();
        assertThat(json.get("missing").has("Paimon LSM")).isTrue();
        assertThat(json.get("failures")).isEmpty();
        assertThat(Files.readString(new File(out, "bench.html").toPath()))
                .contains(json.get("rows").toString());
        assertThat(directory.list((parent, name) -> name.startsWith("forebay-bench")))
                .as("stores left behind")
                .isEmpty();
    }

    @Test
    void aFailureIsReportedAndDecidesTheExitCode() {
        int code = run(
                "--suites=broken",
                "--scenarios=broken-wrong,broken-loud",
                "--heap=64m",
                "--work=" + directory,
                "--out=" + new File(directory, "out"));

        assertThat(code).isEqualTo(1);
        assertThat(printed())
                .contains("FAILED One, broken-wrong")
                .contains("loudness, dB")
                .contains("NOT RUN Two");
    }

    @Test
    void aJvmThatEndedIsBackForTheNextScenario() {
        int code = run(
                "--quick",
                "--suites=broken",
                "--scenarios=broken-gone,broken-loud",
                "--rounds=2",
                "--work=" + directory,
                "--out=" + new File(directory, "out"));

        assertThat(code).isEqualTo(1);
        assertThat(printed())
                .containsOnlyOnce(
                        "FAILED One, broken-gone, 1k x 10 B, warm-up: its JVM ended with exit code 3, see bench.log"
                                + System.lineSeparator() + ", 1")
                .contains("loudness, dB");
    }

    @Test
    void microCasesRunUnderJmh() {
        File out = new File(directory, "out");
        int code = run(
                "--micro",
                "--contenders=forebay,rocksdb-kafka",
                "--heap=256m",
                "--out=" + out,
                "--jmh=-f 1 -wi 0 -i 1 -r 50ms -p keys=1000 -p place=memtable -e .*And1000.*|.*getMiss");

        assertThat(code).as(printed()).isZero();
        assertThat(printed())
                .contains("getHit, memtable, 1000 x 100 B")
                .contains("seekAnd10Reverse")
                .doesNotContain("getMiss")
                .contains("NOT RUN RocksDB (Kafka)");
        assertThat(new File(out, "micro-forebay.json")).isNotEmpty();
    }

    @Test
    void unknownNamesAreRefusedWithThoseThatExist() {
        assertThat(run("--scenarios=nosuch")).isEqualTo(2);
        assertThat(run("--contenders=nosuch")).isEqualTo(2);
        assertThat(run("--keys=-1")).isEqualTo(2);
        assertThat(run("--list")).isZero();
        assertThat(printed()).contains("rocksdb-kafka").contains("checkpoint");
    }
}
