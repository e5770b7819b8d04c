package org.apache.flink.runtime.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.flink.ForebayOptions.TimerService;
import io.forebay.flink.ForebayUnderTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.metrics.MetricNames;
import org.apache.flink.runtime.state.StateBackend.CustomInitializationMetrics;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameter;
import org.apache.flink.testutils.junit.extensions.parameterized.ParameterizedTestExtension;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameters;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Flink's own suite for keyed state backends, unchanged, in all modes of Forebay. */
@ExtendWith(ParameterizedTestExtension.class)
class ForebayStateBackendTest extends StateBackendTestBase<ForebayUnderTest> {
    @TempDir
    private static Path temporary;

    @Parameter
    public ForebayUnderTest.Mode mode;

    private final Map<String, Long> initializationMetrics = new HashMap<>();

    @Parameters(name = "{0}")
    public static List<ForebayUnderTest.Mode> modes() {
        List<ForebayUnderTest.Mode> modes = new ArrayList<>();
        for (boolean fileStorage : new boolean[] {false, true}) {
            for (boolean incremental : new boolean[] {true, false}) {
                for (TimerService timers : TimerService.values()) {
                    modes.add(new ForebayUnderTest.Mode(fileStorage, incremental, timers));
                }
            }
        }
        return modes;
    }

    @Override
    protected ConfigurableStateBackend getStateBackend() throws IOException {
        return mode.backend(Files.createTempDirectory(temporary, "db").toFile());
    }

    @Override
    protected CheckpointStorage getCheckpointStorage() throws IOException {
        return mode.storage(Files.createTempDirectory(temporary, "chk").toFile());
    }

    @Override
    protected boolean isSerializerPresenceRequiredOnRestore() {
        return false;
    }

    @Override
    protected boolean supportsAsynchronousSnapshots() {
        return true;
    }

    @Override
    protected boolean isSafeToReuseKVState() {
        return mode.timers() == TimerService.FOREBAY;
    }

    @Override
    protected CustomInitializationMetrics getCustomInitializationMetrics() {
        return (name, value) -> initializationMetrics.merge(name, value, Long::sum);
    }

    @AfterEach
    void restoresReportTheirDurations() {
        assertThat(initializationMetrics.keySet())
                .isSubsetOf(MetricNames.DOWNLOAD_STATE_DURATION, MetricNames.RESTORE_STATE_DURATION);
    }

    @AfterAll
    static void forebayWasUnderTest() {
        ForebayUnderTest.assertUsed(71 * 8);
    }
}
