package io.forebay.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.forebay.bench.worker.Home;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class BenchTest {
    @TempDir
    File directory;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private final ByteArrayOutputStream complaints = new ByteArrayOutputStream();

    private int run(String... args) {
        PrintStream standard = System.err;
        System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
        try {
            return Bench.execute(home(), new PrintStream(printed, true, StandardCharsets.UTF_8), args);
        } finally {
            System.setErr(standard);
        }
    }

    private Home home() {
        return new Home(List.of(System.getProperty("java.class.path")), new File(directory, "engines"));
    }

    private void assertRefused(String complaint, String... args) {
        complaints.reset();
        assertThat(run(args)).isEqualTo(2);
        assertThat(complaints.toString(StandardCharsets.UTF_8))
                .startsWith("forebay bench: ")
                .contains(complaint)
                .hasLineCount(1);
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void tableJsonAndPageHaveEveryWork() throws IOException {
        File out = new File(directory, "out");
        File log = new File(out, "bench.log");
        assertThat(out.mkdir()).isTrue();
        Files.writeString(log.toPath(), "of the run before");
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
        assertThat(json.get("about").get("file system").asText())
                .isEqualTo(Files.getFileStore(directory.toPath()).type());
        assertThat(json.get("about").get("plays").asText()).isEqualTo("2");
        assertThat(Files.readString(log.toPath())).doesNotContain("of the run before");
        assertThat(Files.readString(new File(out, "bench.html").toPath()))
                .contains(json.get("rows").toString());
        assertThat(directory.list((parent, name) -> name.startsWith("forebay-bench")))
                .as("stores left behind")
                .isEmpty();
    }

    /** The JDK of this test under another name: its launcher hands on to the real one. */
    @Test
    void contendersPlayOnEveryJdk() throws IOException {
        File home = new File(directory, "jdk");
        File launcher = new File(home, "bin/java");
        assertThat(launcher.getParentFile().mkdirs()).isTrue();
        Files.writeString(new File(home, "release").toPath(), "JAVA_VERSION=\"99.0.1\"\n");
        Files.writeString(
                launcher.toPath(), "#!/bin/sh\nexec '" + System.getProperty("java.home") + "/bin/java' \"$@\"\n");
        assertThat(launcher.setExecutable(true)).isTrue();
        File out = new File(directory, "out");
        int code = run(
                "--suites=stores",
                "--scenarios=batch",
                "--contenders=forebay,heap",
                "--keys=1000",
                "--rounds=1",
                "--forks=1",
                "--heap=256m",
                "--java-home=" + home,
                "--work=" + directory,
                "--out=" + out);

        assertThat(code).as(printed()).isZero();
        assertThat(printed()).contains("Forebay, JDK 99");
        JsonNode row = new ObjectMapper()
                .readTree(new File(out, "bench.json"))
                .get("rows")
                .get(0)
                .get("contenders");
        assertThat(row.get("Forebay, JDK 99").get("ratio").asDouble()).isPositive();
        assertThat(row.get("Forebay, JDK 99").get("rounds")).hasSize(1);
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
    void microCasesRunUnderJmh() throws IOException {
        File out = new File(directory, "out");
        File work = new File(directory, "work of micro");
        assertThat(work.mkdir()).isTrue();
        int code = run(
                "--micro",
                "--contenders=forebay,rocksdb-kafka",
                "--heap=256m",
                "--work=" + work,
                "--out=" + out,
                "--jmh=-f 1 -wi 0 -i 1 -r 50ms -p keys=1000 -p place=memtable -e .*And1000.*|.*getMiss");

        assertThat(code).as(printed()).isZero();
        assertThat(work).isEmptyDirectory();
        assertThat(Files.readString(new File(out, "micro.log").toPath())).contains("-Djava.io.tmpdir=" + work);
        assertThat(printed())
                .contains("getHit, memtable, 1000 x 100 B")
                .contains("seekAnd10Reverse")
                .doesNotContain("getMiss")
                .contains("NOT RUN RocksDB (Kafka)");
        assertThat(new File(out, "micro-forebay.json")).isNotEmpty();
        assertThat(new File(System.getProperty("java.io.tmpdir"), "jmh.lock"))
                .as("the lock of JMH is where this build has its temporary files, and not that of others")
                .exists();
    }

    @Test
    void unknownNamesAreRefusedWithThoseThatExist() {
        assertRefused("checkpoint", "--scenarios=nosuch");
        assertRefused("rocksdb-kafka", "--contenders=nosuch");
        assertRefused("--keys", "--keys=-1");
        assertRefused("--keys", "--keys=many");
        assertRefused("--keys 1000000 --value-bytes 8", "--value-bytes=8");
        assertRefused("--jmh needs --micro", "--jmh=-f 1");
        assertRefused("-p keys=1000", "--micro", "--keys=2000");
        assertRefused("there is no directory", "--work=" + new File(directory, "nosuch"));
        assertRefused("no Java installation", "--java-home=" + directory);
        assertRefused("plays already", "--java-home=" + System.getProperty("java.home"));
        assertRefused("Java homes", "--micro", "--java-home=" + System.getProperty("java.home"));
        assertThat(run("--list")).isZero();
        assertThat(printed()).contains("rocksdb-kafka").contains("checkpoint");
    }

    @Test
    void whatMatchesNothingIsRefusedAndLeavesTheResultsOfBefore() {
        File out = new File(directory, "out");
        assertRefused("nothing to play", "--suites=kafka", "--scenarios=core", "--out=" + out);
        assertRefused("nothing to play", "--suites=kafka", "--contenders=paimon", "--out=" + out);
        assertRefused("nothing to play", "--scenarios=queue", "--contenders=paimon", "--out=" + out);
        assertRefused("broken-two: its jars", "--contenders=broken-two", "--out=" + out);
        assertRefused("rocksdb-flink", "--micro", "--contenders=rocksdb", "--out=" + out);
        assertRefused("paimon", "--micro", "--contenders=paimon", "--out=" + out);
        assertThat(out).doesNotExist();
    }

    @Test
    @Timeout(600)
    void aSignalEndsEverythingAndKeepsWhatThereIs() throws Exception {
        File out = new File(directory, "out");
        File work = new File(directory, "work");
        assertThat(work.mkdir()).isTrue();
        Process bench = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        directory.getPath(),
                        "--suites=broken",
                        "--scenarios=broken-fine,broken-endless",
                        "--work=" + work,
                        "--out=" + out)
                .redirectErrorStream(true)
                .start();
        try (Reader terminal = bench.inputReader()) {
            StringBuilder said = new StringBuilder();
            while (!said.toString().contains("broken-endless, 1k x 10 B: warm-up")) {
                int c = terminal.read();
                assertThat(c).as(said.toString()).isNotNegative();
                said.append((char) c);
            }
            bench.destroy();
            assertThat(bench.waitFor(5, TimeUnit.MINUTES)).isTrue();
        } finally {
            bench.destroyForcibly();
        }
        assertThat(bench.exitValue()).isEqualTo(128 + 15);
        assertThat(work).isEmptyDirectory();
        JsonNode json = new ObjectMapper().readTree(new File(out, "bench.json"));
        assertThat(json.get("rows")).hasSize(1);
        assertThat(json.get("failures")).isEmpty();
        assertThat(json.get("about").get("plays").asText()).isEqualTo("1 of 2");
    }

    /** The benchmark as the script starts it, with the class path of the tests. */
    static final class Main {
        public static void main(String[] args) {
            Home home = new Home(List.of(System.getProperty("java.class.path")), new File(args[0], "engines"));
            System.exit(Bench.execute(home, System.out, Arrays.copyOfRange(args, 1, args.length)));
        }
    }
}
