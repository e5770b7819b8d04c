package org.apache.flink.runtime.state;

import io.forebay.flink.ForebayOptions.TimerService;
import io.forebay.flink.ForebayUnderTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameter;
import org.apache.flink.testutils.junit.extensions.parameterized.ParameterizedTestExtension;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameters;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Flink's own suite for changes of serializers, unchanged. */
@ExtendWith(ParameterizedTestExtension.class)
class ForebayStateBackendMigrationTest extends StateBackendMigrationTestBase<ForebayUnderTest> {
    @TempDir
    private static Path temporary;

    @Parameter
    public ForebayUnderTest.Mode mode;

    @Parameters(name = "{0}")
    public static List<ForebayUnderTest.Mode> modes() {
        // Heap timers are not in native snapshots, which is what the suite takes: the runtime writes them itself.
        return List.of(
                new ForebayUnderTest.Mode(false, true, TimerService.FOREBAY),
                new ForebayUnderTest.Mode(false, false, TimerService.FOREBAY),
                new ForebayUnderTest.Mode(true, true, TimerService.FOREBAY),
                new ForebayUnderTest.Mode(true, false, TimerService.FOREBAY));
    }

    @Override
    protected ForebayUnderTest getStateBackend() throws IOException {
        return mode.backend(Files.createTempDirectory(temporary, "db").toFile());
    }

    @Override
    protected CheckpointStorage getCheckpointStorage() throws IOException {
        return mode.storage(Files.createTempDirectory(temporary, "chk").toFile());
    }

    @AfterAll
    static void forebayWasUnderTest() {
        ForebayUnderTest.assertUsed(32 * 4);
    }
}
