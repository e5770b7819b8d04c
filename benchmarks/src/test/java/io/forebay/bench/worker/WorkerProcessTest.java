package io.forebay.bench.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Suite;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WorkerProcessTest {
    @TempDir
    File directory;

    private WorkerProcess start() throws IOException {
        Suite suite = Suite.named("broken");
        Home home = new Home(List.of(System.getProperty("java.class.path")), new File(directory, "engines"));
        return new WorkerProcess(suite, suite.contenders().get(0), home, List.of("-Xmx64m"), log());
    }

    private File log() {
        return new File(directory, "log");
    }

    @Test
    void whatFailsIsToldAndTheNextRoundGoesOn() throws IOException {
        File store = new File(directory, "store");
        try (WorkerProcess worker = start()) {
            assertThatThrownBy(() -> worker.play(BrokenSuite.WRONG, 1, store))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("two and two");
            assertThat(store).doesNotExist();
            assertThat(worker.play(BrokenSuite.FINE, 1, store))
                    .singleElement()
                    .satisfies(
                            measurement -> assertThat(measurement.operations()).isEqualTo(10));
        }
        assertThat(Files.readString(log().toPath())).contains("IllegalStateException");
    }

    @Test
    void whatALibraryPrintsIsNoAnswer() throws IOException {
        try (WorkerProcess worker = start()) {
            assertThat(worker.play(BrokenSuite.LOUD, 1, new File(directory, "store")))
                    .extracting(Measurement::work)
                    .containsExactly("loudness");
        }
        assertThat(Files.readString(log().toPath())).contains("a library prints");
    }

    @Test
    void aJvmThatEndsIsAFailure() throws IOException {
        try (WorkerProcess worker = start()) {
            assertThatThrownBy(() -> worker.play(BrokenSuite.GONE, 1, new File(directory, "store")))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("JVM ended");
        }
    }
}
