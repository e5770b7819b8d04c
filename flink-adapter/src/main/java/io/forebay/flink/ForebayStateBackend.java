package io.forebay.flink;

import io.forebay.flink.ForebayOptions.TimerService;
import io.forebay.flink.memory.ForebayMemory;
import java.io.File;
import java.io.IOException;
import java.util.UUID;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.AbstractManagedMemoryStateBackend;
import org.apache.flink.runtime.state.AsyncKeyedStateBackend;
import org.apache.flink.runtime.state.ConfigurableStateBackend;
import org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.util.IOUtils;

/**
 * Keeps keyed state in one Forebay store for each operator instance. State may be far larger than memory. Checkpoints are
 * incremental, and stay so across a rescale. The memory is the managed memory of the slot, which is never exceeded, with
 * one exception: less than 1 MiB is taken as 1 MiB, with a warning.
 *
 * <p>To use it, configure the {@link ForebayStateBackendFactory}. An object of this class is configuration only: it is
 * serialized into the job, and creates one keyed backend for each operator instance. Immutable.
 */
@PublicEvolving
public class ForebayStateBackend extends AbstractManagedMemoryStateBackend implements ConfigurableStateBackend {
    private static final long serialVersionUID = 1L;

    /** Options set in code or by an earlier {@link #configure}; they take precedence over those of a later one. */
    private final Configuration options;

    /** A backend with the defaults, and what Flink's configuration says. */
    public ForebayStateBackend() {
        this(new Configuration());
    }

    /**
     * @param options options of {@link ForebayOptions}, and {@link CheckpointingOptions#INCREMENTAL_CHECKPOINTS}; copied
     */
    public ForebayStateBackend(Configuration options) {
        this.options = new Configuration(options);
    }

    @Override
    public ForebayStateBackend configure(ReadableConfig config, ClassLoader classLoader) {
        Configuration merged = new Configuration(options);
        BackendConfig.copyMissing(config, merged);
        ForebayStateBackend configured = new ForebayStateBackend(merged);
        configured.latencyTrackingConfigBuilder = latencyTrackingConfigBuilder.configure(config);
        configured.sizeTrackingConfigBuilder = sizeTrackingConfigBuilder.configure(config);
        BackendConfig.of(merged);
        return configured;
    }

    /** True when a checkpoint uploads new files only; see {@link CheckpointingOptions#INCREMENTAL_CHECKPOINTS}. */
    public boolean isIncrementalCheckpointsEnabled() {
        return options.get(CheckpointingOptions.INCREMENTAL_CHECKPOINTS);
    }

    /** Where timers live, after what was configured so far. */
    public TimerService getTimerService() {
        return options.get(ForebayOptions.TIMER_SERVICE_FACTORY);
    }

    @Override
    public boolean supportsNoClaimRestoreMode() {
        return true;
    }

    @Override
    public boolean supportsSavepointFormat(SavepointFormatType formatType) {
        return true;
    }

    @Override
    public <K> AbstractKeyedStateBackend<K> createKeyedStateBackend(KeyedStateBackendParameters<K> parameters)
            throws IOException {
        Environment task = parameters.getEnv();
        BackendConfig config = BackendConfig.of(options);
        File directory =
                config.workingDirectory(task.getTaskManagerInfo().getTmpWorkingDirectory(), directoryName(parameters));
        OpaqueMemoryResource<ForebayMemory> memory = ForebayMemory.lease(
                task,
                config.fixedMemoryPerSlot(),
                config.useManagedMemory(),
                config.memoryPerBackend(),
                parameters.getManagedMemoryFraction(),
                config.backgroundThreads(),
                config.maxOpenFiles(),
                config.mapFiles());
        try {
            return new ForebayKeyedStateBackendBuilder<>(
                            parameters,
                            config,
                            directory,
                            memory,
                            latencyTrackingConfigBuilder
                                    .setMetricGroup(parameters.getMetricGroup())
                                    .build(),
                            sizeTrackingConfigBuilder
                                    .setMetricGroup(parameters.getMetricGroup())
                                    .build(),
                            getCompressionDecorator(task.getExecutionConfig()))
                    .build();
        } catch (Throwable t) {
            IOUtils.closeQuietly(memory);
            throw t;
        }
    }

    @Override
    public boolean supportsAsyncKeyedStateBackend() {
        return true;
    }

    /**
     * Creates a backend for the asynchronous API ("State V2"). Its operations run on the task thread. Its rows are those
     * of the synchronous API.
     */
    @Override
    public <K> AsyncKeyedStateBackend<K> createAsyncKeyedStateBackend(KeyedStateBackendParameters<K> parameters)
            throws IOException {
        return new ForebayAsyncKeyedStateBackend<>(createKeyedStateBackend(parameters));
    }

    @Override
    public OperatorStateBackend createOperatorStateBackend(OperatorStateBackendParameters parameters) throws Exception {
        return new DefaultOperatorStateBackendBuilder(
                        parameters.getEnv().getUserCodeClassLoader().asClassLoader(),
                        parameters.getEnv().getExecutionConfig(),
                        true,
                        parameters.getStateHandles(),
                        parameters.getCancelStreamRegistry())
                .build();
    }

    @Override
    public String toString() {
        return "ForebayStateBackend" + options;
    }

    private static String directoryName(KeyedStateBackendParameters<?> parameters) {
        return "job_" + parameters.getJobID() + "_op_"
                + parameters.getOperatorIdentifier().replaceAll("[^a-zA-Z0-9\\-]", "_") + "_uuid_" + UUID.randomUUID();
    }
}
