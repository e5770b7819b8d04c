package io.forebay.bench.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Suite;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WorkerProcessTest {
    @TempDir
    File directory;

    private final Suite suite = Suite.named("broken");

    private WorkerProcess start(String... options) throws IOException {
        return new WorkerProcess(suite, suite.contenders().get(0), home(), List.of(options), log());
    }

    private Home home() {
        return new Home(List.of(System.getProperty("java.class.path")), new File(directory, "engines"));
    }

    private File log() {
        return new File(directory, "log");
    }

    private File store() {
        return new File(directory, "store");
    }

    @Test
    void playsAgainAndAgain() throws IOException {
        try (WorkerProcess worker = start()) {
            for (int round = 0; round < 3; round++) {
                assertThat(worker.play(BrokenSuite.FINE, round, store()))
                        .singleElement()
                        .satisfies(measurement ->
                                assertThat(measurement.operations()).isEqualTo(10));
                assertThat(store()).doesNotExist();
            }
        }
    }

    @Test
    void whatFailsIsToldAndItsJvmIsGone() throws IOException {
        try (WorkerProcess worker = start()) {
            assertThatThrownBy(() -> worker.play(BrokenSuite.WRONG, 1, store()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("two and two");
            assertThat(worker.isAlive()).isFalse();
            assertThat(store()).doesNotExist();
        }
        assertThat(Files.readString(log().toPath())).contains("IllegalStateException");
    }

    @Test
    void whatIsPrintedIsNoAnswer() throws IOException {
        try (WorkerProcess worker = start("-Xlog:gc")) {
            assertThat(worker.play(BrokenSuite.LOUD, 1, store()))
                    .extracting(Measurement::value)
                    .containsExactly(1.0);
            assertThat(worker.play(BrokenSuite.NATIVE, 2, store()))
                    .extracting(Measurement::value)
                    .containsExactly(2.0);
        }
        assertThat(Files.readString(log().toPath()))
                .contains("a library prints")
                .contains("Pause Full")
                .contains("no end of line\n");
    }

    @Test
    void aJvmThatEndsIsAFailure() throws IOException {
        try (WorkerProcess worker = start()) {
            assertThatThrownBy(() -> worker.play(BrokenSuite.GONE, 1, store()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("JVM ended with exit code 3");
        }
    }

    @Test
    void aRoundThatHangsIsAFailureAndItsJvmIsGone() throws IOException {
        Contender contender = suite.contenders().get(0);
        try (WorkerProcess worker =
                new WorkerProcess(suite, contender, home(), List.of(), log(), Duration.ofMillis(100))) {
            assertThatThrownBy(() -> worker.play(BrokenSuite.ENDLESS, 1, store()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("took more than");
            assertThat(worker.isAlive()).isFalse();
        }
    }

    @Test
    void theJvmEndsWithItsInputEvenWithinARound() throws Exception {
        Process process = WorkerProcess.launch(suite, suite.contenders().get(0), home(), List.of(), log());
        try (BufferedReader answers = process.inputReader();
                BufferedWriter requests = process.outputWriter()) {
            Play play = BrokenSuite.ENDLESS;
            String scenario = play.scenario().id();
            requests.write(Wire.encode(new Wire.Request(1, scenario, play.scale(), 1, store().getPath())) + "\n");
            requests.flush();
            assertThat(answers.readLine()).contains("begun");
            requests.close();
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }
}
