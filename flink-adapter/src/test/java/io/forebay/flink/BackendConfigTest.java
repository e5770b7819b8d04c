package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.testutils.CommonTestUtils;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackendConfigTest {
    private static final ClassLoader LOADER = BackendConfigTest.class.getClassLoader();

    @Test
    void isLoadedByTheNameOfItsFactory() throws Exception {
        Configuration config = new Configuration();
        config.set(StateBackendOptions.STATE_BACKEND, "io.forebay.flink.ForebayStateBackendFactory");
        config.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        config.setString("state.backend.forebay.timer-service.factory", "heap");
        StateBackend backend = StateBackendLoader.loadStateBackendFromConfig(config, LOADER, null);
        assertThat(backend).isExactlyInstanceOf(ForebayStateBackend.class);
        assertThat(((ForebayStateBackend) backend).isIncrementalCheckpointsEnabled())
                .isTrue();
        assertThat(((ForebayStateBackend) backend).getTimerService()).isEqualTo(TimerService.HEAP);
        assertThat(backend.useManagedMemory()).isTrue();
        assertThat(backend.supportsNoClaimRestoreMode()).isTrue();
        assertThat(backend.supportsSavepointFormat(SavepointFormatType.CANONICAL))
                .isTrue();
        assertThat(backend.supportsSavepointFormat(SavepointFormatType.NATIVE)).isTrue();
    }

    @Test
    void optionsOfTheJobComeBeforeThoseOfTheCluster() throws Exception {
        Configuration job = new Configuration();
        job.set(ForebayOptions.TIMER_SERVICE_FACTORY, TimerService.HEAP);
        Configuration cluster = new Configuration();
        cluster.set(ForebayOptions.TIMER_SERVICE_FACTORY, TimerService.FOREBAY);
        cluster.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        ForebayStateBackend configured = new ForebayStateBackend(job).configure(cluster, LOADER);
        assertThat(configured.getTimerService()).isEqualTo(TimerService.HEAP);
        assertThat(configured.isIncrementalCheckpointsEnabled()).isTrue();
        ForebayStateBackend travelled = CommonTestUtils.createCopySerializable(configured);
        assertThat(travelled.getTimerService()).isEqualTo(TimerService.HEAP);
        assertThat(travelled.isIncrementalCheckpointsEnabled()).isTrue();
    }

    @Test
    void hasDefaults() {
        BackendConfig config = BackendConfig.of(new Configuration());
        assertThat(config.useManagedMemory()).isTrue();
        assertThat(config.fixedMemoryPerSlot()).isNull();
        assertThat(config.timerService()).isEqualTo(TimerService.FOREBAY);
        assertThat(config.transferThreads()).isEqualTo(4);
        assertThat(config.typeIdentifier()).isEqualTo("rocksdb");
        assertThat(config.incremental()).isFalse();
        assertThat(config.valueFileThreshold()).isZero();
    }

    @Test
    void aThresholdOfValuesIsTakenUpToOneMebibyte() {
        Configuration config = new Configuration();
        config.setString("state.backend.forebay.value-file.threshold", "1 kb");
        assertThat(BackendConfig.of(config).valueFileThreshold()).isEqualTo(1024);
        config.setString("state.backend.forebay.value-file.threshold", "2 gb");
        assertThat(BackendConfig.of(config).valueFileThreshold()).isEqualTo(1 << 20);
    }

    @Test
    void wrongValuesAreRefusedByOption() {
        assertRefused("state.backend.forebay.checkpoint.transfer.thread.num", "0", "must be 1 to 1024");
        assertRefused("state.backend.forebay.thread.num", "65", "must be 1 to 64");
        assertRefused("state.backend.forebay.files.open", "15", "must be 16 to 1000000");
        assertRefused("state.backend.forebay.timer-service.cache-size", "0", "must be 1 to");
        assertRefused("state.backend.forebay.localdir", "relative/path", "must be absolute paths");
    }

    private static void assertRefused(String option, String value, String reason) {
        Configuration config = new Configuration();
        config.setString(option, value);
        assertThatThrownBy(() -> new ForebayStateBackendFactory().createFromConfig(config, LOADER))
                .isInstanceOf(IllegalConfigurationException.class)
                .hasMessageContaining("'" + option + "'")
                .hasMessageContaining(reason);
    }

    @Test
    void backendsAreSpreadOverTheLocalDirectories(@TempDir File temporary) throws Exception {
        File first = new File(temporary, "first");
        File second = new File(temporary, "second");
        Configuration config = new Configuration();
        config.set(ForebayOptions.LOCAL_DIRECTORIES, first + "," + second);
        BackendConfig checked = BackendConfig.of(config);
        Set<File> parents = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            parents.add(checked.workingDirectory(temporary, "backend").getParentFile());
        }
        assertThat(parents).containsExactlyInAnyOrder(first, second);
        assertThat(BackendConfig.of(new Configuration()).workingDirectory(temporary, "backend"))
                .isEqualTo(new File(temporary, "backend"));
    }
}
